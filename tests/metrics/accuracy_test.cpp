// Top-k counting: order, ties, NaN, skipped samples.
#include "hcnn/metrics/accuracy.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace hcnn;
using namespace hcnn::metrics;

namespace {

Tensor<float> rows(Index count, const std::vector<float>& values) {
  Tensor<float> scores(count, Shape{.channels = static_cast<Index>(values.size()) / count});
  std::copy(values.begin(), values.end(), scores.begin());
  return scores;
}

}  // namespace

TEST_CASE("the rank of a class is the number of classes with a greater score") {
  const std::vector<float> scores = {0.1f, 3, -2, 0.5f};
  const std::span<const float> z(scores);
  CHECK(rank_of(z, 1) == 0);
  CHECK(rank_of(z, 3) == 1);
  CHECK(rank_of(z, 0) == 2);
  CHECK(rank_of(z, 2) == 3);
  CHECK(in_top(2, z, 3));
  CHECK_FALSE(in_top(2, z, 0));
  CHECK(in_top(9, z, 2));
}

TEST_CASE("of equal scores the lower class comes first, in argmax and in ranks") {
  const std::vector<float> scores = {1, 2, 2, 2};
  const std::span<const float> z(scores);
  CHECK(argmax(z) == 1);
  CHECK(rank_of(z, 1) == 0);
  CHECK(rank_of(z, 2) == 1);
  CHECK(rank_of(z, 3) == 2);
}

TEST_CASE("NaN scores earn no hits") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> all = {nan, nan, nan}, some = {1, nan, 0};
  CHECK(rank_of(std::span<const float>(all), 0) == 2);
  CHECK(rank_of(std::span<const float>(some), 0) == 1);
  CHECK(rank_of(std::span<const float>(some), 1) == 2);
}

TEST_CASE("top-k accuracy counts labelled samples only") {
  const auto scores = rows(3, {1, 2, 3, 3, 2, 1, 1, 3, 2});
  const std::vector<Label> labels = {2, 1, kNoLabel};
  CHECK(top_k(1, scores, std::span<const Label>(labels)) == Share{1, 2});
  CHECK(top_k(2, scores, std::span<const Label>(labels)) == Share{2, 2});
  CHECK(top_k(1, scores, std::span<const Label>(labels)).value() == 0.5);
  CHECK(Share{}.value() == 0);
}

TEST_CASE("labels that do not fit the scores are refused") {
  const auto scores = rows(2, {1, 2, 3, 4});
  const std::vector<Label> high = {0, 2}, low = {0, -2}, one = {0};
  CHECK_THROWS_WITH_AS(top_k(1, scores, std::span(high)), "top_k: label 2; labels are 0..1", DataError);
  CHECK_THROWS_AS(top_k(1, scores, std::span(low)), DataError);
  CHECK_THROWS_WITH_AS(top_k(1, scores, std::span(one)), "top_k: 1 labels; there are 2 samples", ShapeError);
  CHECK_THROWS_AS(top_k(0, scores, std::span(high)), OptionError);
}
