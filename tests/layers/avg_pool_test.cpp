// AvgPool2d, AdaptiveAvgPool2d, GlobalAvgPool2d: known values, gradients, misuse.
#include "hcnn/layers/avg_pool.hpp"

#include <doctest/doctest.h>

#include "hcnn/layers/adaptive_avg_pool.hpp"
#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE_TEMPLATE("each window gives its mean and shares the gradient out evenly", T, float, double, bfloat16) {
  AvgPool2d<T> layer{{.window = 2}};
  LayerRunner<T> run(layer, 1, {2, 4, 1});
  assign(run.x(), {1, 5, -3, -2,  //
                   4, 2, -1, -4});
  assign(run.dy(), {4, 8});
  CHECK(numbers(run.forward()) == std::vector<double>{3, -2.5});
  CHECK(numbers(run.backward()) == std::vector<double>{1, 1, 2, 2, 1, 1, 2, 2});
}

TEST_CASE("padding counts in the mean as zeros") {
  AvgPool2d<double> layer{{.window = 2, .padding = 1}};
  LayerRunner<double> run(layer, 1, {2, 2, 1});
  assign(run.x(), {4, 8, 12, 16});
  CHECK(numbers(run.forward()) == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("bfloat16 sums a window before it rounds") {
  AvgPool2d<bfloat16> layer{{.window = {1, 4}}};
  LayerRunner<bfloat16> run(layer, 1, {1, 4, 1});
  assign(run.x(), {256, 1, 1, 2});  // one by one in bfloat16: 256 + 1 + 1 + 2 = 258
  CHECK(numbers(run.forward()) == std::vector<double>{65});
}

TEST_CASE("the derivatives of AvgPool2d are right on every shape" * doctest::test_suite("proof")) {
  struct Case {
    AvgPool2dOptions options;
    InputCase input;
  };
  const std::vector<Case> cases = {{{.window = 2}, {1, {2, 2, 1}}},
                                   {{.window = 2}, {2, {8, 8, 3}}},
                                   {{.window = 2}, {1, {5, 7, 4}}},
                                   {{.window = 3, .stride = 2, .padding = 1}, {2, {7, 7, 2}}},
                                   {{.window = 3, .stride = 1, .padding = 1}, {1, {5, 5, 1}}},
                                   {{.window = 2, .stride = 3}, {2, {8, 8, 2}}},
                                   {{.window = {2, 3}, .stride = {1, 2}}, {2, {4, 9, 3}}},
                                   {{.window = {3, 1}, .stride = {2, 1}, .padding = {1, 0}}, {1, {9, 4, 5}}},
                                   {{.window = 1}, {2, {3, 3, 2}}},
                                   {{.window = {4, 5}}, {3, {4, 5, 17}}},
                                   {{.window = 4, .stride = 4, .padding = 2}, {1, {5, 6, 3}}},
                                   {{.window = {1, 2}}, {2, {1, 6, 1}}}};
  Proof proof("AvgPool2d");
  for (const Case& item : cases)
    proof.add(check_layer(AvgPool2d<double>(item.options), item.input.shape, {.count = item.input.count}),
              item.input.count, item.input.shape, item.options);
}

TEST_CASE("adaptive bins are PyTorch's: they overlap where sizes do not divide") {
  AdaptiveAvgPool2d<double> layer{{.height = 1, .width = 2}};
  LayerRunner<double> run(layer, 1, {1, 3, 1});
  assign(run.x(), {1, 3, 7});
  assign(run.dy(), {2, 4});
  CHECK(numbers(run.forward()) == std::vector<double>{2, 5});  // bins 0..1 and 1..2
  CHECK(numbers(run.backward()) == std::vector<double>{1, 3, 2});
}

TEST_CASE("an adaptive pooling may have more outputs than inputs") {
  AdaptiveAvgPool2d<double> layer{{.height = 1, .width = 3}};
  LayerRunner<double> run(layer, 1, {1, 2, 1});
  assign(run.x(), {1, 3});
  CHECK(numbers(run.forward()) == std::vector<double>{1, 2, 3});
}

TEST_CASE("the derivatives of the adaptive poolings are right on every shape" * doctest::test_suite("proof")) {
  Proof adaptive("AdaptiveAvgPool2d"), global("GlobalAvgPool2d");
  for (const auto& [count, shape] : input_cases()) {
    for (const AdaptiveAvgPool2dOptions& options : {AdaptiveAvgPool2dOptions{4, 4}, {2, 3}, {1, 1}})
      adaptive.add(check_layer(AdaptiveAvgPool2d<double>(options), shape, {.count = count}), count, shape);
    global.add(check_layer(GlobalAvgPool2d<double>{}, shape, {.count = count}), count, shape);
  }
}

TEST_CASE_TEMPLATE("the global mean is one value per channel", T, float, double, bfloat16) {
  GlobalAvgPool2d<T> layer;
  LayerRunner<T> run(layer, 1, {2, 1, 2});
  assign(run.x(), {1, 10, 3, 20});
  CHECK(numbers(run.forward()) == std::vector<double>{2, 15});
  CHECK((layer.build({7, 5, 64}) == Shape{1, 1, 64}));
}

TEST_CASE("misuse of the mean poolings is named in the error") {
  CHECK_THROWS_WITH_AS((AvgPool2d{{.window = {2, 9}}}.build({4, 4, 3})), "AvgPool2d: window 2x9; input is 4x4",
                       ShapeError);
  CHECK_THROWS_WITH_AS((AdaptiveAvgPool2d{{.height = 0, .width = 2}}),
                       "AdaptiveAvgPool2d: output 0x2; height and width must be at least 1", OptionError);
  CHECK_THROWS_AS(GlobalAvgPool2d{}.build({0, 4, 3}), ShapeError);
}
