// The rules of safetensors files: limits, names, types and sizes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// Longest header that is read, bytes, as in the reference implementation.
inline constexpr std::uint64_t kHeaderBytes = 100'000'000;
/// Longest header of a file with this many bytes of arrays: 192 KiB, plus one byte per 4 of them, up to 8 MiB. Parsing
/// a header takes up to seven times its length, and at most twice the file plus 1 MiB shall be allocated. Network files
/// have one byte of header per hundred or thousand bytes of arrays.
inline constexpr std::uint64_t longest_header(std::uint64_t payload_bytes) {
  return std::min(std::uint64_t{8} << 20, (std::uint64_t{192} << 10) + payload_bytes / 4);
}
/// Throws FormatError, starting with `where`, for a longer header.
inline void require_header_bytes(std::uint64_t header_bytes, std::uint64_t payload_bytes, const std::string& where) {
  if (header_bytes > longest_header(payload_bytes))
    fail<FormatError>(where, concat("a header of ", header_bytes, " bytes before ", payload_bytes, " bytes of arrays"),
                      concat("at most ", longest_header(payload_bytes), " are read"));
}
/// Largest memory for the values of a JSON text in the metadata of a file with this many bytes of arrays: a small file
/// must not make a large tree of values.
inline constexpr std::uint64_t metadata_json_bytes(std::uint64_t payload_bytes) {
  return (std::uint64_t{256} << 10) + payload_bytes / 2;
}
/// Largest number of arrays in a file: limits what a header with few bytes per array makes the reader allocate.
inline constexpr std::size_t kMostTensors = 65'536;
/// Largest number of entries of `__metadata__`.
inline constexpr std::size_t kMostMetadata = 4'096;
/// Largest number of extents of an array.
inline constexpr std::size_t kMostDims = 8;

/// Bytes per value of a type, 0 for an unknown type.
inline std::size_t dtype_bytes(std::string_view dtype) {
  if (dtype == "F64" || dtype == "I64") return 8;
  if (dtype == "F32") return 4;
  if (dtype == "BF16") return 2;
  return dtype == "U8" ? 1 : 0;
}

/// True for a legal array name: 1 to 512 bytes, no control characters, nothing that could lead outside a folder.
inline bool is_tensor_name(std::string_view name) {
  const bool harmless = std::none_of(
      name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; });
  return harmless && !name.empty() && name.size() <= 512 && name.front() != '/' &&
         name.find("..") == std::string_view::npos && name != "__metadata__";
}

/// Bytes of an array. Throws FormatError, starting with `where`, for an unknown type, a negative extent or a product
/// beyond 2^62.
inline std::uint64_t tensor_bytes(std::string_view dtype, const std::vector<Index>& dims, const std::string& where) {
  std::uint64_t bytes = dtype_bytes(dtype);
  if (bytes == 0) fail<FormatError>(where, "type '" + printable(dtype) + "'", "types are F64, F32, BF16, I64, U8");
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;
  for (const Index extent : dims) {
    if (extent < 0) fail<FormatError>(where, concat("extent ", extent), "extents are at least 0");
    if (extent > 0 && bytes > kLimit / static_cast<std::uint64_t>(extent))
      fail<FormatError>(where, "extents whose product overflows", "an array has less than 2^62 bytes");
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

}  // namespace hcnn::io
