// The checksum that hcnn's safetensors files carry as the first entry of their metadata.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace hcnn::io {

/// Metadata key of the checksum: 8 hexadecimal digits of the CRC-32 of every byte of the file after them.
inline constexpr std::string_view kChecksumKey = "hcnn.crc32";
/// Start of the header of a file with a checksum, up to the digits.
inline constexpr std::string_view kChecksumPrefix = R"({"__metadata__":{"hcnn.crc32":")";
/// Number of digits.
inline constexpr std::size_t kChecksumDigits = 8;

/// True if the header starts with a checksum. Readers unaware of it see one more metadata entry.
inline bool has_checksum(std::string_view header) { return header.starts_with(kChecksumPrefix); }

/// The digits in a header that has a checksum.
inline std::string_view stored_checksum(std::string_view header) {
  return header.substr(kChecksumPrefix.size(), kChecksumDigits);
}

/// The correct digits for a header that starts with kChecksumPrefix and has room for them, and the pieces of payload
/// after it.
inline std::string checksum_text(std::string_view header, std::span<const std::span<const std::byte>> payload) {
  const std::string_view covered = header.substr(kChecksumPrefix.size()).substr(kChecksumDigits);
  auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(covered.data()), covered.size());
  for (const auto& piece : payload)
    sum = piece.empty() ? sum : ::crc32_z(sum, reinterpret_cast<const Bytef*>(piece.data()), piece.size());
  std::string digits(kChecksumDigits, '0');
  for (std::size_t i = kChecksumDigits; i-- > 0; sum >>= 4) digits[i] = "0123456789abcdef"[sum & 15];
  return digits;
}

}  // namespace hcnn::io
