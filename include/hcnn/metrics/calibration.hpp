// Calibration: does confidence match accuracy? Reliability diagram and expected calibration error.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "hcnn/core/argmax.hpp"
#include "hcnn/core/check.hpp"

namespace hcnn::metrics {

/// Probability of the likeliest class, 1 / sum_k exp(z_k - max z): at least 1 / classes. NaN if any score is.
template <class M>
double confidence(std::span<const M> scores) {
  const auto greatest = static_cast<double>(scores[static_cast<std::size_t>(argmax(scores))]);
  double sum = 0;
  for (const M score : scores) sum += std::exp(static_cast<double>(score) - greatest);
  return 1 / sum;
}

/// Samples in one range of confidences.
struct CalibrationBin {
  Index count = 0;            ///< number of samples
  Index correct = 0;          ///< number of samples predicted correctly
  double confidence_sum = 0;  ///< sum of the confidences of all samples

  /// Fraction of the samples predicted correctly; 0 without samples.
  double accuracy() const { return count == 0 ? 0.0 : static_cast<double>(correct) / static_cast<double>(count); }
  /// Mean confidence; 0 without samples.
  double confidence() const { return count == 0 ? 0.0 : confidence_sum / static_cast<double>(count); }
};

/// Samples by confidence of their prediction, in 15 bins of equal width: bin m = 1..15 holds ((m-1)/15, m/15].
/// Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599, section 2.
class Calibration {
 public:
  static constexpr std::size_t kBins = 15;  ///< number of bins, as in the paper's experiments

  /// Counts one sample. Throws NumericError for a confidence outside 0..1, NaN included.
  void add(double confidence, bool correct) {
    if (!(confidence >= 0 && confidence <= 1))
      fail<NumericError>("Calibration", concat("confidence ", confidence), "probabilities are 0..1");
    const double upper = std::ceil(confidence * static_cast<double>(kBins));  // number of the bin, from 1
    CalibrationBin& bin = bins_[static_cast<std::size_t>(std::max(upper, 1.0)) - 1];
    ++bin.count;
    bin.correct += correct ? 1 : 0;
    bin.confidence_sum += confidence;
  }

  /// All bins, from lowest to highest confidence.
  const std::array<CalibrationBin, kBins>& bins() const { return bins_; }
  /// Number of samples counted.
  Index total() const {
    Index sum = 0;
    for (const CalibrationBin& bin : bins_) sum += bin.count;
    return sum;
  }
  /// Expected calibration error: sum_m |B_m| / n * |accuracy(B_m) - confidence(B_m)| (equation 3), 0..1; 0 without
  /// samples.
  double expected_error() const {
    double sum = 0;
    for (const CalibrationBin& bin : bins_)
      sum += std::abs(static_cast<double>(bin.correct) - bin.confidence_sum);  // |B_m| times the difference
    return total() == 0 ? 0.0 : sum / static_cast<double>(total());
  }

 private:
  std::array<CalibrationBin, kBins> bins_ = {};
};

}  // namespace hcnn::metrics
