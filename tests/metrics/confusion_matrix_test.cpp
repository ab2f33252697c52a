// Confusion matrix: counts, figures per class, another order.
#include "hcnn/metrics/confusion_matrix.hpp"

#include <doctest/doctest.h>

using namespace hcnn;
using hcnn::metrics::ConfusionMatrix;

namespace {

// rows: true class      0: 3 1 0   1: 2 4 0   2: 0 0 0
ConfusionMatrix example_matrix() {
  ConfusionMatrix matrix(3);
  for (int i = 0; i < 3; ++i) matrix.add(0, 0);
  matrix.add(0, 1);
  for (int i = 0; i < 2; ++i) matrix.add(1, 0);
  for (int i = 0; i < 4; ++i) matrix.add(1, 1);
  return matrix;
}

}  // namespace

TEST_CASE("rows count true classes, columns predictions") {
  const ConfusionMatrix matrix = example_matrix();
  CHECK(matrix(0, 1) == 1);
  CHECK(matrix(1, 0) == 2);
  CHECK(matrix.total() == 10);
  CHECK(matrix.correct() == 7);
  CHECK(matrix.accuracy() == 0.7);
  CHECK(matrix.support(0) == 4);
  CHECK(matrix.predictions(0) == 5);
}

TEST_CASE("recall, precision and F1 follow their definitions and are 0 where nothing is counted") {
  const ConfusionMatrix matrix = example_matrix();
  CHECK(matrix.recall(0) == doctest::Approx(3.0 / 4));
  CHECK(matrix.precision(0) == doctest::Approx(3.0 / 5));
  const double recall = 3.0 / 4, precision = 3.0 / 5;
  CHECK(matrix.f1(0) == doctest::Approx(2 * recall * precision / (recall + precision)));
  CHECK(matrix.recall(2) == 0);
  CHECK(matrix.precision(2) == 0);
  CHECK(matrix.f1(2) == 0);
  CHECK(ConfusionMatrix(2).accuracy() == 0);
}

TEST_CASE("means over classes count a rare class as much as a common one, and leave out what does not occur") {
  const ConfusionMatrix matrix = example_matrix();  // class 2 has no samples and is never predicted
  CHECK(matrix.balanced_accuracy() == doctest::Approx((3.0 / 4 + 4.0 / 6) / 2));
  CHECK(matrix.macro_f1() == doctest::Approx((6.0 / 9 + 8.0 / 11) / 2));
  ConfusionMatrix wrong(3);
  wrong.add(0, 0);
  wrong.add(0, 2);  // class 2 has no samples, but a prediction: its F1 of 0 counts
  CHECK(wrong.balanced_accuracy() == 0.5);
  CHECK(wrong.macro_f1() == doctest::Approx((2.0 / 3 + 0) / 2));
  CHECK(ConfusionMatrix(2).macro_f1() == 0);
  CHECK(ConfusionMatrix(2).balanced_accuracy() == 0);
}

TEST_CASE("another order of classes moves rows and columns together") {
  const std::vector<Label> order = {2, 1, 0};
  const ConfusionMatrix moved = example_matrix().reordered(order);
  CHECK(moved(2, 2) == 3);
  CHECK(moved(2, 1) == 1);
  CHECK(moved(1, 2) == 2);
  CHECK(moved.accuracy() == 0.7);
  CHECK(moved.reordered(order) == example_matrix());
}

TEST_CASE("classes out of range and orders that are no permutation are refused") {
  ConfusionMatrix matrix = example_matrix();
  CHECK_THROWS_WITH_AS(matrix.add(0, 3), "ConfusionMatrix: class 3; classes are 0..2", DataError);
  CHECK_THROWS_AS(matrix.add(-1, 0), DataError);
  CHECK(matrix == example_matrix());
  CHECK_THROWS_AS(ConfusionMatrix(0), DataError);
  const std::vector<Label> twice = {0, 1, 1}, few = {0, 1}, high = {0, 1, 3}, many = {0, 1, 2, 2};
  for (const auto& order : {twice, few, high, many}) CHECK_THROWS_AS(matrix.reordered(order), DataError);
}
