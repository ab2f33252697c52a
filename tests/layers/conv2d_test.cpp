// Conv2d: gradients on many geometries, misuse.
#include "hcnn/layers/conv2d.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "hcnn/testing/gradient_check.hpp"
#include "layers/layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE("the derivatives of Conv2d are right on every geometry" * doctest::test_suite("proof")) {
  struct Case {
    Conv2dOptions options;
    InputCase input;
  };
  const std::vector<Case> cases = {
      {{.out_channels = 1, .kernel = 1}, {1, {1, 1, 1}}},
      {{.out_channels = 2, .kernel = 3, .padding = 1}, {2, {4, 4, 3}}},
      {{.out_channels = 3, .kernel = 3}, {1, {5, 4, 2}}},
      {{.out_channels = 2, .kernel = 3, .stride = 2, .padding = 1}, {2, {5, 5, 2}}},
      {{.out_channels = 2, .kernel = 2, .stride = 3}, {1, {7, 7, 1}}},
      {{.out_channels = 3, .kernel = {1, 3}, .padding = {0, 1}}, {2, {3, 5, 2}}},
      {{.out_channels = 2, .kernel = {3, 2}, .stride = {1, 2}, .padding = {2, 1}}, {1, {4, 5, 3}}},
      {{.out_channels = 2, .kernel = 3, .padding = 2, .dilation = 2}, {1, {5, 6, 2}}},
      {{.out_channels = 4, .kernel = 3, .padding = 1, .groups = 2}, {2, {4, 3, 4}}},
      {{.out_channels = 3, .kernel = 3, .padding = 1, .groups = 3}, {1, {4, 4, 3}}},
      {{.out_channels = 2, .kernel = 3, .padding = 1, .bias = false}, {3, {3, 3, 2}}},
      {{.out_channels = 5, .kernel = 1, .stride = 2}, {2, {3, 3, 4}}},
      {{.out_channels = 17, .kernel = 3, .padding = 1}, {1, {2, 2, 2}}}};
  Proof proof("Conv2d");
  for (const Case& item : cases)
    proof.add(check_layer(Conv2d<double>(item.options), item.input.shape, {.count = item.input.count}),
              item.input.count, item.input.shape, item.options);
}

TEST_CASE("a convolution counts its multiply-adds and names its parameters") {
  Conv2d layer{{.out_channels = 64, .kernel = 3, .padding = 1}};
  CHECK((layer.setup({32, 32, 64}) == Shape{32, 32, 64}));
  CHECK(layer.multiply_adds() == 37'748'736);
  ParamList<float> params;
  layer.attach("trunk.0", params);
  REQUIRE(params.size() == 2);
  CHECK(params[0]->name == "trunk.0.weight");
  CHECK(params[0]->dims == std::vector<Index>{64, 64, 3, 3});
  CHECK(params[0]->decays());
  CHECK_FALSE(params[1]->decays());
  CHECK(layer.options() == "64, kernel 3, padding 1");
}

TEST_CASE("a convolution that does not fit says what came and what was expected") {
  CHECK_THROWS_WITH_AS(
      (Conv2d{{.out_channels = 4, .kernel = 9}}.setup({4, 4, 3})),
      "Conv2d: kernel covers 9x9 pixels; input is 4x4 with padding 0; the kernel must fit into the padded input",
      ShapeError);
  CHECK_THROWS_AS((Conv2d{{.out_channels = 4, .groups = 3}}.setup({4, 4, 4})), ShapeError);
  CHECK_THROWS_AS((Conv2d{{.out_channels = 0}}.setup({4, 4, 4})), OptionError);
  CHECK_THROWS_AS((Conv2d{{.out_channels = 1, .stride = 0}}.setup({4, 4, 4})), OptionError);
  for (const Index huge : {Index{1} << 21, std::numeric_limits<Index>::max()}) {
    CHECK_THROWS_AS((Conv2d{{.out_channels = 1, .padding = huge}}.setup({4, 4, 4})), OptionError);
    CHECK_THROWS_AS((Conv2d{{.out_channels = 1, .dilation = huge}}.setup({4, 4, 4})), OptionError);
  }
}

TEST_CASE("inference before and after the weights were packed gives the same bits") {
  Conv2d layer{{.out_channels = 5, .kernel = 3, .padding = 1}};
  LayerRunner<float> run(layer, 3, {6, 6, 4});
  RandomStream random(Seed{1}, 1);
  for (float& value : run.x()) value = static_cast<float>(random.normal());
  for (Index i = 0; i < run.params()[0]->size(); ++i) run.params()[0]->value()[i] = static_cast<float>(random.normal());
  run.params()[0]->touch();
  const auto cold = numbers(run.infer());
  layer.prepare_inference();
  CHECK(numbers(run.infer()) == cold);
  CHECK(numbers(run.forward()) == cold);
}
