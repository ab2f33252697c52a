// Calibration of each head, and the first samples of each mistake.
#include "hcnn/metrics/inspection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <vector>

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

/// A batch of one head "fine" with three classes, each sample's score 1 at its prediction.
void add_batch(Inspection& inspection, const std::vector<Label>& truths, const std::vector<Label>& predictions) {
  Logits<float> logits;
  Targets targets;
  auto& scores = logits.resize("fine", static_cast<Index>(truths.size()), 3);
  std::fill(scores.begin(), scores.end(), 0.0F);
  for (std::size_t n = 0; n < truths.size(); ++n)
    scores[static_cast<Index>(n) * 3 + predictions[n]] =
        predictions[n] == 2 ? std::numeric_limits<float>::quiet_NaN() : 1;
  targets.level("fine").labels = truths;
  inspection.add(logits, targets);
}

using Samples = std::vector<Index>;

}  // namespace

TEST_CASE("the first samples of each mistake are remembered by their place in the evaluation") {
  Inspection inspection(2);
  add_batch(inspection, {0, 0, 1, kNoLabel}, {1, 0, 0, 1});
  add_batch(inspection, {0, 1, 0}, {1, 1, 1});
  CHECK(inspection.samples() == 7);
  const HeadInspection* head = inspection.find("fine");
  REQUIRE(head);
  CHECK(head->mistakes.size() == 2);
  CHECK(head->mistakes.at({0, 1}) == Samples{0, 4});  // sample 6 is the third
  CHECK(head->mistakes.at({1, 0}) == Samples{2});
  CHECK(inspection.find("coarse") == nullptr);
}

TEST_CASE("every labelled sample with numbers for scores counts for the calibration") {
  Inspection inspection;
  add_batch(inspection, {0, 1, kNoLabel, 1}, {0, 0, 1, 2});
  const double sure = 1 / (1 + 2 * std::exp(-1.0));  // of scores 1, 0, 0: 0.576
  const Calibration& calibration = inspection.find("fine")->calibration;
  CHECK(calibration.total() == 2);
  CHECK(calibration.bins()[8].correct == 1);
  CHECK(calibration.bins()[8].confidence() == doctest::Approx(sure));
  CHECK(calibration.expected_error() == doctest::Approx(sure - 0.5));
}

TEST_CASE("labels that are not as many as the samples are refused") {
  Inspection inspection;
  Logits<float> logits;
  Targets targets;
  logits.resize("fine", 2, 3);
  targets.level("fine").labels = {0};
  CHECK_THROWS_AS(inspection.add(logits, targets), ShapeError);
}
