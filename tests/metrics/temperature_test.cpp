// Temperature scaling: the rule, and the temperature with the least negative log-likelihood.
#include "hcnn/metrics/temperature.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/metrics/calibration.hpp"

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

/// Scores (N, 2) with `z` for class 0 and 0 for class 1, and the labels.
struct Sample {
  Tensor<double> scores;
  std::vector<Label> labels;
};

Sample two_classes(double z, Index right, Index wrong) {
  Sample sample{Tensor<double>(right + wrong, Shape{.channels = 2}), {}};
  for (Index n = 0; n < right + wrong; ++n) {
    sample.scores[2 * n] = z;
    sample.scores[2 * n + 1] = 0;
    sample.labels.push_back(n < right ? 0 : 1);
  }
  return sample;
}

/// Labels drawn from the softmax of normal scores, and those scores times `factor`.
Sample drawn(Index samples, Index classes, double factor) {
  Sample sample{Tensor<double>(samples, Shape{.channels = classes}), {}};
  RandomStream random(Seed{3}, hash_name("temperature test"));
  for (Index n = 0; n < samples; ++n) {
    double* const z = sample.scores.view().sample(n);
    for (Index k = 0; k < classes; ++k) z[k] = 2 * random.normal();
    const std::vector<double> p = softmax(row(sample.scores, n));
    double left = random.uniform();
    Label label = 0;
    while (label + 1 < classes && (left -= p[static_cast<std::size_t>(label)]) > 0) ++label;
    sample.labels.push_back(label);
    for (Index k = 0; k < classes; ++k) z[k] *= factor;
  }
  return sample;
}

double expected_error(const Tensor<double>& scores, const std::vector<Label>& labels) {
  Calibration calibration;
  for (Index n = 0; n < scores.count(); ++n)
    calibration.add(confidence(row(scores, n)), argmax(row(scores, n)) == labels[static_cast<std::size_t>(n)]);
  return calibration.expected_error();
}

}  // namespace

TEST_CASE("for two classes the fitted temperature makes the probability the share of right answers") {
  // softmax of z / T is the logistic function: T = z / log(right / wrong)
  const Sample sample = two_classes(6, 30, 10);
  CHECK(fit_temperature(sample.scores, std::span<const Label>(sample.labels)) ==
        doctest::Approx(6 / std::log(3.0)).epsilon(1e-11));
}

TEST_CASE("scores three times too sure get a temperature of about three, and their calibration error falls") {
  const Sample sample = drawn(4000, 6, 3);
  const std::span<const Label> labels(sample.labels);
  const double temperature = fit_temperature(sample.scores, labels);
  CHECK(temperature == doctest::Approx(3).epsilon(0.06));  // the estimate's deviation for 4000 samples is about 2 %
  const double least = negative_log_likelihood(sample.scores, labels, temperature);
  for (const double factor : {0.5, 0.99, 1.01, 2.0})
    CHECK(least < negative_log_likelihood(sample.scores, labels, factor * temperature));
  Logits<double> logits;
  logits.resize("fine", 4000, 6) = sample.scores;
  Temperature({{"fine", temperature}}).apply(logits);
  CHECK(negative_log_likelihood(logits["fine"], labels) == doctest::Approx(least).epsilon(1e-12));
  CHECK(expected_error(logits["fine"], sample.labels) < 0.3 * expected_error(sample.scores, sample.labels));
}

TEST_CASE("scores times a factor have a temperature times that factor") {
  const Sample one = drawn(200, 4, 1), five = drawn(200, 4, 5);
  CHECK(fit_temperature(five.scores, std::span<const Label>(five.labels)) ==
        doctest::Approx(5 * fit_temperature(one.scores, std::span<const Label>(one.labels))).epsilon(1e-10));
}

TEST_CASE(
    "where every prediction is right the temperature ends at the least of its range, where all are wrong at the most") {
  const Sample right = two_classes(0.1, 5, 0), wrong = two_classes(0.1, 0, 5);
  CHECK(fit_temperature(right.scores, std::span<const Label>(right.labels)) == doctest::Approx(1e-3));
  CHECK(fit_temperature(wrong.scores, std::span<const Label>(wrong.labels)) == doctest::Approx(1e3));
  const Sample sure = two_classes(10, 5, 0);  // the other probability underflows before the end of the range
  CHECK(fit_temperature(sure.scores, std::span<const Label>(sure.labels)) == doctest::Approx(1e-3));
}

TEST_CASE("an observer fits each head that has labels, batch by batch, without the samples that have none") {
  TemperatureFit fit;
  CHECK_THROWS_AS(fit.rule(), DataError);
  const auto add = [&](Label fine) {
    Logits<float> logits;
    Targets targets;
    for (const char* head : {"fine", "coarse", "other"}) {
      auto& scores = logits.resize(head, 2, 2);
      scores[0] = scores[2] = 6;
      scores[1] = scores[3] = 0;
    }
    targets.level("fine").labels = {fine, kNoLabel};
    targets.level("coarse").labels = {0, 1};
    fit.add(logits, targets);
  };
  for (const Label label : {0, 0, 1, 0}) add(label);
  const Temperature rule = fit.rule();
  CHECK(rule.temperatures().size() == 2);
  CHECK(rule.temperatures().at("fine") == doctest::Approx(6 / std::log(3.0)).epsilon(1e-10));
  CHECK(rule.temperatures().at("coarse") == doctest::Approx(1e3));  // half are right: guessing is best
  CHECK(fit.negative_log_likelihood("fine", 1e9) == doctest::Approx(std::log(2.0)).epsilon(1e-6));
  CHECK(rule.name() == concat("temperature(coarse ", rule.temperatures().at("coarse"), ", fine ",
                              rule.temperatures().at("fine"), ")"));
}

TEST_CASE("a head that has another number of classes than in the batches before is refused") {
  TemperatureFit fit;
  Targets targets;
  targets.level("fine").labels = {0};
  Logits<float> three, two;
  three.resize("fine", 1, 3);
  two.resize("fine", 1, 2);
  fit.add(three, targets);
  CHECK_THROWS_WITH_AS(fit.add(two, targets), "TemperatureFit head 'fine': 2 classes; the batches before had 3",
                       ShapeError);
}

TEST_CASE("no labels, scores that are no numbers and temperatures out of range are refused") {
  const double infinite = std::numeric_limits<double>::infinity();
  Sample sample = two_classes(1, 1, 1);
  const std::vector<Label> none = {kNoLabel, kNoLabel};
  CHECK_THROWS_AS(fit_temperature(sample.scores, std::span<const Label>(none)), DataError);
  sample.scores[1] = infinite;
  CHECK_THROWS_AS(fit_temperature(sample.scores, std::span<const Label>(sample.labels)), NumericError);
  for (const double wrong : {0.0, -1.0, 1e-40, 1e46, infinite})
    CHECK_THROWS_AS(Temperature({{"fine", wrong}}), OptionError);
  Logits<double> logits;
  logits.resize("fine", 1, 2);
  CHECK_THROWS_AS(Temperature({{"coarse", 2.0}}).apply(logits), DataError);
}

TEST_CASE("labels that are no class, or too few, are refused") {
  const Tensor<double> scores(2, Shape{.channels = 3});
  for (const std::vector<Label>& labels : {std::vector<Label>{0, 3}, std::vector<Label>{0, -2}}) {
    CHECK_THROWS_AS(negative_log_likelihood(scores, std::span<const Label>(labels)), DataError);
    CHECK_THROWS_AS(fit_temperature(scores, labels), DataError);
  }
  const std::vector<Label> one{0};
  CHECK_THROWS_AS(negative_log_likelihood(scores, std::span<const Label>(one)), ShapeError);
  CHECK_THROWS_AS(fit_temperature(scores, one), ShapeError);
}
