// Cross-entropy: gradients, targets of three kinds, extreme logits, errors.
#include "hcnn/losses/cross_entropy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "hcnn/testing/loss_check.hpp"
#include "losses/random_batch.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;
using losses::cross_entropy;

namespace {

Tensor<double> one_hot(const std::vector<Label>& labels, Index classes) {
  Tensor<double> rows(static_cast<Index>(labels.size()), Shape{.channels = classes});
  for (std::size_t n = 0; n < labels.size(); ++n)
    if (labels[n] != kNoLabel) rows[static_cast<Index>(n) * classes + labels[n]] = 1;
  return rows;
}

bool same_bits(const Tensor<double>& a, const Tensor<double>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

TEST_CASE("gradients agree with central differences for labels, soft targets, smoothing, weights and skipped samples" *
          doctest::test_suite("proof")) {
  Proof proof("CrossEntropy");
  for (const BatchCase& batch : batch_cases()) {
    const Index count = batch.count, classes = batch.classes;
    std::vector<double> weights;
    for (Index k = 0; k < classes; ++k) weights.push_back(0.25 * static_cast<double>(k % 5));
    for (const bool soft : {false, true})
      for (const bool skip : {false, true})
        for (const auto& options : {losses::CrossEntropyOptions{}, losses::CrossEntropyOptions{.label_smoothing = 0.1},
                                    losses::CrossEntropyOptions{.label_smoothing = 0.3, .class_weights = weights}}) {
          INFO("(", count, ", ", classes, ") soft ", soft, " skip ", skip, " smoothing ", options.label_smoothing);
          Targets targets = labelled(random_labels(count, classes, 1, skip));
          if (soft) {
            Tensor<double>& rows = targets.level("fine").probabilities;
            rows = Tensor<double>(count, Shape{.channels = classes}, 0.5 / static_cast<double>(classes));
            for (Index n = 0; n < count; ++n) rows[n * classes + n % classes] += 0.5;
          }
          auto loss = cross_entropy<double>("fine", options);
          const GradientReport report = check_loss(loss, random_logits("fine", count, classes, 2), targets);
          proof.add(report, count, {.channels = classes});
          CHECK(report.checked() == count * classes);
        }
  }
}

TEST_CASE("one-hot targets give the same bits as labels") {
  const std::vector<double> weights = {0.3, 1.7, 0, 2, 1.1, 0.9, 5};
  for (const auto& options : {losses::CrossEntropyOptions{}, losses::CrossEntropyOptions{.label_smoothing = 0.1},
                              losses::CrossEntropyOptions{.label_smoothing = 0.1, .class_weights = weights}}) {
    const auto labels = random_labels(20, 7, 3, true);
    const auto logits = random_logits("fine", 20, 7, 4);
    Targets targets = labelled(labels);
    auto loss = cross_entropy<double>("fine", options);
    Logits<double> from_labels, from_one_hot;
    const double value = loss.evaluate(logits, targets, from_labels).total;
    targets.level("fine").probabilities = one_hot(labels, 7);
    CHECK(loss.evaluate(logits, targets, from_one_hot).total == value);
    CHECK(same_bits(from_labels["fine"], from_one_hot["fine"]));
  }
}

TEST_CASE("a batch in which no sample counts has value 0 and gradient 0") {
  auto loss = cross_entropy<double>("fine");
  Logits<double> gradients;
  CHECK(loss.evaluate(random_logits("fine", 2, 3, 1), labelled({kNoLabel, kNoLabel}), gradients).total == 0);
  CHECK(same_bits(gradients["fine"], Tensor<double>(2, Shape{.channels = 3})));
  CHECK(loss.evaluate(random_logits("fine", 0, 3, 1), labelled({}), gradients).total == 0);
  auto weighted = cross_entropy<double>("fine", {.class_weights = {0, 1, 1}});
  CHECK(weighted.evaluate(random_logits("fine", 2, 3, 1), labelled({0, 0}), gradients).total == 0);
}

TEST_CASE("skipped samples change neither the value nor the other samples' gradients") {
  const auto logits = random_logits("fine", 2, 4, 5);
  Logits<double> first;
  std::copy_n(logits["fine"].data(), 4, first.resize("fine", 1, 4).data());
  auto loss = cross_entropy<double>("fine");
  Logits<double> both, one;
  CHECK(loss.evaluate(logits, labelled({2, kNoLabel}), both).total == loss.evaluate(first, labelled({2}), one).total);
  for (Index k = 0; k < 4; ++k) {
    CHECK(both["fine"][k] == one["fine"][k]);
    CHECK(both["fine"][4 + k] == 0);
  }
}

TEST_CASE("logits of +-1e4, equal logits and a logit of minus infinity give finite values and gradients") {
  Logits<float> logits;
  auto& values = logits.resize("fine", 4, 3);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> numbers = {1e4f, -1e4f, 0, -1e4f, -1e4f, 1e4f, 7, 7, 7, -infinity, 1, 2};
  std::copy(numbers.begin(), numbers.end(), values.begin());
  auto loss = cross_entropy("fine");
  Logits<float> gradients;
  const float value = loss.evaluate(logits, labelled({1, 2, 0, 1}), gradients).total;
  // 2e4, 0, ln 3 and ln(1 + e)
  CHECK(value == doctest::Approx((20000 + 0 + std::log(3.0) + std::log(1 + std::exp(1.0))) / 4).epsilon(1e-6));
  for (const float gradient : gradients["fine"]) CHECK(std::isfinite(gradient));
}

TEST_CASE("equal logits cost ln(classes) nats whatever the label") {
  Logits<float> logits;
  std::fill_n(logits.resize("fine", 3, 100).data(), 300, 0.f);
  auto loss = cross_entropy("fine");
  CHECK(loss.value(logits, labelled({0, 50, 99})).total == doctest::Approx(std::log(100.0)).epsilon(1e-7));
}

TEST_CASE("a loss adds weight times its gradient to what is there and returns the unweighted value") {
  const auto logits = random_logits("fine", 3, 4, 6);
  const Targets targets = labelled({0, 1, 2});
  losses::CrossEntropy<double> loss("fine");
  Logits<double> once, poisoned;
  once.zeros_like(logits);
  poisoned.zeros_like(logits);
  std::fill_n(poisoned["fine"].data(), 12, 7.0);
  const double value = loss.evaluate(logits, targets, once, 1);
  CHECK(loss.evaluate(logits, targets, poisoned, 0.5) == value);
  for (Index i = 0; i < 12; ++i)
    CHECK(poisoned["fine"][i] == doctest::Approx(7 + 0.5 * once["fine"][i]).epsilon(1e-14));
}

TEST_CASE("the level of the targets may have another name than the head") {
  Targets targets;
  targets.level("species").labels = {0, 1};
  const auto logits = random_logits("fine", 2, 3, 7);
  auto loss = cross_entropy<double>("fine", {.level = "species"});
  CHECK(loss.value(logits, targets).total == cross_entropy<double>("fine").value(logits, labelled({0, 1})).total);
}

TEST_CASE("targets that do not fit the logits are named in the error") {
  const auto logits = random_logits("fine", 2, 3, 8);
  auto loss = cross_entropy<double>("fine");
  CHECK_THROWS_WITH_AS(loss.value(logits, labelled({0, 3})),
                       "cross_entropy(fine): label 3 of sample 1 of the batch; labels are 0..2, or -1 for none",
                       DataError);
  CHECK_THROWS_AS(loss.value(logits, labelled({-2, 0})), DataError);
  CHECK_THROWS_WITH_AS(loss.value(logits, labelled({0})), "cross_entropy(fine): 1 labels; the batch has 2 samples",
                       ShapeError);
  CHECK_THROWS_WITH_AS(cross_entropy<double>("group").value(logits, labelled({0, 1})),
                       "Logits: no head 'group'; heads are: fine", DataError);
  CHECK_THROWS_WITH_AS(cross_entropy<double>("fine", {.level = "group"}).value(logits, labelled({0, 1})),
                       "Targets: no level 'group'; levels are: fine", DataError);
  CHECK_THROWS_WITH_AS(cross_entropy<double>("fine", {.class_weights = {1, 1}}).value(logits, labelled({0, 1})),
                       "cross_entropy(fine): 2 class weights; the head has 3 classes", ShapeError);
  Targets soft = labelled({0, 1});
  soft.level("fine").probabilities = Tensor<double>(2, Shape{.channels = 4}, 0.25);
  CHECK_THROWS_WITH_AS(loss.value(logits, soft), "cross_entropy(fine): soft targets (2, 4); logits are (2, 3)",
                       ShapeError);
}

TEST_CASE("options outside their range are refused") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(cross_entropy("fine", {.label_smoothing = 1.5}),
                       "cross_entropy(fine): label_smoothing = 1.5; must be in 0..1", OptionError);
  CHECK_THROWS_AS(cross_entropy("fine", {.label_smoothing = nan}), OptionError);
  CHECK_THROWS_AS(cross_entropy("fine", {.class_weights = {1, -1}}), OptionError);
  CHECK_THROWS_AS(cross_entropy("fine", {.class_weights = {nan}}), OptionError);
}
