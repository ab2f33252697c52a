// The choice of instruction set: detection, names, caps.
#include "hcnn/kernels/dispatch.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace hcnn;
using kernels::Isa;

TEST_CASE("a cap is respected and never raises above the machine") {
  const Isa machine = kernels::isa::ceiling(), before = kernels::active_isa();
  CHECK(kernels::limit_isa(Isa::portable) == Isa::portable);
  CHECK(kernels::micro_kernels<float>() == nullptr);
  CHECK(kernels::limit_isa(Isa::amx) <= machine);
  if (machine >= Isa::avx2) {
    CHECK(kernels::limit_isa(Isa::avx2) == Isa::avx2);
    CHECK(kernels::micro_kernels<float>()->rows == 6);
  }
  kernels::limit_isa(before);
}

TEST_CASE("an unknown instruction set is refused with the known ones") {
  CHECK(kernels::parse_isa("avx512") == Isa::avx512);
  CHECK_THROWS_WITH_AS(kernels::parse_isa("sse9"),
                       "HCNN_ISA: 'sse9'; expected portable, avx2, avx512, avx512bf16 or amx", OptionError);
}
