// A report as one self-contained HTML file: headings, tables and plots.
// With scripts its plots become interactive; without them, or without JavaScript, the page shows the same figures.
#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/report/markup.hpp"
#include "hcnn/report/share.hpp"

namespace hcnn::report {

/// Collects the parts of a report, in order, and writes them as one file. All text is escaped.
class HtmlReport {
 public:
  /// @param title of the page
  explicit HtmlReport(std::string_view title) : title_(html_escape(title)) {}

  /// Adds a heading, listed at the top of the page; what follows belongs to it.
  HtmlReport& heading(std::string_view text) {
    const std::string name = html_escape(text), id = concat("section-", ++headings_);
    contents_ += "<li><a href=\"#" + id + "\">" + name + "</a></li>\n";
    return add("<h2 id=\"" + id + "\">" + name + "</h2>\n");
  }
  /// Adds a heading one level below.
  HtmlReport& subheading(std::string_view text) { return add("<h3>" + html_escape(text) + "</h3>\n"); }
  /// Adds a paragraph of text.
  HtmlReport& paragraph(std::string_view text) { return add("<p>" + html_escape(text) + "</p>\n"); }
  /// Adds a table. With a header, numbers are right-aligned; without one, the first column names the rows.
  /// @param kind for scripts: "sortable", "settings"
  HtmlReport& table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                    std::string_view kind = {}) {
    open_table(header, kind);
    for (const auto& row : rows) add_row(row, header.empty());
    return add("</table></div>\n");
  }
  /// Adds a table with small images, as bytes of PNG files, in its last column: `pictures[i]` belong to row i.
  HtmlReport& gallery(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                      const std::vector<std::vector<std::string>>& pictures) {
    open_table(header, "gallery");
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::string images;
      for (const std::string& png : pictures[i]) images += png_element(png, "example");
      add_row(rows[i], false, "<td>" + images + "</td>");
    }
    return add("</table></div>\n");
  }
  /// Adds an image, as bytes of a PNG file (`io::encode_png`), embedded. A click shows it in full size.
  HtmlReport& figure(std::string_view png, std::string_view caption) {
    return add("<figure><div class=\"scroll\"><label title=\"click: full size and back\"><input type=\"checkbox\">" +
               png_element(png, caption) + "</label></div><figcaption>" + html_escape(caption) +
               "</figcaption></figure>\n");
  }
  /// Starts a section of this name, up to `end_fold`, that can be folded; scripts fold it initially.
  HtmlReport& begin_fold(std::string_view name) {
    return add("<details open><summary>" + html_escape(name) + "</summary>\n");
  }
  /// Ends the section of `begin_fold`.
  HtmlReport& end_fold() { return add("</details>\n"); }
  /// Adds the place where scripts put their interactive part of this name; empty without scripts.
  HtmlReport& place(std::string_view part) { return add("<div data-part=\"" + html_escape(part) + "\"></div>\n"); }

  /// Makes the page interactive: the scripts get `data`, and no other script may run.
  HtmlReport& interactive(PageScripts scripts, const io::Json& data) {
    scripts_ = std::move(scripts);
    data_ = script_json(data);
    return *this;
  }

  /// The page as HTML text.
  std::string html() const {
    // Only scripts with the nonce run. Someone who chooses a name in the page cannot also choose the hash of the page.
    const std::string nonce = concat('h', hash_name(title_ + body_ + data_));
    const std::string allowed = scripts_ ? "; script-src 'nonce-" + nonce + "'" : "";
    const std::string style = std::string(kStyle) + (scripts_ ? scripts_->style : "");
    std::string scripts;
    if (scripts_) scripts = "<script type=\"application/json\" id=\"data\">" + data_ + "</script>\n";
    if (scripts_)
      for (const std::string& script : scripts_->scripts)
        scripts += "<script nonce=\"" + nonce + "\">\n" + script + "</script>\n";
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta http-equiv=\"Content-Security-Policy\" "
           "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'" +
           allowed + "\">\n<title>" + title_ + "</title>\n<style>" + style + "</style>\n</head>\n<body>\n<h1>" +
           title_ + "</h1>\n<nav aria-label=\"contents\"><ul>\n" + contents_ + "</ul></nav>\n" + body_ + scripts +
           "</body>\n</html>\n";
  }
  /// Writes the page, all or nothing. Throws the Error of `io::write_file`.
  void write(const std::filesystem::path& path) const { io::write_file(path, html()); }

 private:
  HtmlReport& add(const std::string& part) {
    body_ += part;
    return *this;
  }
  void open_table(const std::vector<std::string>& header, std::string_view kind) {
    const std::string names = (header.empty() ? "facts " : "") + std::string(kind);
    body_ += "<div class=\"scroll\"><table" + (names.empty() ? "" : " class=\"" + html_escape(names) + "\"") + ">\n";
    if (header.empty()) return;
    body_ += "<tr>";
    for (const std::string& name : header) body_ += "<th scope=\"col\">" + html_escape(name) + "</th>";
    body_ += "</tr>\n";
  }
  void add_row(const std::vector<std::string>& row, bool facts, const std::string& last = {}) {
    body_ += "<tr>";
    for (const std::string& cell : row) {
      if (facts && &cell == &row.front())
        body_ += "<th scope=\"row\">" + html_escape(cell) + "</th>";
      else
        body_ += (!facts && is_number(cell) ? "<td class=\"number\">" : "<td>") + html_escape(cell) + "</td>";
    }
    body_ += last + "</tr>\n";
  }

  static constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #212529; --back: #fff; --line: #dee2e6; --soft: #f4f6f8; --edge: #868e96;
  --quiet: #495057; }
@media (prefers-color-scheme: dark) { :root { --text: #dee2e6; --back: #16181b; --line: #3a3f45; --soft: #22262a;
  --quiet: #adb5bd; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
  max-width: 1200px; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
p { overflow-wrap: anywhere; }
a { color: inherit; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; margin: .6rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .95rem; }
th, td { border: 1px solid var(--line); padding: .3rem .7rem; text-align: left; vertical-align: top; }
th { background: var(--soft); font-weight: 600; }
th[scope=col] { white-space: nowrap; }
.facts th, .facts td { overflow-wrap: anywhere; }
.facts th { min-width: 7rem; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.gallery img { width: 48px; height: 48px; margin: 0 2px; object-fit: contain; }
.gallery td:last-child { min-width: 13.2rem; }
@media (max-width: 600px) {
  .gallery, .gallery tbody { display: block; }
  .gallery tr { display: flex; flex-wrap: wrap; gap: 0 .8rem; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  .gallery tr:first-child { display: none; }
  .gallery td { border: 0; padding: 0; }
  .gallery td:nth-child(2)::before { content: "\2192  "; }
  .gallery td:last-child { flex-basis: 100%; }
}
figure { margin: 1.5rem 0; }
figure input { position: absolute; opacity: 0; }
figure img { display: block; max-width: max(100%, 700px); background: #fff; cursor: zoom-in; }
figure input:checked + img { max-width: none; cursor: zoom-out; }
figure input:focus-visible + img { outline: 3px solid #0072b2; }
figcaption { font-size: .9rem; margin-top: .4rem; }
)";

  std::string title_;
  std::string contents_, body_;
  int headings_ = 0;
  std::optional<PageScripts> scripts_;
  std::string data_;
};

}  // namespace hcnn::report
