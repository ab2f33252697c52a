// A check for UTF-8 text.
#pragma once

#include <cstddef>
#include <string_view>

namespace hcnn::io {

/// True for well-formed UTF-8 (RFC 3629): no stray, missing or overlong bytes, no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i), second = byte(i + 1);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    // 0x80..0xc1 begin no character; the second byte of some is limited: overlong forms, surrogates, above U+10FFFF
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4) return false;
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
        (first == 0xf4 && second > 0x8f))
      return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    i += length;
  }
  return true;
}

}  // namespace hcnn::io
