// Bootstrap intervals of figures, and intervals of means over seeds.
#include "hcnn/metrics/bootstrap.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

/// `hits` of `samples` count.
SampleRatio share(std::size_t samples, std::size_t hits) {
  SampleRatio figure{.name = "share",
                     .numerators = std::vector<float>(samples, 0.0F),
                     .denominators = std::vector<float>(samples, 1.0F)};
  for (std::size_t n = 0; n < hits; ++n) figure.numerators[n] = 1;
  return figure;
}

}  // namespace

TEST_CASE("the interval of an accuracy is that of the normal approximation within 10 % of its half width") {
  const std::vector<SampleRatio> figures = {share(2000, 1400)};
  const Interval interval = bootstrap_intervals(figures, {.resamples = 4000})[0];
  const double half = 1.96 * std::sqrt(0.7 * 0.3 / 2000);  // binomial
  CHECK(std::abs(interval.low - (0.7 - half)) < 0.1 * half);
  CHECK(std::abs(interval.high - (0.7 + half)) < 0.1 * half);
  const Interval narrow = bootstrap_intervals(figures, {.resamples = 4000, .level = 0.6827})[0];
  CHECK(std::abs((narrow.high - narrow.low) / (interval.high - interval.low) - 1 / 1.96) < 0.08 / 1.96);
}

TEST_CASE("of all samples alike the interval is one point, and a figure without denominators is 0") {
  const std::vector<SampleRatio> figures = {
      share(50, 50),
      share(50, 0),
      {.name = "none", .numerators = std::vector<float>(50, 0.0F), .denominators = std::vector<float>(50, 0.0F)}};
  const std::vector<Interval> intervals = bootstrap_intervals(figures);
  CHECK(intervals[0].low == 1);
  CHECK(intervals[0].high == 1);
  CHECK(intervals[1].high == 0);
  CHECK(intervals[2].low == 0);
  CHECK(intervals[2].high == 0);
  CHECK(figures[2].value() == 0);
}

TEST_CASE("a ratio of sums is drawn as a ratio: severity of the mistakes alone") {
  SampleRatio severity{.name = "ms"};
  for (int n = 0; n < 300; ++n) {
    severity.numerators.push_back(n < 200 ? 0.0F : n < 250 ? 1.0F : 3.0F);
    severity.denominators.push_back(n < 200 ? 0.0F : 1.0F);
  }
  CHECK(severity.value() == 2);
  const Interval interval = bootstrap_intervals(std::vector<SampleRatio>{severity}, {.resamples = 4000})[0];
  // 100 mistakes, half of each kind: deviation 1 / sqrt(100). As a mean over all samples the width would be about 0.25.
  CHECK(std::abs(interval.high - interval.low - 2 * 1.96 * 0.1) < 0.12 * 2 * 1.96 * 0.1);
  CHECK(std::abs((interval.low + interval.high) / 2 - 2) < 0.03);
}

TEST_CASE("the same seed gives the same interval at any number of threads, another seed another one") {
  const std::vector<SampleRatio> figures = {share(300, 123)};
  const auto interval = [&](int threads) {
    const ThreadCountScope scope(threads);
    return bootstrap_intervals(figures)[0];
  };
  const Interval one = interval(1), three = interval(3);
  CHECK(one.low == three.low);
  CHECK(one.high == three.high);
  const Interval other = bootstrap_intervals(figures, {.resamples = 999, .seed = 2})[0];
  CHECK((other.low != one.low || other.high != one.high));
}

TEST_CASE("with 39 drawings the 95 % interval is from the least value to the greatest") {
  std::vector<SampleRatio> figures = {share(100, 50)};
  for (std::size_t n = 0; n < 100; ++n)
    figures[0].numerators[n] = std::sqrt(static_cast<float>(n));                            // no two means alike
  const Interval all = bootstrap_intervals(figures, {.resamples = 39})[0];                  // k = floor(40 * 0.025) = 1
  const Interval fewer = bootstrap_intervals(figures, {.resamples = 39, .level = 0.9})[0];  // k = 2
  CHECK(all.low < fewer.low);
  CHECK(fewer.high < all.high);
}

TEST_CASE("options and figures that make no bootstrap are refused") {
  std::vector<SampleRatio> figures = {share(10, 5)};
  CHECK_THROWS_AS(bootstrap_intervals(figures, {.resamples = 0}), OptionError);
  CHECK_THROWS_AS(bootstrap_intervals(figures, {.level = 1}), OptionError);
  CHECK_THROWS_AS(bootstrap_intervals(figures, {.level = 0}), OptionError);
  figures.push_back(share(11, 5));
  CHECK_THROWS_AS(bootstrap_intervals(figures), DataError);
  CHECK_THROWS_AS(bootstrap_intervals(std::vector<SampleRatio>{{.name = "none"}}), DataError);
  CHECK(bootstrap_intervals(std::vector<SampleRatio>{}).empty());
}

TEST_CASE("the interval of a mean over seeds is Student's") {
  const std::vector<double> three = {1, 2, 3};  // mean 2, s = 1: 4.303 / sqrt(3)
  const Interval interval = mean_interval(three);
  CHECK(interval.low == doctest::Approx(2 - 4.303 / std::sqrt(3.0)).epsilon(1e-12));
  CHECK(interval.high == doctest::Approx(2 + 4.303 / std::sqrt(3.0)).epsilon(1e-12));
  const std::vector<double> one = {5};
  CHECK(mean_interval(one).low == 5);
  CHECK(mean_interval(one).high == 5);
  CHECK_THROWS_AS(mean_interval(std::vector<double>{}), DataError);
  CHECK(student_quantile(1) == 12.706);
  CHECK(student_quantile(10) == 2.228);
  CHECK(student_quantile(17) == 2.110);
  CHECK(student_quantile(30) == 2.042);
  CHECK(student_quantile(39) == 2.042);
  CHECK(student_quantile(40) == 2.021);
  CHECK(student_quantile(1000) == 1.980);
  CHECK_THROWS_AS(student_quantile(0), OptionError);
}
