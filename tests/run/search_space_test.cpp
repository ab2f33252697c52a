// What a search varies: ranges and values as they are written, random points and grids.
#include "hcnn/run/search_space.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace hcnn;

namespace {

std::string message(const char* text, run::SearchAxis (*parse)(const std::string&)) {
  try {
    parse(text);
  } catch (const OptionError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a range and a list of values are read as they are written") {
  const run::SearchAxis rate = run::parse_range("learning-rate=1e-4:0.1:log");
  CHECK(rate.name == "learning-rate");
  CHECK(rate.low == 1e-4);
  CHECK(rate.high == 0.1);
  CHECK(rate.logarithmic);
  CHECK_FALSE(run::parse_range("dropout=0:0.5").logarithmic);
  CHECK(run::parse_range("x=-2:-1").low == -2);
  const run::SearchAxis batch = run::parse_values("batch=64,16,32");
  CHECK(batch.values == std::vector<double>{64, 16, 32});
  CHECK(batch.low == 16);
  CHECK(batch.high == 64);
}

TEST_CASE("what is no range is refused with the reason") {
  for (const char* text : {"x", "=1:2", "x=", "x=1", "x=1:2:ln", "x=1:2:log:log"})
    CHECK(message(text, run::parse_range).find("expected NAME=LOW:HIGH") != std::string::npos);
  CHECK(message("x=2:1", run::parse_range) == "--range x: 2:1; the first end must be below the second");
  CHECK(message("x=1:1", run::parse_range) == "--range x: 1:1; the first end must be below the second");
  CHECK(message("x=0:1:log", run::parse_range) == "--range x: 0:1:log; a logarithmic range begins above 0");
  for (const char* text : {"x=a:1", "x=:1", "x=1:2z", "x=nan:1", "x=0:inf", "x=0:1e999"})
    CHECK(message(text, run::parse_range).find("a number is needed") != std::string::npos);
}

TEST_CASE("what is no list of values is refused with the reason") {
  CHECK(message("x", run::parse_values).find("expected NAME=A,B,C") != std::string::npos);
  CHECK(message("x=1,,2", run::parse_values) == "--values x: ''; a number is needed");
  CHECK(message("x=1,2,1.0", run::parse_values) == "--values x: 1,2,1.0; each value is needed once");
}

TEST_CASE("whole numbers are written without a point and refused with one") {
  run::SearchAxis axis = run::parse_range("batch=16:100000");
  run::require_whole(axis);
  CHECK(run::value_text(axis, 100000) == "100000");
  CHECK(run::value_text(run::parse_range("x=0:1"), 0.25) == "0.25");
  run::SearchAxis half = run::parse_values("batch=16,2.5");
  CHECK_THROWS_WITH_AS(run::require_whole(half), "--batch: 2.5; whole numbers are needed", OptionError);
}

TEST_CASE("a random value depends on seed, option and trial alone") {
  const auto rate = run::parse_range("learning-rate=1e-4:0.1:log"), dropout = run::parse_range("dropout=0:0.5");
  const run::SearchPoint both = run::random_point({dropout, rate}, Seed{7}, 3);
  CHECK(both == run::random_point({dropout, rate}, Seed{7}, 3));
  CHECK(both[1] == run::random_point({rate}, Seed{7}, 3)[0]);
  CHECK(both != run::random_point({dropout, rate}, Seed{8}, 3));
  CHECK(both != run::random_point({dropout, rate}, Seed{7}, 4));
}

TEST_CASE("random values fill their range evenly, a logarithmic one by factors") {
  const auto rate = run::parse_range("learning-rate=1e-4:1:log"), dropout = run::parse_range("dropout=0.1:0.5");
  run::SearchAxis batch = run::parse_range("batch=3:6");
  run::require_whole(batch);
  const Index trials = 4000;
  Index low_rates = 0, low_dropouts = 0, threes = 0, sixes = 0;
  for (Index trial = 1; trial <= trials; ++trial) {
    const run::SearchPoint point = run::random_point({rate, dropout, batch}, Seed{1}, trial);
    REQUIRE((point[0] >= 1e-4 && point[0] <= 1 && point[1] >= 0.1 && point[1] <= 0.5));
    REQUIRE((point[2] >= 3 && point[2] <= 6 && point[2] == std::floor(point[2])));
    low_rates += point[0] < 1e-2;
    low_dropouts += point[1] < 0.3;
    threes += point[2] == 3;
    sixes += point[2] == 6;
  }
  // Binomial counts of share p stay within 4 standard deviations, 4 sqrt(4000 p (1-p)): 126 for 1/2, 110 for 1/4.
  CHECK(std::abs(low_rates - trials / 2) < 127);
  CHECK(std::abs(low_dropouts - trials / 2) < 127);
  CHECK(std::abs(threes - trials / 4) < 111);
  CHECK(std::abs(sixes - trials / 4) < 111);
}

TEST_CASE("random points also pick from lists, and each value comes up") {
  const auto axis = run::parse_values("alpha=0.5,1,2");
  std::set<double> seen;
  for (Index trial = 1; trial <= 40; ++trial) seen.insert(run::random_point({axis}, Seed{1}, trial)[0]);
  CHECK(seen == std::set<double>{0.5, 1, 2});
}

TEST_CASE("a value of a range has four significant digits and stays inside") {
  CHECK(run::four_digits(0.00123456) == 0.001235);
  const auto narrow = run::parse_range("x=0.123456:0.123457");
  CHECK(run::value_at(narrow, 0.5) == 0.123457);  // 0.1235, cut off
  CHECK(run::value_at(run::parse_range("x=1:100:log"), 0.5) == 10);
}

TEST_CASE("a grid has every combination once, the last option fastest") {
  const auto points = run::grid({run::parse_values("a=1,2"), run::parse_values("b=5,6,7")});
  CHECK(points == std::vector<run::SearchPoint>{{1, 5}, {1, 6}, {1, 7}, {2, 5}, {2, 6}, {2, 7}});
  CHECK_THROWS_WITH_AS(run::grid({run::parse_range("a=1:2")}), "grid: a has a range; a grid needs values", OptionError);
  std::string many = "a=0";
  for (int i = 1; i < 101; ++i) many += concat(',', i);
  CHECK_THROWS_AS(run::grid({run::parse_values(many), run::parse_values(many)}), OptionError);
}
