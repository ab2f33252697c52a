// ReLU and LeakyReLU: known values, gradients, limits.
#include "hcnn/layers/activation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE_TEMPLATE("ReLU cuts negative values and passes the gradient of positive ones", T, float, double, bfloat16) {
  ReLU<T> layer;
  LayerRunner<T> run(layer, 1, {1, 1, 4});
  assign(run.x(), {-2, 0, 0.5, 3});
  assign(run.dy(), {1, 2, 3, 4});
  CHECK(numbers(run.forward()) == std::vector<double>{0, 0, 0.5, 3});
  CHECK(numbers(run.backward()) == std::vector<double>{0, 0, 3, 4});
  CHECK(numbers(run.infer()) == std::vector<double>{0, 0, 0.5, 3});
}

TEST_CASE_TEMPLATE("LeakyReLU scales negative values, and the gradient at 0 is the slope", T, float, double, bfloat16) {
  LeakyReLU<T> layer{{.slope = 0.25}};  // a power of two: exact in every type
  LayerRunner<T> run(layer, 1, {1, 1, 4});
  assign(run.x(), {-2, 0, 0.5, 3});
  assign(run.dy(), {1, 2, 3, 4});
  CHECK(numbers(run.forward()) == std::vector<double>{-0.5, 0, 0.5, 3});
  CHECK(numbers(run.backward()) == std::vector<double>{0.25, 0.5, 3, 4});
}

TEST_CASE("the derivatives of the activations are right on every shape" * doctest::test_suite("proof")) {
  Proof relu("ReLU"), leaky("LeakyReLU");
  for (const auto& [count, shape] : input_cases()) {
    relu.add(check_layer(ReLU<double>{}, shape, {.count = count}), count, shape);
    leaky.add(check_layer(LeakyReLU<double>{{.slope = 0.2}}, shape, {.count = count}), count, shape);
  }
}

TEST_CASE("NaN goes through an activation and is not hidden as 0") {
  ReLU<float> relu;
  LayerRunner<float> run(relu, 1, {1, 1, 1});
  run.x()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(run.forward()[0]));
}

TEST_CASE("LeakyReLU refuses slopes that are not positive") {
  CHECK_THROWS_WITH_AS(LeakyReLU{{.slope = 0}}, "LeakyReLU: slope 0; it must be above 0", OptionError);
  CHECK_THROWS_AS(LeakyReLU{{.slope = -1}}, OptionError);
  CHECK_THROWS_AS(LeakyReLU{{.slope = std::nan("")}}, OptionError);
}

TEST_CASE("activations are float unless told otherwise, and describe themselves") {
  static_assert(std::is_same_v<decltype(ReLU{}), ReLU<float>>);
  static_assert(std::is_same_v<decltype(LeakyReLU{{.slope = 0.1}}), LeakyReLU<float>>);
  CHECK(LeakyReLU{{.slope = 0.1}}.options() == "slope 0.1");
  CHECK(LeakyReLU{{.slope = 0.1}}.clone()->options() == "slope 0.1");
  CHECK(ReLU{}.clone()->type() == "ReLU");
}
