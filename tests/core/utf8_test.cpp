// What is UTF-8 and what is not.
#include "hcnn/core/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using hcnn::is_utf8;

TEST_CASE("characters of one to four bytes are UTF-8, at the ends of their ranges") {
  for (const char* text : {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK_MESSAGE(is_utf8(text), text);
  CHECK(is_utf8(std::string_view("\0", 1)));
}

TEST_CASE("stray, missing and overlong bytes, surrogates and what is above U+10FFFF are not UTF-8") {
  for (const std::string text : {"\x80", "\xbf", "caf\xe9", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf",
                                 "\xe2\x82", "\xe2\x82z", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
                                 "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3\xa9\x80"})
    CHECK_MESSAGE(!is_utf8(text), text);
}

TEST_CASE("the length of a character is that of its bytes, and 0 where there is none") {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x90\x80\x80";
  CHECK(hcnn::utf8_length(text) == 1);
  CHECK(hcnn::utf8_length(text.substr(1)) == 2);
  CHECK(hcnn::utf8_length(text.substr(3)) == 3);
  CHECK(hcnn::utf8_length(text.substr(6)) == 4);
  for (const char* none : {"", "\xc3", "\xe2\x82", "\xf0\x90\x80", "\xa9"}) CHECK(hcnn::utf8_length(none) == 0);
}
