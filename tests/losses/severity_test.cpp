// Severity-aware cross-entropy: both forms, gradients, errors. PyTorch's numbers are in pytorch_test.cpp.
#include "hcnn/losses/severity.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::severity;
using losses::SeverityForm;

namespace {

CostMatrix some_costs(Index classes) {
  RandomStream random(Seed{9}, hash_name("costs"));
  std::vector<double> costs;
  for (Index i = 0; i < classes * classes; ++i) costs.push_back(3 * random.uniform());
  return CostMatrix(classes, costs);
}

// One sample, logits {0, 0, 4}: class 2 is predicted. CE of class k: log(2 + e^4) - z_k.
double value(Label label, const losses::SeverityOptions& options) {
  Logits<double> logits;
  std::copy_n(std::initializer_list<double>{0, 0, 4}.begin(), 3, logits.resize("fine", 1, 3).data());
  const CostMatrix costs{{{0, 1, 3}, {1, 0, 2}, {5, 5, 0}}};
  return severity<double>("fine", costs, options).value(logits, labelled({label})).total;
}

}  // namespace

TEST_CASE("the form cost weighs a mistake by its cost and a correct prediction by an option") {
  const double log_sum = std::log(2 + std::exp(4.0));
  CHECK(value(0, {}) == doctest::Approx(3 * log_sum));
  CHECK(value(1, {}) == doctest::Approx(2 * log_sum));
  CHECK(value(2, {}) == doctest::Approx(1 * (log_sum - 4)));
  CHECK(value(2, {.correct_weight = 0}) == 0);
  CHECK(value(2, {.correct_weight = 2.5}) == doctest::Approx(2.5 * (log_sum - 4)));
}

TEST_CASE("the form alpha_plus_cost weighs by alpha plus the cost") {
  const double log_sum = std::log(2 + std::exp(4.0));
  CHECK(value(0, {.form = SeverityForm::alpha_plus_cost}) == doctest::Approx((1 + 3) * log_sum));
  CHECK(value(1, {.form = SeverityForm::alpha_plus_cost, .alpha = 0.5}) == doctest::Approx((0.5 + 2) * log_sum));
  CHECK(value(2, {.form = SeverityForm::alpha_plus_cost}) == doctest::Approx(1 * (log_sum - 4)));
}

TEST_CASE("of equal logits the lowest class is the prediction") {
  Logits<double> logits;
  std::fill_n(logits.resize("fine", 1, 3).data(), 3, 0.0);
  const CostMatrix costs{{{0, 1, 3}, {1, 0, 2}, {5, 4, 0}}};
  CHECK(severity<double>("fine", costs).value(logits, labelled({2})).total == doctest::Approx(5 * std::log(3.0)));
}

TEST_CASE("with cost 1 for every mistake the form cost is plain cross-entropy, bit for bit") {
  const auto logits = random_logits("fine", 9, 4, 1);
  const Targets targets = labelled(random_labels(9, 4, 2, true));
  const CostMatrix ones(4, std::vector<double>(16, 1.0));
  auto weighed = severity<double>("fine", ones);
  auto plain = losses::cross_entropy<double>("fine");
  Logits<double> a, b;
  CHECK(weighed.evaluate(logits, targets, a).total == plain.evaluate(logits, targets, b).total);
  CHECK(std::equal(a["fine"].begin(), a["fine"].end(), b["fine"].begin()));
}

TEST_CASE("gradients agree with central differences where the prediction does not change" *
          doctest::test_suite("proof")) {
  Proof proof("SeverityLoss");
  for (const BatchCase& batch : batch_cases())
    for (const SeverityForm form : {SeverityForm::cost, SeverityForm::alpha_plus_cost})
      for (const bool skip : {false, true}) {
        const Index count = batch.count, classes = batch.classes;
        INFO("(", count, ", ", classes, ") skip ", skip);
        auto loss = severity<double>("fine", some_costs(classes),
                                     {.form = form, .correct_weight = 0.5, .cross_entropy = {.label_smoothing = 0.1}});
        proof.add(check_loss(loss, random_logits("fine", count, classes, 3),
                             labelled(random_labels(count, classes, 4, skip))),
                  count, {.channels = classes});
      }
}

TEST_CASE("a jump of the factor at two equal logits is noticed by the gradient check") {
  Logits<double> logits;
  std::fill_n(logits.resize("fine", 1, 3).data(), 3, 0.0);
  auto loss = severity<double>("fine", some_costs(3));
  const GradientReport report = check_loss(loss, logits, labelled({2}));
  CHECK(report.skipped() == 3);
  CHECK_FALSE(report);
}

TEST_CASE("logits of +-1e4 stay finite in both forms") {
  const auto logits = random_logits("fine", 8, 100, 5, 1e4);
  for (const SeverityForm form : {SeverityForm::cost, SeverityForm::alpha_plus_cost}) {
    auto loss = severity<double>("fine", severity_matrix(cifar100_taxonomy()), {.form = form});
    Logits<double> gradients;
    CHECK(std::isfinite(loss.evaluate(logits, labelled(random_labels(8, 100, 6)), gradients).total));
    for (const double gradient : gradients["fine"]) REQUIRE(std::isfinite(gradient));
  }
}

TEST_CASE("a cost matrix of another size and options outside their range are refused") {
  const auto logits = random_logits("fine", 1, 3, 7);
  CHECK_THROWS_WITH_AS(severity<double>("fine", some_costs(4)).value(logits, labelled({0})),
                       "severity(fine): a cost matrix of 4 classes; the head has 3", ShapeError);
  CHECK_THROWS_WITH_AS(severity("fine", some_costs(3), {.correct_weight = -1}),
                       "severity(fine): correct_weight = -1; must be finite and >= 0", OptionError);
  CHECK_THROWS_AS(severity("fine", some_costs(3), {.alpha = std::nan("")}), OptionError);
  CHECK_THROWS_AS(severity("fine", some_costs(3), {.cross_entropy = {.label_smoothing = 2}}), OptionError);
}
