// Untrusted text and bytes, made safe for an HTML page.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "hcnn/io/json.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::report {

/// Text for the content or a quoted attribute of an HTML element: markup is escaped, and so are control characters
/// other than newline and tab.
inline std::string html_escape(std::string_view text) {
  std::string out;
  for (const char character : printable(text, std::string::npos, "\n\t")) switch (character) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += character;
    }
  return out;
}

/// Bytes in base64 (RFC 4648, with padding).
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t triple = 0;
    for (std::size_t k = 0; k < 3; ++k)
      triple = triple << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : kDigits[triple >> (18 - 6 * k) & 63];
  }
  return out;
}

/// True for text that is a number, optionally with commas between its digits or a percent sign at the end: "-1.5e3",
/// "5,933,505", "71.9 %".
inline bool is_number(std::string text) {
  std::erase(text, ',');
  if (text.starts_with('+')) text.erase(0, 1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  return error == std::errc() && (rest.empty() || rest == "%" || rest == " %");
}

/// JSON text for a script element: no character in it starts markup. NaN and infinity become null, bytes that are not
/// UTF-8 become U+FFFD.
inline std::string script_json(const io::Json& value) {
  std::string out;
  for (const char character : io::compact_text(value)) switch (character) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += character;
    }
  return out;
}

/// An HTML element that shows a PNG file, embedded.
inline std::string png_element(std::string_view png, std::string_view alternative) {
  return "<img alt=\"" + html_escape(alternative) + "\" src=\"data:image/png;base64," + base64(png) + "\">";
}

}  // namespace hcnn::report
