// Writing Protocol Buffers' wire format, field after field.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace hcnn::io {

/// A message being written. Fields appear in the order of the calls; a repeated field is written once per element.
/// Field numbers are those of the message's `.proto` file. Source: "Encoding",
/// protobuf.dev/programming-guides/encoding.
class ProtobufWriter {
 public:
  /// An integer, enumeration or boolean: wire type 0, seven bits per byte, lowest first. Negative ones take ten bytes.
  void integer(int field, std::int64_t value) {
    tag(field, 0);
    varint(static_cast<std::uint64_t>(value));
  }
  /// A float: wire type 5, four bytes, little-endian.
  void real(int field, float value) {
    static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");
    tag(field, 5);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  /// A string or bytes: wire type 2, a length and the bytes.
  void text(int field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    bytes_ += value;
  }
  /// A nested message, encoded like bytes.
  void message(int field, const ProtobufWriter& inner) { text(field, inner.bytes_); }

  /// The message so far.
  const std::string& bytes() const { return bytes_; }

 private:
  void tag(int field, unsigned type) { varint(static_cast<std::uint64_t>(field) << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace hcnn::io
