// Confidence, reliability bins and expected calibration error.
#include "hcnn/metrics/calibration.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

double confidence_of(const std::vector<float>& scores) { return confidence(std::span<const float>(scores)); }

}  // namespace

TEST_CASE("confidence is the probability of the likeliest class, also where exp would overflow") {
  CHECK(confidence_of({0, 0, 0, 0}) == doctest::Approx(0.25));
  CHECK(confidence_of({1e4F, 0}) == 1);
  CHECK(confidence_of({0, std::log(3.0F)}) == doctest::Approx(0.75));
  CHECK(confidence_of({3}) == 1);
  const double unknown = confidence_of({std::numeric_limits<float>::quiet_NaN(), 0});
  CHECK(unknown != unknown);
}

TEST_CASE("bins have equal width and hold their upper edge") {
  Calibration calibration;
  for (const double edge : {0.0, 1e-9, 1.0 / 15, 0.2, 0.2000001, 1.0}) calibration.add(edge, false);
  std::vector<Index> counts;
  for (const CalibrationBin& bin : calibration.bins()) counts.push_back(bin.count);
  CHECK(counts == std::vector<Index>{3, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
}

TEST_CASE("the expected calibration error weighs each bin's gap by its samples") {
  Calibration calibration;
  CHECK(calibration.expected_error() == 0);
  // Bin 15, (14/15, 1]: four at 0.95, two right, gap 0.45. Bin 8, (7/15, 8/15]: 0.5 right and 0.52 wrong, gap 0.01.
  // One sample at 0.3, right: gap 0.7. ECE = 4/7 * 0.45 + 2/7 * 0.01 + 1/7 * 0.7 = 2.52 / 7 = 0.36.
  for (int i = 0; i < 4; ++i) calibration.add(0.95, i < 2);
  calibration.add(0.5, true);
  calibration.add(0.52, false);
  calibration.add(0.3, true);
  CHECK(calibration.total() == 7);
  CHECK(calibration.expected_error() == doctest::Approx(0.36).epsilon(1e-12));
  CHECK(calibration.bins()[14].accuracy() == 0.5);
  CHECK(calibration.bins()[14].confidence() == doctest::Approx(0.95).epsilon(1e-12));
  CHECK(calibration.bins()[7].accuracy() == 0.5);
  CHECK(calibration.bins()[0].accuracy() == 0);
  CHECK(calibration.bins()[0].confidence() == 0);
}

TEST_CASE("a confidence that is no probability is refused") {
  Calibration calibration;
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_AS(calibration.add(wrong, true), NumericError);
  CHECK(calibration.total() == 0);
}
