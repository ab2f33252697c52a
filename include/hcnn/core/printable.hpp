// Text from a file or a user, made safe for one line of a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hcnn {

/// The text with every control character (newline, escape, NUL, delete, and U+0080 to U+009F, which control terminals
/// too) written as `\x1b`, and cut to `longest` bytes followed by "...". Names from files can then neither break a
/// one-line message nor control a terminal. @param keep control characters to leave as they are
inline std::string printable(std::string_view text, std::size_t longest = 120, std::string_view keep = {}) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const std::string_view shown = text.substr(0, longest);
  std::string out;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    auto code = static_cast<unsigned char>(shown[i]);
    const auto next = static_cast<unsigned char>(i + 1 < shown.size() ? shown[i + 1] : 0);
    const bool high = code == 0xc2 && next >= 0x80 && next < 0xa0;  // UTF-8 of U+0080 to U+009F
    if (high) {
      code = next;
      ++i;
    }
    if (!high && ((code >= 0x20 && code != 0x7f) || keep.find(shown[i]) != std::string_view::npos))
      out += shown[i];
    else
      (out += "\\x") += {kHex[code >> 4], kHex[code & 15]};
  }
  if (text.size() > longest) out += "...";
  return out;
}

}  // namespace hcnn
