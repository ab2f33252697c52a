// Inputs of megabytes that cost a reader most, made here because they would swell the repository.
#include "fuzz/support/large.hpp"

#include <cstdint>

#include "hcnn/core/check.hpp"

namespace fuzz {
namespace {

constexpr std::size_t kMany = 1 << 21;  // bytes, or so

std::string repeated(std::string_view part, std::size_t bytes = kMany) {
  std::string text;
  while (text.size() < bytes) text += part;
  return text;
}
// With a counter for each "#" of the part.
std::string numbered(std::string_view part, std::size_t bytes = kMany) {
  std::string text;
  for (std::size_t number = 0; text.size() < bytes; ++number)
    for (const char character : part)
      if (character == '#')
        text += std::to_string(number);
      else
        text += character;
  return text;
}
std::string safetensors(const std::string& header, std::size_t payload) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + std::string(payload, '\0');
}
std::string tensor(std::size_t bytes) {
  return hcnn::concat(R"("a":{"dtype":"U8","shape":[)", bytes, R"(],"data_offsets":[0,)", bytes, "]}}");
}
// Metadata in front of an array that is just large enough for so long a header.
std::string with_metadata(const std::string& metadata) {
  const std::size_t payload = 4 * metadata.size();
  return safetensors("{\"__metadata__\":{" + metadata + "}," + tensor(payload), payload);
}
// Empty arrays with short names, and a large one behind them.
std::string many_tensors() {
  const std::string header = numbered(R"("#":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)", 3 << 20);
  return safetensors("{" + header + tensor(4 * header.size()), 4 * header.size());
}
std::string model_with_notes(const std::string& notes) {
  std::string quoted;
  for (const char character : notes) (character == '"' ? quoted += '\\' : quoted) += character;
  return with_metadata(R"("hcnn.format":"1","hcnn.notes":")" + quoted + '"');
}

}  // namespace

std::vector<LargeInput> large_inputs() {
  return {
      {"csv", repeated(",")},
      {"csv", repeated("\n", 3 * kMany)},
      {"csv", "a\n" + repeated("x\n")},
      {"csv", "a,b\n" + repeated("0123456789abcdef,1\n")},
      {"csv", "\"" + repeated("x")},
      {"json", "[" + repeated("[],") + "0]"},
      {"json", "[" + repeated("0,") + "0]"},
      {"json", "{" + numbered("\"#\":0,") + "\"\":0}"},
      {"json", "[" + repeated("{\"a\":{}},") + "0]"},
      {"json", "\"" + repeated("x") + "\""},
      {"json", repeated("1")},
      {"hierarchy", "part,kind\n" + numbered("#,x\n", 1 << 19)},
      {"hierarchy", R"({"levels":[{"name":"part","parents":{)" + numbered("\"#\":\"p#\",", 1 << 19) +
                        R"("last":"q"}},{"name":"kind"}]})"},
      {"hierarchy", repeated("a,") + "a\n" + repeated("a,") + "a\n"},
      {"costs", "true class" + repeated(",cat") + "\n"},
      {"history", "epoch,learning_rate,seconds\n" + numbered("#,,\n")},
      {"safetensors", many_tensors()},
      {"safetensors", with_metadata("\"a\":\"" + repeated("x") + "\"")},
      {"safetensors", with_metadata("\"a\":\"" + repeated("\\u0001") + "\"")},
      {"safetensors", safetensors("{\"__metadata__\":{\"a\":\"" + repeated("x") + "\"}}", 0)},
      {"safetensors", safetensors("{" + tensor(8 * kMany), 8 * kMany)},
      {"model_file", model_with_notes("[" + repeated("[],") + "0]")},
      {"model_file", model_with_notes("{" + numbered("\"#\":0,") + "\"\":0}")},
      {"model_file", model_with_notes("\"" + repeated("x") + "\"")},
      {"npy", std::string("\x93NUMPY\x02\x00\x00\x00\x10\x00", 12) + repeated(" ")},
      {"ppm", "P6 1000 700 255\n" + std::string(2'100'000, 'x')},
      {"command_line", repeated("--epochs\n1\n", 1 << 14)},
      {"command_line", "--monitor\n" + repeated("x", 1 << 18)},
      {"isa", repeated("\x1b", 1 << 18)},
  };
}

}  // namespace fuzz
