// Numbers and times as people read them.
#include "hcnn/core/decimal.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "hcnn/core/check.hpp"

using namespace hcnn;

TEST_CASE("a number has so many decimals, and a time minutes and seconds") {
  CHECK(decimal(-0.5, 2) == "-0.50");
  CHECK(decimal(2.0 / 3, 4) == "0.6667");
  CHECK(decimal(1e20, 0) == "100000000000000000000");
  CHECK(clock_time(-1) == "0:00");
  CHECK(clock_time(59.6) == "1:00");
  CHECK(clock_time(65) == "1:05");
  CHECK(clock_time(3725) == "1:02:05");
}

TEST_CASE("the elements of a range stand with commas between them") {
  CHECK(joined(std::vector<int>{}).empty());
  CHECK(joined(std::vector<int>{3, -4}) == "3, -4");
  CHECK(joined(std::vector<std::string>{"a", "bc"}, &std::string::size) == "1, 2");
}
