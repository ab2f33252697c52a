// Reading safetensors files, untrusted: named arrays after a JSON header.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/checksum.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/io/safetensors_format.hpp"
#include "hcnn/io/safetensors_header.hpp"

namespace hcnn::io {

/// One array of a file: PyTorch's name and extents, and its bytes (little-endian, row-major) inside the file's buffer.
struct TensorEntry {
  std::string name;                 ///< "trunk.0.weight"
  std::string dtype;                ///< "F64", "F32", "BF16", "I64" or "U8"
  std::vector<Index> dims;          ///< extents; empty: a single number
  std::span<const std::byte> data;  ///< bytes of the values, a view of `SafetensorsFile::payload`

  /// Number of values.
  Index size() const { return static_cast<Index>(data.size() / dtype_bytes(dtype)); }
};

/// The content of a safetensors file. Moving it keeps the entries' views valid.
struct SafetensorsFile {
  std::map<std::string, std::string> metadata;  ///< strings by name
  std::vector<TensorEntry> tensors;             ///< arrays in the order of their bytes
  bool checksummed = false;                     ///< the file has hcnn's checksum, and it is correct
  std::unique_ptr<std::byte[]> payload;         ///< the bytes of all arrays

  /// Total bytes of all arrays.
  std::uint64_t payload_bytes() const {
    std::uint64_t bytes = 0;
    for (const TensorEntry& tensor : tensors) bytes += tensor.data.size();
    return bytes;
  }
  /// The array with this name, or null.
  const TensorEntry* find(std::string_view name) const {
    for (const TensorEntry& tensor : tensors)
      if (tensor.name == name) return &tensor;
    return nullptr;
  }
};

/// Copies the values of an array, converted to `T`, into `out`. Throws FormatError if the number of values differs, or
/// if T is an integer type and the array's is not: a NaN has no integer.
template <class T>
void copy_values(const TensorEntry& tensor, std::span<T> out) {
  if (static_cast<std::size_t>(tensor.size()) != out.size())
    fail<FormatError>("tensor '" + printable(tensor.name) + "'", concat(tensor.size(), " values"),
                      concat(out.size(), " are needed"));
  const auto copy = [&]<class Stored>(Stored value) {
    if constexpr (std::is_integral_v<T> && !std::is_integral_v<Stored>)
      fail<FormatError>("tensor '" + printable(tensor.name) + "'", "type " + tensor.dtype, "integers are needed");
    // memcpy: arrays in files of other programs may be unaligned
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::memcpy(&value, tensor.data.data() + i * sizeof(Stored), sizeof(Stored));
      out[i] = static_cast<T>(value);
    }
  };
  if (tensor.dtype == "F64") return copy(double{});
  if (tensor.dtype == "F32") return copy(float{});
  if (tensor.dtype == "BF16") return copy(bfloat16{});
  if (tensor.dtype == "I64") return copy(std::int64_t{});
  copy(std::uint8_t{});
}

/// Reads a whole safetensors file of at most `most_bytes`. Allocates nothing larger than the header before header and
/// file size agree to the byte. Throws FormatError, naming the file and the reason, for anything that is not exactly a
/// safetensors file, and for a file with hcnn's checksum (see `write_safetensors`) whose content does not match it. NaN
/// and infinity are legal values.
inline SafetensorsFile read_safetensors(const std::filesystem::path& path,
                                        std::uint64_t most_bytes = std::uint64_t{1} << 32) {
  static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
  InputFile input(path, most_bytes);
  std::uint64_t header_bytes = 0;
  if (input.size() < sizeof header_bytes)
    fail<FormatError>(input.name(), concat(input.size(), " bytes"), "a safetensors file has at least 10");
  input.read(&header_bytes, sizeof header_bytes);
  if (header_bytes < 2 || header_bytes > kHeaderBytes || header_bytes > input.size() - sizeof header_bytes)
    fail<FormatError>(input.name(), concat("no safetensors file: header length ", header_bytes),
                      concat("2 to ", std::min(kHeaderBytes, input.size() - sizeof header_bytes),
                             " bytes are possible in a file of this size"));
  const std::uint64_t payload_bytes = input.size() - sizeof header_bytes - header_bytes;
  require_header_bytes(header_bytes, payload_bytes, input.name());
  std::string header(header_bytes, '\0');
  input.read(header.data(), header.size());
  SafetensorsHeader parsed = parse_safetensors_header(header, payload_bytes, input.name());

  SafetensorsFile file;
  file.payload = std::make_unique_for_overwrite<std::byte[]>(payload_bytes);
  input.read(file.payload.get(), payload_bytes);
  const std::span<const std::byte> payload(file.payload.get(), payload_bytes);
  if (has_checksum(header)) {
    const bool whole = header.size() >= kChecksumPrefix.size() + kChecksumDigits;
    if (!whole || stored_checksum(header) != checksum_text(header, {&payload, 1}))
      fail<FormatError>(input.name(), "damaged content", "its checksum is that of another content");
    file.checksummed = true;
    parsed.metadata.erase(std::string(kChecksumKey));
  }
  file.metadata = std::move(parsed.metadata);
  file.tensors.reserve(parsed.tensors.size());
  for (HeaderEntry& entry : parsed.tensors)
    file.tensors.push_back({std::move(entry.name), std::move(entry.dtype), std::move(entry.dims),
                            payload.subspan(entry.begin, entry.end - entry.begin)});
  return file;
}

}  // namespace hcnn::io
