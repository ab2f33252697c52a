// Puts the checksum of hcnn's safetensors files right, so that changed files reach what lies behind it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "fuzz/support/target.hpp"
#include "hcnn/io/checksum.hpp"

namespace fuzz {

/// The bytes with the checksum that belongs to them, where their header has one.
inline std::string with_right_checksum(Bytes bytes) {
  std::string fixed(bytes);
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) return fixed;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > bytes.size() - sizeof length) return fixed;
  const Bytes header = bytes.substr(sizeof length, length), payload = bytes.substr(sizeof length + length);
  if (!hcnn::io::has_checksum(header) || header.size() < hcnn::io::kChecksumPrefix.size() + hcnn::io::kChecksumDigits)
    return fixed;
  const auto data = std::as_bytes(std::span(payload.data(), payload.size()));
  const std::string digits = hcnn::io::checksum_text(header, {&data, 1});
  return fixed.replace(sizeof length + hcnn::io::kChecksumPrefix.size(), digits.size(), digits);
}

}  // namespace fuzz
