// A report as one HTML file: headings, tables and pictures, no scripts, nothing loaded from elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::report {

/// Text for the content or a quoted attribute of an HTML element: markup becomes harmless, control characters other
/// than newline and tab are spelled out.
inline std::string html_escape(std::string_view text) {
  std::string out;
  for (const char character : text) switch (character) {
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
      case '\n':
      case '\t':
        out += character;
        break;
      default:
        out += io::printable({&character, 1});
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

/// True for text that is a number, perhaps with commas between its digits or a unit sign behind: "-1.5e3", "5,933,505",
/// "71.9 %".
inline bool is_number(std::string text) {
  std::erase(text, ',');
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  const std::string_view rest = end;
  return end != text.c_str() && (rest.empty() || rest == "%" || rest == " %");
}

/// Collects the parts of a report, in order, and writes them as one file. All text is escaped.
class HtmlReport {
 public:
  /// @param title of the page
  explicit HtmlReport(std::string_view title) : title_(html_escape(title)) {}

  /// A heading; what follows belongs to it.
  HtmlReport& heading(std::string_view text) { return add("<h2>" + html_escape(text) + "</h2>\n"); }
  /// A paragraph of text.
  HtmlReport& paragraph(std::string_view text) { return add("<p>" + html_escape(text) + "</p>\n"); }
  /// A table. With a header, numbers stand at the right of their column; without one, the first column names the rows.
  HtmlReport& table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows) {
    const bool facts = header.empty();
    body_ += facts ? "<div class=\"scroll\"><table class=\"facts\">\n" : "<div class=\"scroll\"><table>\n<tr>";
    for (const std::string& name : header) body_ += "<th scope=\"col\">" + html_escape(name) + "</th>";
    body_ += facts ? "" : "</tr>\n";
    for (const auto& row : rows) {
      body_ += "<tr>";
      for (const std::string& cell : row) {
        if (facts && &cell == &row.front())
          body_ += "<th scope=\"row\">" + html_escape(cell) + "</th>";
        else
          body_ += (!facts && is_number(cell) ? "<td class=\"number\">" : "<td>") + html_escape(cell) + "</td>";
      }
      body_ += "</tr>\n";
    }
    return add("</table></div>\n");
  }
  /// A picture: the bytes of a PNG file (`io::encode_png`), embedded. A click shows it in full size.
  HtmlReport& figure(std::string_view png, std::string_view caption) {
    return add(
        "<figure><div class=\"scroll\"><label title=\"click: full size and back\"><input type=\"checkbox\"><img "
        "alt=\"" +
        html_escape(caption) + "\" src=\"data:image/png;base64," + base64(png) + "\"></label></div><figcaption>" +
        html_escape(caption) + "</figcaption></figure>\n");
  }

  /// The page.
  std::string html() const {
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" "
           "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n<title>" +
           title_ + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<h1>" + title_ + "</h1>\n" +
           body_ + "</body>\n</html>\n";
  }
  /// Writes the page all or nothing; Error as `io::write_file`.
  void write(const std::filesystem::path& path) const { io::write_file(path, html()); }

 private:
  HtmlReport& add(const std::string& part) {
    body_ += part;
    return *this;
  }

  static constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #212529; --back: #fff; --line: #dee2e6; --soft: #f4f6f8; }
@media (prefers-color-scheme: dark) { :root { --text: #dee2e6; --back: #16181b; --line: #3a3f45; --soft: #22262a; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .95rem; }
th, td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: left; vertical-align: top; }
th { background: var(--soft); font-weight: 600; }
th[scope=col] { white-space: nowrap; }
.facts th, .facts td { overflow-wrap: anywhere; }
.facts th { min-width: 7rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
figure { margin: 1.5rem 0; }
figure input { position: absolute; opacity: 0; }
figure img { display: block; max-width: max(100%, 700px); background: #fff; cursor: zoom-in; }
figure input:checked + img { max-width: none; cursor: zoom-out; }
figure input:focus-visible + img { outline: 3px solid #0072b2; }
figcaption { font-size: .9rem; margin-top: .4rem; }
)";

  std::string title_;
  std::string body_;
};

}  // namespace hcnn::report
