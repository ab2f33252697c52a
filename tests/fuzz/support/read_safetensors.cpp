// Prints what hcnn reads in safetensors files: for each path on standard input a line of JSON, {"refused": reason} or
// {"metadata": {..}, "tensors": {name: [type, [extents], "bytes in hexadecimal"]}}. For differential.py.
#include <iostream>

#include "hcnn/io/safetensors.hpp"

namespace {

using namespace hcnn;

std::string hexadecimal(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  return text;
}

io::Json content(const std::string& path) {
  try {
    const io::SafetensorsFile file = io::read_safetensors(path);
    io::Json metadata = io::Json::object(), tensors = io::Json::object();
    for (const auto& [key, text] : file.metadata) metadata[key] = text;
    for (const io::TensorEntry& tensor : file.tensors)
      tensors[tensor.name] = {tensor.dtype, tensor.dims, hexadecimal(tensor.data)};
    return {{"metadata", metadata}, {"tensors", tensors}};
  } catch (const FormatError& error) {
    return {{"refused", error.what()}};
  }
}

}  // namespace

int main() {
  for (std::string path; std::getline(std::cin, path);)
    std::cout << content(path).dump(-1, ' ', true, io::Json::error_handler_t::replace) << '\n';
}
