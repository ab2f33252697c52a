// Writing safetensors files: deterministic bytes, aligned arrays, all or nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/checksum.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/io/safetensors_format.hpp"
#include "hcnn/io/safetensors_header.hpp"

namespace hcnn::io {

/// One array to write. `data` is a view: it must live until the file is written.
struct TensorToWrite {
  std::string name = {};                 ///< "trunk.0.weight"
  std::string dtype = {};                ///< "F64", "F32", "BF16", "I64" or "U8"
  std::vector<Index> dims = {};          ///< extents; empty: a single number
  std::span<const std::byte> data = {};  ///< little-endian, row-major
};

/// The header of these arrays, laid out consecutively in this order; its length is a multiple of 8.
inline std::string safetensors_header(const std::vector<TensorToWrite>& tensors,
                                      const std::map<std::string, std::string>& metadata) {
  std::string header = std::string(kChecksumPrefix) + std::string(kChecksumDigits, '0') + '"';
  for (const auto& [key, text] : metadata) header += ',' + compact_text(key) + ':' + compact_text(text);
  header += '}';
  std::size_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    std::string extents;
    for (const Index extent : tensor.dims) extents += (extents.empty() ? "" : ",") + std::to_string(extent);
    header += concat(',', compact_text(tensor.name), R"(:{"dtype":")", tensor.dtype, R"(","shape":[)", extents,
                     R"(],"data_offsets":[)", offset, ',', offset + tensor.data.size(), "]}");
    offset += tensor.data.size();
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return header;
}

/// Writes arrays and metadata, with a checksum of both. The same arguments give the same bytes: wider types come first,
/// so that every array is aligned to its type, in the given order within a type. Before anything is written, throws
/// FormatError for what the reader would refuse (a name, equal names, type and extents that do not match the number of
/// bytes). Throws the Error of `write_file`.
inline void write_safetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                              const std::map<std::string, std::string>& metadata = {}) {
  std::stable_sort(tensors.begin(), tensors.end(), [](const TensorToWrite& a, const TensorToWrite& b) {
    return dtype_bytes(a.dtype) > dtype_bytes(b.dtype);
  });
  const std::string where = printable_path(path);
  std::uint64_t payload_bytes = 0;
  std::vector<std::span<const std::byte>> pieces;
  for (const TensorToWrite& tensor : tensors) {
    payload_bytes += tensor.data.size();
    pieces.push_back(tensor.data);
  }
  std::string header = safetensors_header(tensors, metadata);
  parse_safetensors_header(header, payload_bytes, where);  // the reader's rules: what is written can be read
  header.replace(kChecksumPrefix.size(), kChecksumDigits, checksum_text(header, pieces));

  AtomicFile file(path);
  const std::uint64_t header_bytes = header.size();
  file.write(&header_bytes, sizeof header_bytes);
  file.write(header);
  for (const auto& piece : pieces) file.write(piece.data(), piece.size());
  file.commit();
}

}  // namespace hcnn::io
