// Rounds of successive halving, and who goes on to the next.
#include "hcnn/run/successive_halving.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hcnn;

TEST_CASE("each round has a share of the trials and as many times the epochs") {
  CHECK(run::halving_rungs(27, 27, 3) == std::vector<run::Rung>{{27, 1}, {9, 3}, {3, 9}, {1, 27}});
  CHECK(run::halving_rungs(9, 100, 3) == std::vector<run::Rung>{{9, 11}, {3, 33}, {1, 100}});
  CHECK(run::halving_rungs(100, 4, 2) == std::vector<run::Rung>{{100, 1}, {50, 2}, {25, 4}});
  CHECK(run::halving_rungs(4, 10, 3) == std::vector<run::Rung>{{4, 3}, {1, 10}});
  const Index huge = std::numeric_limits<Index>::max();
  CHECK(run::halving_rungs(huge, huge, 2).size() == 63);
}

TEST_CASE("what leaves one round is refused") {
  CHECK_THROWS_WITH_AS(run::halving_rungs(2, 9, 3),
                       "successive halving: 2 trials of 9 epochs; at least 3 of both are needed for eta 3",
                       OptionError);
  CHECK_THROWS_AS(run::halving_rungs(9, 2, 3), OptionError);
  CHECK_THROWS_WITH_AS(run::halving_rungs(9, 9, 1), "successive halving: eta 1; at least 2 is needed", OptionError);
}

TEST_CASE("the best go on, of equal ones the earlier, and never one without a score") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> scores = {0.5, nan, 0.9, 0.5, 0.1};
  CHECK(run::best_of(scores, 2, false) == std::vector<std::size_t>{2, 0});
  CHECK(run::best_of(scores, 3, true) == std::vector<std::size_t>{4, 0, 3});
  CHECK(run::best_of(scores, 9, false) == std::vector<std::size_t>{2, 0, 3, 4});
  CHECK(run::best_of({nan, nan}, 1, true).empty());
}
