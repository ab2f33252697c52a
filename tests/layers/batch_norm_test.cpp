// BatchNorm2d: gradients, PyTorch's running statistics, evaluation.
#include "hcnn/layers/batch_norm.hpp"

#include <doctest/doctest.h>

#include "hcnn/layers/batch_norm_1d.hpp"
#include "hcnn/testing/gradient_check.hpp"
#include "layers/layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE("the derivatives of BatchNorm2d are right on every shape with more than one value per channel" *
          doctest::test_suite("proof")) {
  Proof proof("BatchNorm2d");
  for (const auto& [count, shape] : input_cases())
    if (count * shape.pixels() > 1)
      proof.add(check_layer(BatchNorm2d<double>{}, shape, {.count = count}), count, shape);
}

TEST_CASE("the derivatives of BatchNorm1d are right on every shape with more than one sample" *
          doctest::test_suite("proof")) {
  Proof proof("BatchNorm1d");
  for (const Index count : {2, 3, 6, 17})
    for (const Index channels : {1, 4, 5, 17}) {
      const Shape shape{.channels = channels};
      proof.add(check_layer(BatchNorm1d<double>{}, shape, {.count = count}), count, shape);
    }
}

TEST_CASE_TEMPLATE("a training batch comes out with mean 0 and variance 1 per channel", T, float, double) {
  BatchNorm2d<T> layer;
  LayerRunner<T> run(layer, 5, {4, 3, 3});
  RandomStream random(Seed{2}, 1);
  for (T& value : run.x()) value = static_cast<T>(100 + 3 * random.normal());
  const auto y = numbers(run.forward());
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t i = c; i < y.size(); i += 3) {
      sum += y[i];
      squares += y[i] * y[i];
    }
    CHECK(sum / 60 == doctest::Approx(0).epsilon(1e-4));
    CHECK(squares / 60 == doctest::Approx(1).epsilon(1e-3));
  }
}

TEST_CASE("running statistics move by the momentum and use the unbiased variance") {
  BatchNorm2d<double> layer{{.momentum = 0.25}};
  LayerRunner<double> run(layer, 2, {1, 1, 1});
  assign(run.x(), {1, 5});  // mean 3, biased variance 4, unbiased 8
  run.forward();
  const auto& params = run.params();
  REQUIRE(params.size() == 5);
  CHECK(params[2]->name == "layer.running_mean");
  CHECK(params[2]->value()[0] == doctest::Approx(0.75));
  CHECK(params[3]->value()[0] == doctest::Approx(0.75 + 2.0));
  CHECK(params[4]->value()[0] == 1);
  CHECK(params[2]->is_buffer());
  CHECK_FALSE(params[0]->decays());
}

TEST_CASE("evaluation uses the running statistics and changes nothing") {
  BatchNorm2d<double> layer;
  LayerRunner<double> run(layer, 2, {1, 2, 1});
  run.params()[2]->value()[0] = 2;
  run.params()[3]->value()[0] = 4 - 1e-5;
  assign(run.x(), {2, 4, 0, 6});
  CHECK(numbers(run.forward(Pass{.mode = Mode::evaluate})) == std::vector<double>{0, 1, -1, 2});
  CHECK(run.params()[2]->value()[0] == 2);
  assign(run.dy(), {1, 2, 3, 4});  // evaluation's derivative is the scale alone
  CHECK(numbers(run.backward()) == std::vector<double>{0.5, 1, 1.5, 2});
}

TEST_CASE("one value per channel cannot be normalised and says so") {
  BatchNorm2d<float> layer;
  LayerRunner<float> run(layer, 1, {1, 1, 4});
  CHECK_THROWS_AS(run.forward(), ShapeError);
  CHECK_THROWS_AS((BatchNorm2d<float>{{.momentum = 2}}.setup({1, 1, 1})), OptionError);
}

TEST_CASE("batch normalisation names the options that are not the default") {
  CHECK(BatchNorm2d{}.options().empty());
  CHECK((BatchNorm2d{{.momentum = 0.3, .epsilon = 0.001}}.options() == "momentum 0.3, epsilon 0.001"));
  CHECK(BatchNorm1d{{.epsilon = 0.001}}.options() == "epsilon 0.001");
}

TEST_CASE("BatchNorm1d is BatchNorm2d of feature vectors, and refuses images") {
  BatchNorm1d<double> vectors;
  BatchNorm2d<double> images;
  LayerRunner<double> run(vectors, 5, {1, 1, 3}), expected(images, 5, {1, 1, 3});
  RandomStream random(Seed{3}, 1);
  for (Index i = 0; i < run.x().size(); ++i) run.x()[i] = expected.x()[i] = random.normal();
  CHECK(numbers(run.forward()) == numbers(expected.forward()));
  CHECK(vectors.clone()->type() == "BatchNorm1d");
  CHECK_THROWS_WITH_AS(
      BatchNorm1d<double>{}.build({2, 1, 3}),
      "BatchNorm1d: input is 2x1x3; 1x1 with any number of channels is needed: put Flatten before it, or "
      "use BatchNorm2d",
      ShapeError);
}
