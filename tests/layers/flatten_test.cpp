// Flatten: order and gradients.
#include "hcnn/layers/flatten.hpp"

#include <doctest/doctest.h>

#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE_TEMPLATE("Flatten puts channel after channel, each row by row", T, float, double, bfloat16) {
  Flatten<T> layer;
  LayerRunner<T> run(layer, 2, {1, 3, 2});
  assign(run.x(), {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60});
  assign(run.dy(), {1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60});
  CHECK(numbers(run.forward()) == std::vector<double>{1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60});
  CHECK(numbers(run.backward()) == std::vector<double>{1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60});
}

TEST_CASE("Flatten gives a feature vector and works in place only where the order stays") {
  Flatten<float> layer;
  CHECK((layer.build({4, 4, 256}) == Shape{1, 1, 4096}));
  CHECK_FALSE(layer.traits().in_place);
  Flatten<float> vector;
  vector.build({1, 1, 256});
  CHECK(vector.traits().in_place);
}

TEST_CASE("the derivatives of Flatten are right on every shape" * doctest::test_suite("proof")) {
  Proof proof("Flatten");
  std::vector<InputCase> inputs = input_cases();
  inputs.push_back({1, {5, 7, 19}});  // more than one tile
  for (const auto& [count, shape] : inputs)
    proof.add(check_layer(Flatten<double>{}, shape, {.count = count}), count, shape);
}
