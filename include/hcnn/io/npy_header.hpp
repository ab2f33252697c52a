// The header of NumPy's .npy files: a Python dictionary, parsed strictly, and written as NumPy does.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// Longest .npy header that is read, bytes. Plain arrays have about 118.
inline constexpr std::uint64_t kNpyHeaderBytes = 65'536;
/// Largest number of extents of an array, as in NumPy.
inline constexpr std::size_t kNpyDims = 32;

/// Type and extents of a .npy array.
struct NpyHeader {
  std::string dtype;        ///< "f4", "f8", "b1", "i1" to "i8" or "u1" to "u8"
  std::vector<Index> dims;  ///< extents; empty: a single number
};

/// Bytes per value of a type, 0 for an unknown type.
inline std::size_t npy_value_bytes(std::string_view dtype) {
  for (const std::string_view known : {"b1", "i1", "u1", "i2", "u2", "i4", "u4", "f4", "i8", "u8", "f8"})
    if (dtype == known) return static_cast<std::size_t>(dtype[1] - '0');
  return 0;
}

/// Bytes of an array. Throws FormatError, starting with `where`, if the product reaches 2^62.
inline std::uint64_t npy_bytes(const NpyHeader& header, const std::string& where) {
  constexpr std::uint64_t kLimit = std::uint64_t{1} << 62;
  std::uint64_t bytes = npy_value_bytes(header.dtype);
  for (const Index extent : header.dims) {
    if (extent > 0 && bytes >= kLimit / static_cast<std::uint64_t>(extent))
      fail<FormatError>(where, "extents whose product overflows", "an array has less than 2^62 bytes");
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return bytes;
}

/// Parses the dictionary, for example `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
class NpyHeaderParser {
 public:
  /// @param where start of every message
  NpyHeaderParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  /// The header. Throws FormatError for anything but such a dictionary, and for arrays that are not little-endian
  /// numbers in C order.
  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr")
        once(has_type_), type();
      else if (key == "fortran_order")
        once(has_order_), order();
      else if (key == "shape")
        once(has_shape_), shape();
      else
        refuse(concat("key '", printable(key), "'"));
      if (!accept(',') && peek() != '}') refuse("no ',' behind a value");
    }
    if (peek() != '\0' || at_ != text_.size()) refuse("text behind the dictionary");
    if (!has_type_ || !has_order_ || !has_shape_) refuse("a key is missing");
    return std::move(header_);
  }

 private:
  void type() {
    if (peek() == '[') refuse("a structured type");
    const std::string_view descr = quoted();
    const std::string_view dtype = descr.substr(descr.empty() ? 0 : 1);
    const std::size_t bytes = npy_value_bytes(dtype);
    if (bytes == 0 || (descr[0] != '<' && descr[0] != '|' && descr[0] != '>'))
      fail<FormatError>(where_, "type '" + printable(descr) + "'", "types are f4, f8, b1, i1 to i8 and u1 to u8");
    if (bytes > 1 && descr[0] != '<')
      fail<FormatError>(where_, "type '" + printable(descr) + "'", "little-endian numbers ('<') are needed");
    header_.dtype = dtype;
  }
  void order() {
    if (word("True")) fail<FormatError>(where_, "Fortran order", "C order is needed: numpy.ascontiguousarray");
    if (!word("False")) refuse("fortran_order is neither True nor False");
  }
  void shape() {
    expect('(');
    while (!accept(')')) {
      if (header_.dims.size() == kNpyDims) refuse(concat("more than ", kNpyDims, " extents"));
      header_.dims.push_back(extent());
      // (3) is a number in Python, (3,) a tuple
      const bool comma = accept(',');
      if (!comma && (peek() != ')' || header_.dims.size() == 1)) refuse("extents without ','");
    }
  }
  Index extent() {
    constexpr Index kLimit = Index{1} << 62;
    skip_spaces();
    const std::size_t begin = at_;
    Index value = 0;
    for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_) {
      if (value >= kLimit / 10) refuse("an extent that no array has");
      value = 10 * value + (text_[at_] - '0');
    }
    if (at_ == begin) refuse(concat("extent '", printable(text_.substr(at_, 8)), "'"));
    return value;
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse(concat("no '", wanted, "'"));
  }
  bool word(std::string_view wanted) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }
  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse("no quoted text");
    const std::size_t end = text_.find(quote, ++at_);
    if (end == std::string_view::npos) refuse("a text without an end");
    const std::string_view found = text_.substr(at_, end - at_);
    at_ = end + 1;
    return found;
  }
  void once(bool& seen) {
    if (seen) refuse("a key comes twice");
    seen = true;
  }
  [[noreturn]] void refuse(const std::string& came) const {
    fail<FormatError>(where_, came + " in the header", "descr, fortran_order and shape are needed");
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool has_type_ = false, has_order_ = false, has_shape_ = false;
};

/// The bytes before the values, as NumPy writes them: magic, version 1.0, and the dictionary, padded so that the values
/// start at a multiple of 64.
inline std::string npy_prefix(const NpyHeader& header) {
  std::string shape;
  for (const Index extent : header.dims) shape += concat(extent, ", ");
  if (header.dims.size() > 1) shape.resize(shape.size() - 2);
  if (header.dims.size() == 1) shape.pop_back();
  const char order = npy_value_bytes(header.dtype) == 1 ? '|' : '<';
  std::string text = concat("{'descr': '", order, header.dtype, "', 'fortran_order': False, 'shape': (", shape, "), }");
  constexpr std::size_t kFixed = 10;  // magic, version, length
  text.resize((kFixed + text.size() + 1 + 63) / 64 * 64 - kFixed - 1, ' ');
  text += '\n';
  const auto length = static_cast<std::uint16_t>(text.size());  // 32 extents take less than 1 KiB
  std::string prefix("\x93NUMPY\x01\x00", 8);
  prefix += {static_cast<char>(length & 255), static_cast<char>(length >> 8)};
  return prefix + text;
}

}  // namespace hcnn::io
