// MaxPool2d: known values, ties, padding, gradients, misuse.
#include "hcnn/layers/max_pool.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE_TEMPLATE("each window gives its maximum, and the maximum alone takes the gradient", T, float, double,
                   bfloat16) {
  MaxPool2d<T> layer{{.window = 2}};
  LayerRunner<T> run(layer, 1, {2, 4, 1});
  assign(run.x(), {1, 5, -3, -2,  //
                   4, 2, -1, -4});
  assign(run.dy(), {10, 20});
  CHECK(numbers(run.forward()) == std::vector<double>{5, -1});
  CHECK(numbers(run.backward()) == std::vector<double>{0, 10, 0, 0, 0, 0, 20, 0});
  CHECK(numbers(run.infer()) == std::vector<double>{5, -1});
}

TEST_CASE("of equal values the first in row-major order takes the gradient") {
  MaxPool2d<float> layer{{.window = 2}};
  LayerRunner<float> run(layer, 1, {2, 2, 1});
  assign(run.x(), {1, 7, 7, 7});
  assign(run.dy(), {1});
  run.forward();
  CHECK(numbers(run.backward()) == std::vector<double>{0, 1, 0, 0});
}

TEST_CASE("padding never wins, and a pixel under several windows sums their gradients") {
  MaxPool2d<double> layer{{.window = 3, .stride = 1, .padding = 1}};
  LayerRunner<double> run(layer, 1, {2, 2, 1});
  assign(run.x(), {-4, -3, -2, -1});
  assign(run.dy(), {1, 2, 4, 8});
  CHECK(numbers(run.forward()) == std::vector<double>{-1, -1, -1, -1});
  CHECK(numbers(run.backward()) == std::vector<double>{0, 0, 0, 15});
}

TEST_CASE("bfloat16 sums the gradients of overlapping windows before it rounds") {
  MaxPool2d<bfloat16> layer{{.window = {1, 3}, .stride = 1, .padding = {0, 1}}};
  LayerRunner<bfloat16> run(layer, 1, {1, 3, 1});
  assign(run.x(), {0, 1, 0});
  assign(run.dy(), {256, 1, 1});  // 256 + 1 rounds to 256 in bfloat16; 256 + 2 = 258 is exact
  run.forward();
  CHECK(numbers(run.backward()) == std::vector<double>{0, 258, 0});
}

TEST_CASE("a map of -infinity keeps its gradient inside the window; NaN wins") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  MaxPool2d<float> layer{{.window = 2}};
  LayerRunner<float> run(layer, 1, {2, 2, 2});
  assign(run.x(), {-kInfinity, 1, -kInfinity, 9, -kInfinity, std::nan(""), -kInfinity, 3});
  assign(run.dy(), {5, 6});
  CHECK(run.forward()[0] == -kInfinity);
  CHECK(std::isnan(run.forward()[1]));
  CHECK(numbers(run.backward()) == std::vector<double>{5, 0, 0, 0, 0, 6, 0, 0});
  CHECK(std::isnan(run.infer()[1]));
}

TEST_CASE("the derivatives of MaxPool2d are right on every shape" * doctest::test_suite("proof")) {
  struct Case {
    MaxPool2dOptions options;
    InputCase input;
  };
  const std::vector<Case> cases = {
      {{.window = 2}, {1, {2, 2, 1}}},
      {{.window = 2}, {2, {8, 8, 3}}},
      {{.window = 2}, {1, {5, 7, 4}}},  // odd sides: the last row is left out
      {{.window = 3, .stride = 2, .padding = 1}, {2, {7, 7, 2}}},
      {{.window = 3, .stride = 1, .padding = 1}, {1, {5, 5, 1}}},
      {{.window = 2, .stride = 3}, {2, {8, 8, 2}}},  // stride > window: pixels nobody reads
      {{.window = {2, 3}, .stride = {1, 2}}, {2, {4, 9, 3}}},
      {{.window = {3, 1}, .stride = {2, 1}, .padding = {1, 0}}, {1, {9, 4, 5}}},
      {{.window = 1}, {2, {3, 3, 2}}},
      {{.window = {4, 5}}, {3, {4, 5, 17}}},                  // one window
      {{.window = {17, 16}, .stride = 1}, {1, {18, 17, 2}}},  // 272 taps: more than a byte counts
      {{.window = 4, .stride = 4, .padding = 2}, {1, {5, 6, 3}}},
      {{.window = {1, 2}}, {2, {1, 6, 1}}}};
  Proof proof("MaxPool2d");
  for (const Case& item : cases)
    proof.add(check_layer(MaxPool2d<double>(item.options), item.input.shape, {.count = item.input.count}),
              item.input.count, item.input.shape, item.options);
}

TEST_CASE("the output has PyTorch's shape") {
  CHECK((MaxPool2d{{.window = 2}}.build({32, 32, 64}) == Shape{16, 16, 64}));
  CHECK((MaxPool2d{{.window = 3, .stride = 2, .padding = 1}}.build({112, 112, 8}) == Shape{56, 56, 8}));
  CHECK((MaxPool2d{{.window = 2}}.build({5, 7, 1}) == Shape{2, 3, 1}));
}

TEST_CASE("misuse of MaxPool2d is named in the error") {
  CHECK_THROWS_WITH_AS(MaxPool2d{{.window = 8}}.build({4, 4, 3}), "MaxPool2d: window 8; input is 4x4", ShapeError);
  CHECK_THROWS_WITH_AS((MaxPool2d{{.window = {2, 3}, .stride = 1, .padding = 1}}.build({1, 0, 3})),
                       "MaxPool2d: shape 1x0x3; every extent must be at least 1", ShapeError);
  CHECK_THROWS_WITH_AS((MaxPool2d{{.window = 2, .padding = 2}}),
                       "MaxPool2d: window 2, stride 0, padding 2; padding must be from 0 to half the window",
                       OptionError);
  CHECK_THROWS_AS(MaxPool2d{{.window = 0}}, OptionError);
  CHECK_THROWS_AS((MaxPool2d{{.window = 2, .padding = std::numeric_limits<Index>::max()}}), OptionError);
  CHECK_THROWS_AS((MaxPool2d{{.window = 2, .stride = -1}}), OptionError);
}

TEST_CASE("MaxPool2d describes itself") {
  CHECK(MaxPool2d{}.options() == "window 2");
  CHECK((MaxPool2d{{.window = {3, 2}, .stride = 2, .padding = 1}}.options() == "window 3x2, stride 2, padding 1"));
}
