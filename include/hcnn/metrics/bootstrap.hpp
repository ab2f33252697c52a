// Bootstrap confidence intervals: how much a metric would vary with other test samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/random.hpp"

namespace hcnn::metrics {

/// Interval from `low` to `high`.
struct Interval {
  double low = 0;   ///< lower end, inclusive
  double high = 0;  ///< upper end, inclusive
};

/// A metric that is a ratio of two sums over samples: sum_n numerators[n] / sum_n denominators[n]. For an accuracy, the
/// denominator is 1 if the sample has a label; for mistake severity, if the prediction is a mistake.
struct SampleRatio {
  std::string name;                      ///< name, e.g. "fine.top1"
  std::vector<float> numerators = {};    ///< one for each sample
  std::vector<float> denominators = {};  ///< one for each sample

  /// Value of the metric; 0 if the denominators sum to 0.
  double value() const {
    double above = 0, below = 0;
    for (const float each : numerators) above += double{each};
    for (const float each : denominators) below += double{each};
    return below == 0 ? 0.0 : above / below;
  }
};

/// Options of `bootstrap_intervals`.
struct BootstrapOptions {
  Index resamples = 1000;  ///< number of resamples, each with replacement and of the full sample count; at least 1
  double level = 0.95;     ///< fraction of the resamples inside the interval, above 0 and below 1
  std::uint64_t seed = 1;  ///< seed of the resampling; intervals do not depend on the number of threads
};

/// Percentile bootstrap interval of each metric: the samples are drawn with replacement, with the same draws for all
/// metrics; of the B values in rising order the interval is from number k to number B + 1 - k, k = floor((B + 1) (1 -
/// level) / 2), at least 1. It covers the variation over test samples, not over training runs. Throws OptionError for
/// an option outside its range, DataError if the metrics differ in their number of samples or have none.
/// Source: Efron, Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
inline std::vector<Interval> bootstrap_intervals(std::span<const SampleRatio> figures,
                                                 const BootstrapOptions& options = {}) {
  require_option(options.resamples >= 1, "bootstrap_intervals", "resamples", options.resamples, "must be at least 1");
  require_option(options.level > 0 && options.level < 1, "bootstrap_intervals", "level", options.level,
                 "must be above 0 and below 1");
  if (figures.empty()) return {};
  const std::size_t samples = figures.front().numerators.size();
  for (const SampleRatio& figure : figures)
    if (figure.numerators.size() != samples || figure.denominators.size() != samples || samples == 0)
      fail<DataError>("bootstrap_intervals figure '" + figure.name + "'",
                      concat(figure.numerators.size(), " and ", figure.denominators.size(), " samples"),
                      "as many as of the first figure are needed, at least one");
  const std::size_t count = figures.size();
  std::vector<double> values(static_cast<std::size_t>(options.resamples) * count);
  parallel_for(options.resamples, [&](Index b) {
    RandomStream random(Seed{options.seed}, hash_name("bootstrap"), 0, static_cast<std::uint64_t>(b));
    std::vector<double> above(count, 0.0), below(count, 0.0);
    for (std::size_t i = 0; i < samples; ++i) {
      const std::size_t n = random.below(static_cast<std::uint32_t>(samples));
      for (std::size_t f = 0; f < count; ++f) {
        above[f] += double{figures[f].numerators[n]};
        below[f] += double{figures[f].denominators[n]};
      }
    }
    for (std::size_t f = 0; f < count; ++f)
      values[f * static_cast<std::size_t>(options.resamples) + static_cast<std::size_t>(b)] =
          below[f] == 0 ? 0.0 : above[f] / below[f];
  });
  const double place = static_cast<double>(options.resamples + 1) * (1 - options.level) / 2;
  const auto rank = std::max(Index{1}, static_cast<Index>(std::floor(place + 1e-9)));  // 40 * (1 - 0.9) / 2 < 2
  std::vector<Interval> intervals;
  for (std::size_t f = 0; f < count; ++f) {
    double* const first = values.data() + static_cast<Index>(f) * options.resamples;
    std::sort(first, first + options.resamples);
    intervals.push_back({first[rank - 1], first[options.resamples - rank]});
  }
  return intervals;
}

/// 0.975-quantile of Student's t distribution to 3 decimals, for at least 1 degree of freedom; above 30, the quantile
/// for the nearest lower one of 30, 40, 60 and 120 degrees. Throws OptionError below 1.
inline double student_quantile(Index degrees) {
  constexpr double kUpTo30[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  require_option(degrees >= 1, "student_quantile", "degrees", degrees, "must be at least 1");
  return degrees < 40    ? kUpTo30[std::min<Index>(degrees, 30) - 1]
         : degrees < 60  ? 2.021
         : degrees < 120 ? 2.000
                         : 1.980;
}

/// 95 % confidence interval of the mean of a few measurements, e.g. one per seed: mean +- t s / sqrt(n), s the sample
/// standard deviation, t Student's quantile for n - 1 degrees of freedom. For a single value, both ends are that value.
/// Throws DataError if there are no values.
inline Interval mean_interval(std::span<const double> values) {
  if (values.empty()) fail<DataError>("mean_interval", "no value", "at least one is needed");
  const auto count = static_cast<double>(values.size());
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  if (values.size() == 1) return {mean, mean};
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half =
      student_quantile(static_cast<Index>(values.size()) - 1) * std::sqrt(squares / (count - 1) / count);
  return {mean - half, mean + half};
}

}  // namespace hcnn::metrics
