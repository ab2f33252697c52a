// The report page.
#include "hcnn/report/html.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "../io/temporary_folder.hpp"
#include "errors.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

static bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_CASE("base64 gives the examples of RFC 4648") {
  CHECK(report::base64("") == "");
  CHECK(report::base64("f") == "Zg==");
  CHECK(report::base64("fo") == "Zm8=");
  CHECK(report::base64("foo") == "Zm9v");
  CHECK(report::base64("foobar") == "Zm9vYmFy");
  CHECK(report::base64("\xff\xfe\xfd") == "//79");
}

TEST_CASE("markup in any text of the report is shown, not obeyed") {
  const std::string evil = "<script>alert('x')</script>\" onload=\"y\x1b[31m&";
  report::HtmlReport report(evil);
  report.heading(evil).paragraph(evil).table({evil}, {{evil}}).table({}, {{evil, evil}}).figure("png", evil);
  const std::string page = report.html();
  CHECK_FALSE(contains(page, "<script"));
  CHECK_FALSE(contains(page, "\" onload"));
  CHECK_FALSE(contains(page, "\x1b"));
  CHECK(contains(
      page,
      "<h2 id=\"section-1\">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y\\x1b[31m&amp;</h2>"));
}

TEST_CASE("the page holds its parts in order, loads nothing and is written whole") {
  const TemporaryFolder folder;
  report::HtmlReport report("title");
  report.heading("first").table({"level", "top-1"}, {{"fine", "0.61"}}).heading("second").figure("abc", "caption");
  report.write(folder / "report.html");
  const std::string page = content(folder / "report.html");
  CHECK(page == report.html());
  CHECK(page.find("first") < page.find("0.61"));
  CHECK(page.find("0.61") < page.find(">second</h2>"));
  CHECK(page.find(">second</h2>") < page.find("data:image/png;base64,YWJj"));
  CHECK_FALSE(contains(page, "http:"));
  CHECK_FALSE(contains(page, "https:"));
  CHECK(folder.entries() == 1);
}

TEST_CASE("numbers stand at the right of a table with a header, and the first column of one without names the rows") {
  const std::string page =
      report::HtmlReport("t").table({"a", "b", "c", "d"}, {{"-1.5e3", "61.2 %", "3 apples", ""}}).html();
  CHECK(contains(page, "<td class=\"number\">-1.5e3</td><td class=\"number\">61.2 %</td><td>3 apples</td><td></td>"));
  CHECK(contains(report::HtmlReport("t").table({}, {{"epochs", "50"}}).html(),
                 "<th scope=\"row\">epochs</th><td>50</td>"));
}

TEST_CASE("numbers may have commas, exponents and a percent sign; other text is no number") {
  for (const char* text : {"5,933,505", "-1.5e3", "71.9 %", "0"}) CHECK(report::is_number(text));
  for (const char* text : {"", ",", "32x32x3", "avx2", "5 s"}) CHECK_FALSE(report::is_number(text));
}

TEST_CASE("data for scripts hold no character that begins markup, and stay the same data") {
  const io::Json data = {{"</script><!--", "&amp; <b>'\"\\u003c"}, {"bad", "\xff"}, {"gap", std::nan("")}};
  const std::string text = report::script_json(data);
  CHECK(text.find_first_of("<>&") == std::string::npos);
  const io::Json again = io::parse_json(text, "test");
  CHECK(again["</script><!--"] == "&amp; <b>'\"\\u003c");
  CHECK(again["bad"] == "\xef\xbf\xbd");
  CHECK(again["gap"].is_null());
}

TEST_CASE("an interactive page runs its own scripts and no others") {
  report::HtmlReport page("</script><script>alert(1)</script>");
  page.place("curves\"><b>")
      .interactive({"b { color: red }", {"first();", "second();"}}, {{"name", "</script><script>"}});
  const std::string html = page.html();
  const std::size_t nonce = html.find("script-src 'nonce-");
  REQUIRE(nonce != std::string::npos);
  const std::string value = html.substr(nonce + 18, html.find('\'', nonce + 18) - nonce - 18);
  CHECK(contains(html,
                 "<script nonce=\"" + value + "\">\nfirst();</script>\n<script nonce=\"" + value + "\">\nsecond();"));
  CHECK(contains(html, "<script type=\"application/json\" id=\"data\">{\"name\":\"\\u003c/script\\u003e"));
  std::size_t scripts = 0;
  for (std::size_t at = html.find("<script"); at != std::string::npos; at = html.find("<script", at + 1)) ++scripts;
  CHECK(scripts == 3);
  CHECK(contains(html, "data-part=\"curves&quot;&gt;&lt;b&gt;\""));
  CHECK(contains(html, "b { color: red }"));
  CHECK_FALSE(contains(report::HtmlReport("t").html(), "script"));
}

TEST_CASE("folds, galleries and sortable tables are plain HTML") {
  report::HtmlReport page("t");
  page.begin_fold("a<b").end_fold().table({"n"}, {{"1"}}, "sortable").gallery({"n", "p"}, {{"x"}}, {{"abc", "abc"}});
  const std::string html = page.html();
  CHECK(contains(html, "<details open><summary>a&lt;b</summary>\n</details>"));
  CHECK(contains(html, "<table class=\"sortable\">\n<tr><th scope=\"col\">n</th></tr>"));
  CHECK(contains(html, "<td>x</td><td><img alt=\"example\" src=\"data:image/png;base64,YWJj\"><img"));
}

TEST_CASE("the scripts of share/hcnn are found, and a missing or unfit file is named") {
  const report::PageScripts scripts = report::read_page_scripts();
  CHECK(scripts.scripts.size() == 11);
  CHECK(contains(scripts.scripts.front(), "uPlot"));
  const TemporaryFolder folder;
  CHECK(names(error_of<FormatError>([&] { report::read_page_scripts(folder.path()); }), "uplot/uPlot.min.css"));
  CHECK(names(error_of<FormatError>([] { report::read_page_scripts(""); }), "HCNN_SHARE_DIR"));
  put(folder / "a.js", "const end = '</script>';");
  CHECK(names(error_of<FormatError>([&] { report::read_script(folder / "a.js"); }), "</script"));
}
