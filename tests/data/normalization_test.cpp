// Per-channel normalisation.
#include "hcnn/data/normalization.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace hcnn;
using data::Normalization;

TEST_CASE("mean and deviation are measured per channel over all pixels and samples") {
  const Shape shape{.height = 1, .width = 2, .channels = 2};
  // channel 0: 1 3 5 7, mean 4, variance (9 + 1 + 1 + 9) / 4 = 5; channel 1: always 2
  const data::Dataset set(shape, std::vector<float>{1, 2, 3, 2, 5, 2, 7, 2}, {});
  const Normalization measured = data::measure_normalization(set);
  CHECK(measured.mean == std::vector<float>{4, 2});
  CHECK(measured.deviation == std::vector<float>{static_cast<float>(std::sqrt(5.0)), 1});
}

TEST_CASE("normalised data have mean 0 and deviation 1, also far from 0") {
  std::vector<float> values;
  for (int i = 0; i < 1000; ++i) values.push_back(4096.0F + static_cast<float>(i % 8));  // exact in float
  const data::Dataset set(Shape{}, values, {});
  const Normalization measured = data::measure_normalization(set);
  std::vector<float> changed = values;
  for (float& value : changed) measured.apply(&value, Shape{});
  const Normalization again = data::measure_normalization(data::Dataset(Shape{}, changed, {}));
  CHECK(std::abs(again.mean[0]) < 1e-6F);
  CHECK(std::abs(again.deviation[0] - 1.0F) < 1e-6F);
}

TEST_CASE("the measure is the same at 1 and 3 threads") {
  std::vector<std::uint8_t> pixels(3 * 1000);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i % 251);
  const data::Dataset set(Shape{.channels = 3}, pixels, {});
  const auto measure = [&](int threads) {
    const ThreadCountScope scope(threads);
    return data::measure_normalization(set);
  };
  const Normalization one = measure(1), three = measure(3);
  CHECK(one.mean == three.mean);
  CHECK(one.deviation == three.deviation);
}

TEST_CASE("without values nothing is normalised") {
  std::vector<float> image{1, 2, 3};
  Normalization{}.apply(image.data(), Shape{.channels = 3});
  CHECK(image == std::vector<float>{1, 2, 3});
}

TEST_CASE("a normalisation that does not fit the channels or would divide by 0 is refused") {
  const Shape shape{.channels = 3};
  const auto check = [&](const std::vector<float>& mean, const std::vector<float>& deviation) {
    Normalization{mean, deviation}.check(shape);
  };
  CHECK_NOTHROW(check({}, {}));
  CHECK_NOTHROW(check({0, 0, 0}, {1, 1, 1}));
  CHECK_THROWS_AS(check({0, 0}, {1, 1}), ShapeError);
  CHECK_THROWS_AS(check({0, 0, 0}, {1, 1}), ShapeError);
  CHECK_THROWS_AS(check({}, {1, 1, 1}), ShapeError);
  CHECK_THROWS_AS(check({0, 0, 0}, {1, 0, 1}), OptionError);
  CHECK_THROWS_AS(check({0, std::nanf(""), 0}, {1, 1, 1}), OptionError);
  CHECK_THROWS_AS(data::measure_normalization(data::Dataset(shape, std::vector<float>(3), {}).subset({})), DataError);
}
