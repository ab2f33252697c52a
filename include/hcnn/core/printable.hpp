// Text from a file or a user, made safe for one line of a terminal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "hcnn/core/utf8.hpp"

namespace hcnn {

/// The text with every control character (newline, escape, NUL, delete, and U+0080 to U+009F, which control terminals
/// too) and every byte that is not part of UTF-8 written as `\x1b`, and cut to at most `longest` bytes followed by
/// "...". Names from files can then neither break a one-line message nor control a terminal. @param keep control
/// characters to leave as they are
inline std::string printable(std::string_view text, std::size_t longest = 120, std::string_view keep = {}) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t end = std::min(longest, text.size());
  for (int back = 0; back < 3 && end > 0 && end < text.size() && (text[end] & 0xc0) == 0x80; ++back)
    --end;  // cuts no character in two
  const std::string_view shown = text.substr(0, end);
  std::string out;
  for (std::size_t i = 0; i < shown.size();) {
    const std::size_t length = utf8_length(shown.substr(i));
    const std::string_view character = shown.substr(i, std::max<std::size_t>(length, 1));
    const auto code = static_cast<unsigned char>(character.back());
    const bool high = length == 2 && character[0] == '\xc2' && code < 0xa0;  // U+0080 to U+009F
    const bool low = length == 1 && (code < 0x20 || code == 0x7f) && keep.find(character[0]) == std::string_view::npos;
    if (length == 0 || high || low)
      (out += "\\x") += {kHex[code >> 4], kHex[code & 15]};
    else
      out += character;
    i += character.size();
  }
  if (text.size() > longest) out += "...";
  return out;
}

}  // namespace hcnn
