// Text made safe for a terminal, and errors that are one line whatever they name.
#include "hcnn/core/printable.hpp"

#include <doctest/doctest.h>

#include <clocale>
#include <limits>
#include <string>

#include "hcnn/core/check.hpp"

using namespace hcnn;

TEST_CASE("every control character is spelled out, U+0080 to U+009F too, and other text stays") {
  CHECK(printable("plain <text>, \"quoted\", caf\xc3\xa9 \xe2\x82\xac") ==
        "plain <text>, \"quoted\", caf\xc3\xa9 \xe2\x82\xac");
  CHECK(printable("\x1b[31m\n\r\t\x7f") == "\\x1b[31m\\x0a\\x0d\\x09\\x7f");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("csi\xc2\x9b"
                  "31m, nel\xc2\x85, first\xc2\x80, last\xc2\x9f") == "csi\\x9b31m, nel\\x85, first\\x80, last\\x9f");
  CHECK(printable("space\xc2\xa0, \xc2") == "space\xc2\xa0, \\xc2");
  CHECK(printable("raw\x9b"
                  "31m \xff \xc0\xaf") == "raw\\x9b31m \\xff \\xc0\\xaf");
}

TEST_CASE("characters that are kept stay, and long text is cut") {
  CHECK(printable("a\nb\tc\x1b", 120, "\n\t") == "a\nb\tc\\x1b");
  CHECK(printable("abcdef", 3) == "abc...");
  CHECK(printable("abc", 3) == "abc");
  CHECK(printable("ab\xe2\x82\xac", 4) == "ab...");  // the euro sign is not cut in two
  CHECK(printable("\x80\x80\x80\x80\x80\x80", 5) == "\\x80\\x80...");
}

TEST_CASE("an error is one line whatever name is in it") {
  try {
    fail<DataError>("class 'a\nb'", "\x1b[2J", "none of it");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "class 'a\\x0ab': \\x1b[2J; none of it");
  }
}

TEST_CASE("numbers in texts have a point in every locale") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  bool found = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"})
    found = found || std::setlocale(LC_NUMERIC, name) != nullptr;
  if (!found) MESSAGE("no locale with a decimal comma is installed: tried in the C locale alone");
  CHECK(concat(0.5, ' ', 1e-7, ' ', 1234567.0, ' ', 100.0) == "0.5 1e-07 1.23457e+06 100");
  CHECK(concat(std::numeric_limits<double>::quiet_NaN(), ' ', -std::numeric_limits<double>::infinity()) == "nan -inf");
  std::setlocale(LC_NUMERIC, before.c_str());
}
