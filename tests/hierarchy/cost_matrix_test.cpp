// Cost matrices: from a taxonomy and from a user's numbers.
#include "hcnn/hierarchy/cost_matrix.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;

TEST_CASE("the severity matrix of CIFAR-100 is symmetric, 0 on the diagonal and as the taxonomy says") {
  const CostMatrix costs = severity_matrix(cifar100_taxonomy());
  REQUIRE(costs.classes() == 100);
  int wrong = 0;
  for (Label y = 0; y < 100; ++y)
    for (Label k = 0; k < 100; ++k) {
      const bool as_tree = costs(y, k) == cifar100_taxonomy().severity(y, k);
      wrong += as_tree && costs(y, k) == costs(k, y) && (costs(y, k) == 0) == (y == k) ? 0 : 1;
    }
  CHECK(wrong == 0);
  CHECK(costs(4, 30) == 1);  // beaver, dolphin: aquatic mammals
  CHECK(costs(4, 1) == 2);   // beaver, aquarium fish: aquatic animals
  CHECK(costs(4, 0) == 3);   // beaver, apple
}

TEST_CASE("severities can be replaced by weights and taken from any level") {
  const CostMatrix weighted = severity_matrix(cifar100_taxonomy(), 0, {0, 0.5, 1.5, 4});
  CHECK(weighted(4, 4) == 0);
  CHECK(weighted(4, 30) == 0.5);
  CHECK(weighted(4, 1) == 1.5);
  CHECK(weighted(4, 0) == 4);
  const CostMatrix coarse = severity_matrix(cifar100_taxonomy(), 1);
  CHECK(coarse.classes() == 20);
  CHECK(coarse(0, 1) == 1);  // aquatic mammals, fish
  CHECK(coarse(0, 2) == 2);
  CHECK_THROWS_WITH_AS(severity_matrix(cifar100_taxonomy(), 0, {1, 2, 3}),
                       "severity_matrix: 3 weights; 4 are needed, for severities 0..3", DataError);
  CHECK_THROWS_AS(severity_matrix(cifar100_taxonomy(), 3), DataError);
}

TEST_CASE("a user's matrix needs no tree: rows are true classes, the diagonal may cost something") {
  const CostMatrix rows{{{0.5, 1}, {7, 0}}};
  CHECK(rows.classes() == 2);
  CHECK(rows(0, 0) == 0.5);
  CHECK(rows(1, 0) == 7);
  CHECK(rows == CostMatrix(2, {0.5, 1, 7, 0}));
}

TEST_CASE("a matrix that is not square, not finite or negative is refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(CostMatrix(2, {0, 1, 2}), "CostMatrix: 3 costs; 2 x 2 are needed", DataError);
  CHECK_THROWS_WITH_AS(CostMatrix({{0, 1}, {2}}), "CostMatrix: row of 1 costs; 2 rows are given", DataError);
  CHECK_THROWS_WITH_AS(CostMatrix(2, {0, 1, -2, 0}),
                       "CostMatrix: cost -2 in row 1, column 0; costs must be finite and not negative", DataError);
  CHECK_THROWS_AS(CostMatrix(1, {nan}), DataError);
  CHECK_THROWS_AS(CostMatrix(1, {infinity}), DataError);
  CHECK_THROWS_AS(CostMatrix(0, {}), DataError);
}
