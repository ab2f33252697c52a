// Comma-separated tables.
#include "hcnn/io/csv.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

static std::string csv_refusal(const std::string& text) {
  return error_of<FormatError>([&] { io::parse_csv(text, "x.csv"); });
}

TEST_CASE("every field comes back as it was written") {
  const TemporaryFolder folder;
  const io::CsvTable table{{"a", "b \"quoted\"", "c,d"},
                           {{"", "line\nbreak", "\ttab"}, {"\"", "", ","}, {"x", "", ""}}};
  io::write_csv(folder / "x.csv", table);
  const io::CsvTable back = io::read_csv(folder / "x.csv");
  CHECK(back.header == table.header);
  CHECK(back.rows == table.rows);
}

TEST_CASE("a table of one column keeps its empty fields") {
  const io::CsvTable table{{"a"}, {{""}, {"1"}, {""}}};
  CHECK(io::parse_csv(io::to_text(table), "x").rows == table.rows);
}

TEST_CASE("fields are quoted only where they must be, and control characters are spelled out") {
  CHECK(io::csv_line({"plain", "with,comma", "a\"b", "<script>", "\x1b[31m"}) ==
        "plain,\"with,comma\",\"a\"\"b\",<script>,\\x1b[31m\n");
  CHECK(io::csv_line({""}) == "\"\"\n");  // other readers skip an empty line
}

TEST_CASE("both line endings and a missing last one are read") {
  const io::CsvTable table = io::parse_csv("a,b\r\n1,2\n3,\"4\"", "x");
  CHECK(table.header == std::vector<std::string>{"a", "b"});
  CHECK(table.rows == std::vector<std::vector<std::string>>{{"1", "2"}, {"3", "4"}});
  CHECK(io::parse_csv("a,b\n1,", "x").rows == std::vector<std::vector<std::string>>{{"1", ""}});
}

TEST_CASE("a byte order mark in front is no part of the first name, anywhere else it is") {
  CHECK(io::parse_csv("\xef\xbb\xbf\"a\",b\n1,2\n", "x").header == std::vector<std::string>{"a", "b"});
  CHECK(io::parse_csv("a,\xef\xbb\xbf\n", "x").header[1] == "\xef\xbb\xbf");
  CHECK_THROWS_AS(io::parse_csv("\xef\xbb\xbf", "x"), FormatError);
}

TEST_CASE("a first name that begins with a byte order mark comes back as it is") {
  const io::CsvTable table{{"\xef\xbb\xbfname"}, {{"1"}}};
  const io::CsvTable copy = io::parse_csv(io::to_text(table), "x.csv");
  CHECK(copy.header == table.header);
}

TEST_CASE("more fields than 128 MiB hold are refused with the line") {
  const auto refusal = [](const std::string& text) {
    return error_of<FormatError>([&] { io::parse_csv(text, "x.csv"); });
  };
  CHECK(names(refusal(std::string(2'000'000, ',')), "x.csv:1: a table of too many fields; at most 134217728 bytes"));
  CHECK(names(refusal("a\n" + std::string(2'000'000, '\n')), ": a table of too many fields"));
  CHECK(refusal(std::string(900, ',') + "\n" + std::string(900, ',')) == "no error");
}

TEST_CASE("damage is refused with file and line") {
  CHECK(names(csv_refusal(""), "x.csv:1: an empty file"));
  CHECK(names(csv_refusal("a,b\n1,2\n3\n"), "x.csv:3: 1 fields"));
  CHECK(names(csv_refusal("a,b\n1,\"2\n"), "never closed"));
  CHECK(names(csv_refusal("a,b\n1,2\"\n"), "x.csv:2: a quote inside"));
  CHECK(names(csv_refusal("a,b\n1,\"2\"3\n"), "x.csv:2: text after a closing quote"));
}

TEST_CASE("rows of another length than the header are not written") {
  CHECK(names(error_of<DataError>([] { io::to_text(io::CsvTable{{"a", "b"}, {{"1"}}}); }), "a row of 1 fields"));
}
