// NumPy's .npy files, read and written: one array each.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/npy_header.hpp"

namespace hcnn::io {

/// An array of a .npy file.
struct NpyArray {
  std::string dtype;                  ///< "f4", "f8", "b1", "i1" to "i8" or "u1" to "u8"
  std::vector<Index> dims;            ///< extents; empty: a single number
  std::size_t size = 0;               ///< number of values
  std::unique_ptr<std::byte[]> data;  ///< the values, little-endian, row-major
};

/// NumPy's name for a type: "f4" for float. NumPy has no bfloat16.
template <class V>
std::string npy_dtype() {
  static_assert(std::is_arithmetic_v<V>, "NumPy knows integers, bool, float and double");
  const char kind = std::is_same_v<V, bool> ? 'b' : std::is_floating_point_v<V> ? 'f' : std::is_signed_v<V> ? 'i' : 'u';
  return concat(kind, sizeof(V));
}

/// Reads a .npy file of at most `most_bytes`, version 1.0, 2.0 or 3.0. Allocates nothing for the values before header
/// and file size agree. Throws FormatError, naming the file and the reason, for anything that is not exactly one array
/// of little-endian numbers in C order.
inline NpyArray read_npy(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 32) {
  static_assert(std::endian::native == std::endian::little, "the values are little-endian");
  InputFile input(path, most_bytes);
  const std::string& where = input.name();
  unsigned char fixed[12] = {};  // magic, version, length of the header
  if (input.size() < 10) fail<FormatError>(where, concat(input.size(), " bytes"), "a .npy file has at least 64");
  input.read(fixed, 8);
  if (std::memcmp(fixed, "\x93NUMPY", 6) != 0) fail<FormatError>(where, "no magic text", "a .npy file is needed");
  const int major = fixed[6], minor = fixed[7];
  if (major < 1 || major > 3 || minor != 0)
    fail<FormatError>(where, concat("version ", major, '.', minor), "versions 1.0, 2.0 and 3.0 are known");
  const std::size_t length_bytes = major == 1 ? 2 : 4, before = 8 + length_bytes;
  if (input.size() < before) fail<FormatError>(where, concat(input.size(), " bytes"), "a .npy file has at least 64");
  input.read(fixed + 8, length_bytes);
  std::uint32_t header_bytes = 0;
  std::memcpy(&header_bytes, fixed + 8, length_bytes);
  if (header_bytes > kNpyHeaderBytes || header_bytes > input.size() - before)
    fail<FormatError>(where, concat("header length ", header_bytes),
                      concat("at most ", std::min(kNpyHeaderBytes, input.size() - before), " are possible"));
  std::string text(header_bytes, '\0');
  input.read(text.data(), text.size());
  NpyHeader header = NpyHeaderParser(text, where).parse();

  const std::uint64_t needed = npy_bytes(header, where), there = input.size() - before - header_bytes;
  if (needed != there) fail<FormatError>(where, concat(there, " bytes of values"), concat("its header says ", needed));
  NpyArray array{std::move(header.dtype), std::move(header.dims), 0, nullptr};
  array.size = needed / npy_value_bytes(array.dtype);
  array.data = std::make_unique_for_overwrite<std::byte[]>(needed);
  input.read(array.data.get(), needed);
  return array;
}

/// Calls `use(value)` with a value of the C++ type for this dtype.
template <class Use>
void with_npy_type(const std::string& dtype, const Use& use) {
  if (dtype == "f4") return use(float{});
  if (dtype == "f8") return use(double{});
  if (dtype == "i1") return use(std::int8_t{});
  if (dtype == "i2") return use(std::int16_t{});
  if (dtype == "i4") return use(std::int32_t{});
  if (dtype == "i8") return use(std::int64_t{});
  if (dtype == "u2") return use(std::uint16_t{});
  if (dtype == "u4") return use(std::uint32_t{});
  if (dtype == "u8") return use(std::uint64_t{});
  use(std::uint8_t{});  // u1 and b1
}

/// Copies the values, converted to V, into `out`. Throws FormatError, starting with `where`, if the number of values
/// differs, if V is an integer type but the array's is not, and for an integer outside V's range. V must not be bool.
template <class V>
void copy_values(const NpyArray& array, std::span<V> out, const std::string& where) {
  if (array.size != out.size())
    fail<FormatError>(where, concat(array.size, " values"), concat(out.size(), " are needed"));
  with_npy_type(array.dtype, [&]<class Stored>(Stored value) {
    if constexpr (std::is_integral_v<V> && !std::is_integral_v<Stored>)
      fail<FormatError>(where, "type " + array.dtype, "integers are needed");
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::memcpy(&value, array.data.get() + i * sizeof(Stored), sizeof(Stored));
      if constexpr (std::is_integral_v<V> && std::is_integral_v<Stored>)
        if (!std::in_range<V>(value))
          fail<FormatError>(where, concat("value ", +value), "it does not fit into " + npy_dtype<V>());
      out[i] = static_cast<V>(value);
    }
  });
}

/// Writes values as a .npy file with these extents, all or nothing. Throws FormatError, before anything is written, if
/// the product of the extents is not the number of values or there are more extents than NumPy supports, and the Error
/// of `write_file`.
template <class V>
void write_npy(const std::filesystem::path& path, std::span<const V> values, const std::vector<Index>& dims) {
  const std::string where = printable_path(path);
  const NpyHeader header{npy_dtype<V>(), dims};
  for (const Index extent : dims)
    if (extent < 0) fail<FormatError>(where, concat("extent ", extent), "extents are at least 0");
  if (dims.size() > kNpyDims)
    fail<FormatError>(where, concat(dims.size(), " extents"), concat("at most ", kNpyDims, " are possible"));
  if (const std::uint64_t bytes = npy_bytes(header, where); bytes != values.size_bytes())
    fail<FormatError>(where, concat(values.size(), " values"), concat("the extents make ", bytes / sizeof(V)));
  AtomicFile file(path);
  file.write(npy_prefix(header));
  file.write(values.data(), values.size_bytes());
  file.commit();
}

/// Writes a batch as an array of shape (N, H, W, C), or (N, C) for 1x1 samples; bfloat16 is written as f4.
template <class T>
void save_npy(const std::filesystem::path& path, TensorView<const T> batch) {
  const Shape& shape = batch.shape;
  std::vector<Index> dims{batch.count, shape.height, shape.width, shape.channels};
  if (shape.pixels() == 1) dims = {batch.count, shape.channels};
  const auto count = static_cast<std::size_t>(batch.size());
  if constexpr (std::is_same_v<T, Master<T>>)
    write_npy<T>(path, {batch.data, count}, dims);
  else
    write_npy<float>(path, std::vector<float>(batch.begin(), batch.end()), dims);
}
/// Overload for an owning batch.
template <class T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& batch) {
  save_npy<T>(path, batch.view());
}

/// Reads an array of shape (N, H, W, C) or (N, C), from a file of at most `most_bytes`, as a batch. Real numbers and
/// integers are converted to T without scaling: bytes stay 0 to 255. Throws the FormatError of `read_npy`, also for
/// other shapes and for an extent of 0.
template <class T = float>
Tensor<T> load_npy(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 32) {
  const std::string where = printable_path(path);
  const NpyArray array = read_npy(path, most_bytes);
  const auto& dims = array.dims;
  if ((dims.size() != 2 && dims.size() != 4) || array.size == 0)
    fail<FormatError>(where, "extents (" + joined(dims) + ")", "(N, H, W, C) or (N, C), none of them 0, are needed");
  const Shape shape = dims.size() == 2 ? Shape{.channels = dims[1]} : Shape{dims[1], dims[2], dims[3]};
  Tensor<T> batch;
  batch.resize(dims[0], shape);
  using Value = std::conditional_t<std::is_same_v<T, bfloat16>, float, T>;
  if constexpr (std::is_same_v<T, Value>) {
    copy_values<T>(array, {batch.data(), array.size}, where);
  } else {
    std::vector<Value> values(array.size);
    copy_values<Value>(array, values, where);
    std::copy(values.begin(), values.end(), batch.begin());
  }
  return batch;
}

}  // namespace hcnn::io
