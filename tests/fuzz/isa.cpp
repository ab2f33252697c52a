// HCNN_ISA: a name that is known, or one line that names what came.
#include "fuzz/support/target.hpp"
#include "hcnn/kernels/dispatch.hpp"

namespace {

void run_isa(fuzz::Bytes bytes) {
  using namespace hcnn;
  const auto isa = fuzz::checked(fuzz::allowed(8 * bytes.size()), [&] { return kernels::parse_isa(bytes); });
  if (isa) fuzz::claim(bytes == kernels::to_string(*isa), "a name that is none of an instruction set");
}

const fuzz::Registration isa_target("isa", run_isa);

}  // namespace
