// Expected severity: values, gradients, errors. PyTorch's numbers are in pytorch_test.cpp.
#include "hcnn/losses/expected_severity.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/losses/cross_entropy.hpp"
#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "losses/small_tree.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::expected_severity;

TEST_CASE("the value is the mean cost under the predicted probabilities") {
  Logits<double> logits;
  const double z[] = {0, std::log(2), 0, std::log(5), 0, 0};  // p = 1/4, 2/4, 1/4 and 5/7, 1/7, 1/7
  std::copy_n(z, 6, logits.resize("fine", 2, 3).data());
  const CostMatrix costs{{{0, 1, 3}, {1, 0, 2}, {5, 5, 0}}};
  auto loss = expected_severity<double>("fine", costs);
  CHECK(loss.value(logits, labelled({0, kNoLabel})).total == doctest::Approx(0.5 * 1 + 0.25 * 3));
  CHECK(loss.value(logits, labelled({0, 2})).total == doctest::Approx((1.25 + 5.0 * 6 / 7) / 2));
  CHECK(loss.value(logits, labelled({kNoLabel, kNoLabel})).total == 0);
}

TEST_CASE("equal logits give the mean cost of the true class's row") {
  const CostMatrix costs = severity_matrix(small_tree());
  Logits<double> logits;
  std::fill_n(logits.resize("fine", 1, 6).data(), 6, 7.0);
  CHECK(expected_severity<double>("fine", costs).value(logits, labelled({2})).total ==
        doctest::Approx((0 + 1 + 1 + 2 + 2 + 3) / 6.0));
}

TEST_CASE("gradients of expected severity, alone and with cross-entropy, agree with central differences" *
          doctest::test_suite("proof")) {
  Proof proof("ExpectedSeverity"), sum("LossSum");
  for (const BatchCase& batch : batch_cases())
    for (const bool skip : {false, true}) {
      const Index count = batch.count, classes = batch.classes;
      INFO(count, " samples, ", classes, " classes, skip ", skip);
      const CostMatrix costs = severity_matrix(tree_of(classes));
      const auto logits = random_logits("fine", count, classes, 3);
      const Targets targets = labelled(random_labels(count, classes, 4, skip));
      losses::ExpectedSeverity<double> term("fine", costs);
      proof.add(check_loss(term, logits, targets), count, {.channels = classes});
      auto mixed = losses::cross_entropy<double>("fine") + 0.5 * expected_severity<double>("fine", costs);
      sum.add(check_loss(mixed, logits, targets), count, {.channels = classes});
    }
}

TEST_CASE("the gradient of expected severity vanishes where the prediction is certain, right or wrong") {
  Logits<double> logits, gradients;
  std::fill_n(logits.resize("fine", 1, 6).data(), 6, 0.0);
  logits["fine"][4] = 1e4;
  auto loss = expected_severity<double>("fine", severity_matrix(small_tree()));
  CHECK(loss.evaluate(logits, labelled({0}), gradients).total == 2);
  for (const double gradient : gradients["fine"]) CHECK(gradient == 0);
}

TEST_CASE("labels and heads that do not fit expected severity are refused") {
  auto loss = expected_severity<double>("fine", severity_matrix(small_tree()));
  CHECK_THROWS_WITH_AS(loss.value(random_logits("fine", 1, 5, 1), labelled({0})),
                       "expected_severity(fine): the head has 5 classes; 6 are expected", ShapeError);
  CHECK_THROWS_WITH_AS(loss.value(random_logits("fine", 2, 6, 1), labelled({0})),
                       "expected_severity(fine): 1 labels; the batch has 2 samples", ShapeError);
  CHECK_THROWS_WITH_AS(loss.value(random_logits("fine", 2, 6, 1), labelled({0, 6})),
                       "expected_severity(fine): label 6 of sample 1 of the batch; labels are 0..5, or -1 for none",
                       DataError);
  CHECK_THROWS_AS(loss.value(random_logits("other", 1, 6, 1), labelled({0})), DataError);
  CHECK_THROWS_AS(expected_severity<double>("fine", severity_matrix(small_tree()), "none")
                      .value(random_logits("fine", 1, 6, 1), labelled({0})),
                  DataError);
}
