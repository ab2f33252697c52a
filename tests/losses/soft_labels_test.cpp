// Soft labels: targets, gradients, errors. PyTorch's numbers are in pytorch_test.cpp.
#include "hcnn/losses/soft_labels.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::soft_labels;

namespace {

// With equal logits the gradient of one sample is 1/K - target.
std::vector<double> target_of(Label truth, const CostMatrix& costs, const losses::SoftLabelsOptions& options) {
  const Index classes = costs.classes();
  Logits<double> logits, gradients;
  std::fill_n(logits.resize("fine", 1, classes).data(), classes, 0.0);
  soft_labels<double>("fine", costs, options).evaluate(logits, labelled({truth}), gradients);
  std::vector<double> target;
  for (const double gradient : gradients["fine"]) target.push_back(1 / static_cast<double>(classes) - gradient);
  return target;
}

}  // namespace

TEST_CASE("targets fall exponentially with the severity, relative to the tree's height") {
  const double beta = 2, e1 = std::exp(-beta / 3), e2 = std::exp(-2 * beta / 3), e3 = std::exp(-beta);
  const double sum = 1 + 2 * e1 + 2 * e2 + e3;
  const std::vector<double> expected{e2 / sum, e2 / sum, e1 / sum, 1 / sum, e1 / sum, e3 / sum};
  const auto target = target_of(3, severity_matrix(small_tree()), {.beta = beta});
  for (std::size_t k = 0; k < 6; ++k) CHECK(target[k] == doctest::Approx(expected[k]));
}

TEST_CASE("beta 0 spreads the targets evenly, a large beta makes them one-hot") {
  const CostMatrix costs = severity_matrix(small_tree());
  for (const double share : target_of(1, costs, {.beta = 0})) CHECK(share == doctest::Approx(1.0 / 6));
  const auto sharp = target_of(1, costs, {.beta = 1e6});
  for (std::size_t k = 0; k < 6; ++k) CHECK(sharp[k] == doctest::Approx(k == 1 ? 1.0 : 0.0));
}

TEST_CASE("a matrix without any cost, and one with large costs everywhere, give finite targets") {
  for (const double share : target_of(0, CostMatrix(3, std::vector<double>(9, 0.0)), {}))
    CHECK(share == doctest::Approx(1.0 / 3));
  const auto dear = target_of(1, CostMatrix{{{0, 1, 1}, {900, 900, 1000}, {1, 1, 0}}}, {.beta = 1e5});
  CHECK(dear[0] == doctest::Approx(0.5));
  CHECK(dear[1] == doctest::Approx(0.5));
  CHECK(dear[2] == doctest::Approx(0.0));
}

TEST_CASE("class weights weigh the soft targets, and the divisor is the sum of the same") {
  Logits<double> logits, gradients;
  std::fill_n(logits.resize("fine", 1, 2).data(), 2, 0.0);
  const CostMatrix costs{{{0, 1}, {1, 0}}};
  for (const std::vector<double>& weights : {std::vector<double>{1, 3}, {0, 1}}) {
    auto loss = soft_labels<double>("fine", costs, {.beta = 0, .cross_entropy = {.class_weights = weights}});
    CHECK(loss.evaluate(logits, labelled({0}), gradients).total == doctest::Approx(std::log(2.0)));
  }
}

TEST_CASE("gradients of soft labels agree with central differences, with smoothing and class weights too" *
          doctest::test_suite("proof")) {
  Proof proof("SoftLabels");
  for (const BatchCase& batch : batch_cases())
    for (const bool skip : {false, true}) {
      const Index count = batch.count, classes = batch.classes;
      INFO(count, " samples, ", classes, " classes, skip ", skip);
      std::vector<double> weights;
      for (Index k = 0; k < classes; ++k) weights.push_back(0.5 + static_cast<double>(k % 3));
      losses::SoftLabels<double> loss("fine", severity_matrix(tree_of(classes)),
                                      {.beta = 3, .cross_entropy = {.label_smoothing = 0.1, .class_weights = weights}});
      proof.add(
          check_loss(loss, random_logits("fine", count, classes, 3), labelled(random_labels(count, classes, 4, skip))),
          count, {.channels = classes});
    }
}

TEST_CASE("a head of another size and a negative beta are refused") {
  const CostMatrix costs = severity_matrix(small_tree());
  CHECK_THROWS_WITH_AS(soft_labels<double>("fine", costs).value(random_logits("fine", 1, 3, 7), labelled({0})),
                       "soft_labels(fine): a cost matrix of 6 classes; the head has 3", ShapeError);
  CHECK_THROWS_WITH_AS(soft_labels("fine", costs, {.beta = -1}),
                       "soft_labels(fine): beta = -1; must be finite and >= 0", OptionError);
}
