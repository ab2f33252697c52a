// Text that came from a file or a user, made safe for one line of a terminal.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace hcnn::io {

/// The text with every control character (newline, escape, NUL, delete) written as `\x1b`, and cut to `longest` bytes
/// with "..." behind. Names from files can then neither break a one-line message nor steer a terminal.
inline std::string printable(std::string_view text, std::size_t longest = 120) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char character : text.substr(0, longest)) {
    const auto code = static_cast<unsigned char>(character);
    if (code >= 0x20 && code != 0x7f)
      out += character;
    else
      (out += "\\x") += {kHex[code >> 4], kHex[code & 15]};
  }
  if (text.size() > longest) out += "...";
  return out;
}

/// A path for messages, in full: no path that Linux takes is longer than 4096 bytes.
inline std::string printable_path(const std::filesystem::path& path) { return printable(path.string(), 4096); }

}  // namespace hcnn::io
