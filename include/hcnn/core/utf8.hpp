// Checks for UTF-8 text.
#pragma once

#include <cstddef>
#include <string_view>

namespace hcnn {

/// Bytes of the well-formed UTF-8 character (RFC 3629) that the text begins with: 1 to 4, or 0 if there is none: a
/// stray, missing or overlong byte, a surrogate, something above U+10FFFF, or no text.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0), second = byte(1);
  const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // 0x80..0xc1 begin no character; the second byte of some is limited: overlong forms, surrogates, above U+10FFFF
  if (text.empty() || (first >= 0x80 && first < 0xc2) || first > 0xf4) return 0;
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
      (first == 0xf4 && second > 0x8f))
    return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xc0) != 0x80) return 0;
  return length;
}

/// True if the text is a sequence of such characters.
inline bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace hcnn
