// Probabilities and the likeliest classes.
#include "hcnn/metrics/prediction.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace hcnn;

TEST_CASE("probabilities are those of the softmax, also where exp would overflow") {
  const std::vector<float> scores{0.0f, 1.0f, 0.0f}, huge{1e4f, -1e4f}, equal{7.0f, 7.0f};
  const auto p = metrics::softmax(std::span<const float>(scores));
  CHECK(p[1] == doctest::Approx(std::exp(1.0) / (2 + std::exp(1.0))));
  CHECK(p[0] + p[1] + p[2] == doctest::Approx(1));
  CHECK(metrics::softmax(std::span<const float>(huge)) == std::vector<double>{1, 0});
  CHECK(metrics::softmax(std::span<const float>(equal)) == std::vector<double>{0.5, 0.5});
}

TEST_CASE("the likeliest classes come first, the lower of equal ones before the other, and never more than there are") {
  const std::vector<double> scores{1, 5, 3, 5};
  CHECK(metrics::likeliest(std::span<const double>(scores), 3) == std::vector<Label>{1, 3, 2});
  CHECK(metrics::likeliest(std::span<const double>(scores), 9).size() == 4);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> broken{nan, 1, nan, 3};
  CHECK(metrics::likeliest(std::span<const double>(broken), 4) == std::vector<Label>{3, 1, 0, 2});
}
