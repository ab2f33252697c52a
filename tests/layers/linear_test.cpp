// Linear: gradients, misuse. Exact products on every instruction set: kernels/gemm_test.cpp.
#include "hcnn/layers/linear.hpp"

#include <doctest/doctest.h>

#include "hcnn/testing/gradient_check.hpp"
#include "layers/layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE("the derivatives of Linear are right on every shape" * doctest::test_suite("proof")) {
  Proof proof("Linear");
  for (const auto [count, inputs, outputs] : std::vector<std::array<Index, 3>>{{1, 1, 1},
                                                                               {1, 1, 5},
                                                                               {1, 7, 1},
                                                                               {2, 3, 4},
                                                                               {5, 2, 2},
                                                                               {3, 8, 17},
                                                                               {4, 17, 3},
                                                                               {33, 2, 3},
                                                                               {2, 33, 2},
                                                                               {7, 5, 6},
                                                                               {1, 16, 16},
                                                                               {2, 6, 35},
                                                                               {6, 4, 3}})
    for (const bool bias : {true, false})
      proof.add(
          check_layer(Linear<double>{{.out_features = outputs, .bias = bias}}, {.channels = inputs}, {.count = count}),
          count, {.channels = inputs});
}

TEST_CASE("images must be flattened first, and the error says so") {
  CHECK_THROWS_WITH_AS((Linear{{.out_features = 3}}.setup({2, 2, 5})),
                       "Linear: input is 2x2x5; expected 1x1xfeatures: put Flatten before it", ShapeError);
  CHECK_THROWS_AS((Linear{{.out_features = 0}}.setup({.channels = 5})), OptionError);
}

TEST_CASE("a bfloat16 layer gives its logits in float, rounded nowhere") {
  Linear<bfloat16> layer{{.out_features = 1}};
  LayerRunner<bfloat16> run(layer, 1, {.channels = 3});
  assign(run.x(), {1, 1, 1});
  const std::vector<float> weights{256, 1, 0.5};  // 257.5 has no bfloat16
  std::copy(weights.begin(), weights.end(), run.params()[0]->value());
  run.params()[0]->touch();
  float logit = 0;
  Workspace workspace;
  layer.infer_master(run.x(), &logit, workspace);
  CHECK(logit == 257.5f);
  CHECK(numbers(run.forward())[0] == 258);
}

TEST_CASE("an inference that was prepared does not outlive the weights") {
  Linear<float> layer{{.out_features = 1, .bias = false}};
  LayerRunner<float> run(layer, 1, {.channels = 2});
  assign(run.x(), {1, 1});
  Param<float>& weight = *run.params()[0];
  Workspace workspace;
  for (const float value : {1.0F, 2.0F, 3.0F}) {
    std::fill_n(weight.value(), 2, value);
    layer.prepare_inference();  // the first time of weights that nobody has touched
    std::fill_n(weight.value(), 2, -value);
    weight.touch();
    float logit = 0;
    layer.infer_master(run.x(), &logit, workspace);
    CHECK(logit == -2 * value);
    weight.touch();
  }
}
