// JSON: what is read is written and read again.
#include "hcnn/io/json.hpp"

#include "fuzz/support/target.hpp"

namespace {

void run_json(fuzz::Bytes bytes) {
  using namespace hcnn;
  const auto value =
      fuzz::checked(io::kJsonBytes + fuzz::allowed(bytes.size()), [&] { return io::parse_json(bytes, "x.json"); });
  if (!value) return;
  const std::string text = io::to_text(*value);
  const io::Json copy =
      fuzz::must("a value that was written cannot be read", [&] { return io::parse_json(text, "x"); });
  fuzz::claim(io::to_text(copy) == text, "a value that was written comes back as another one");
}

const fuzz::Registration json_target("json", run_json);

}  // namespace
