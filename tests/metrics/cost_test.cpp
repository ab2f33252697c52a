// Average costs of predictions.
#include "hcnn/metrics/cost.hpp"

#include <doctest/doctest.h>

#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/metrics/severity_counts.hpp"

using namespace hcnn;

TEST_CASE("every prediction costs what its row and column say") {
  metrics::ConfusionMatrix confusion(2);
  for (int i = 0; i < 3; ++i) confusion.add(0, 0);
  for (int i = 0; i < 2; ++i) confusion.add(0, 1);
  confusion.add(1, 0);
  const CostMatrix costs{{{0.5, 10}, {1, 0}}};
  CHECK(metrics::total_cost(confusion, costs) == 3 * 0.5 + 2 * 10 + 1);
  CHECK(metrics::mean_cost(confusion, costs) == doctest::Approx(22.5 / 6));
  CHECK(metrics::mean_cost(metrics::ConfusionMatrix(2), costs) == 0);
}

TEST_CASE("with the severities of a tree as costs the mean is HD@1") {
  const Taxonomy& tree = cifar100_taxonomy();
  metrics::ConfusionMatrix confusion(100);
  metrics::SeverityCounts counts(3);
  for (Label i = 0; i < 1000; ++i) {
    const Label truth = i % 100, predicted = (i * 7 + i / 100) % 100;
    confusion.add(truth, predicted);
    counts.add(tree.severity(truth, predicted));
  }
  CHECK(metrics::mean_cost(confusion, severity_matrix(tree)) == doctest::Approx(counts.hd1()));
}

TEST_CASE("costs of another number of classes are refused") {
  CHECK_THROWS_WITH_AS(metrics::mean_cost(metrics::ConfusionMatrix(3), CostMatrix{{{0, 1}, {1, 0}}}),
                       "total_cost: costs of 2 classes; the confusion matrix has 3", ShapeError);
}
