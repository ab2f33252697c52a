// ResNet-9 and ResNet-18: sizes, gradients through fused blocks and shortcuts, learning, files.
#include "hcnn/models/resnet.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/layers/init.hpp"
#include "hcnn/losses/cross_entropy.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/train/evaluate.hpp"
#include "hcnn/train/fit.hpp"
#include "io/temporary_folder.hpp"
#include "train/small_training.hpp"
#include "worse.hpp"

using namespace hcnn;

namespace {

models::ResNetOptions small(Index layers, const Shape& input = {9, 17, 3}) {
  return {.layers = layers, .input = input, .width = 4, .heads = {{"fine", 4}, {"group", 2}}};
}

Index parameters(Index layers, std::vector<models::HeadOptions> heads) {
  return models::resnet<float>({.layers = layers, .heads = std::move(heads)}).parameter_count();
}

/// Gradients of all parameters for one batch of noise, and of the batch.
template <class T>
std::vector<double> gradients(const models::ResNetOptions& options) {
  Model<T> model = models::resnet<T>(options);
  init::he_normal(model, Seed{1});
  RandomStream random(Seed{2}, hash_name("resnet test"));
  Tensor<T> x(5, options.input), dx(5, options.input);
  for (T& value : x) value = static_cast<T>(random.normal());
  Logits<T> dlogits;
  dlogits.zeros_like(model.forward(x, {}));
  for (auto& [head, values] : dlogits)
    for (T& value : values) value = static_cast<T>(random.normal());
  model.backward(dlogits, dx);
  std::vector<double> all(dx.begin(), dx.end());
  for (const auto* param : model.parameters()) all.insert(all.end(), param->grad(), param->grad() + param->size());
  return all;
}

}  // namespace

TEST_CASE("the residual networks have exactly the published numbers of parameters") {
  CHECK(parameters(9, {{"fine", 100}}) == 6'619'300);
  CHECK(parameters(18, {{"fine", 100}}) == 11'220'132);
  CHECK(parameters(18, {{"fine", 10}}) == 11'173'962);  // as published for CIFAR-10
  CHECK(parameters(9, {{"fine", 100}, {"superclass", 20}, {"group", 9}}) == 6'619'300 + 29 * 513);
}

TEST_CASE("the features before the heads are dropped at the rate of the options, or not at all") {
  for (const double rate : {0.0, 0.3}) {
    models::ResNetOptions options = small(9);
    options.dropout = rate;
    std::vector<std::string> found;
    Model<float> model = models::resnet<float>(options);
    model.trunk().for_each_child([&](Layer<float>& layer, const std::string&) {
      if (layer.type() == "Dropout") found.push_back(layer.options());
    });
    CHECK(found == (rate == 0 ? std::vector<std::string>{} : std::vector<std::string>{"rate 0.3"}));
  }
}

TEST_CASE("in double fused and plain layers give a residual network's gradients to 1e-9") {
  for (const Index layers : {9, 18}) {
    models::ResNetOptions options = small(layers);
    const std::vector<double> fused = gradients<double>(options);
    options.fuse = false;
    const std::vector<double> plain = gradients<double>(options);
    REQUIRE(fused.size() == plain.size());
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < fused.size(); ++i) {
      largest = std::max(largest, std::abs(plain[i]));
      difference = testing::worse(difference, std::abs(fused[i] - plain[i]));
    }
    CHECK(largest > 1e-2);
    CHECK(difference <= 1e-9 * largest);
  }
}

TEST_CASE("the gradient of a residual network by its input is the slope of its logits") {
  for (const Index layers : {9, 18}) {
    const models::ResNetOptions options = small(layers, {8, 8, 2});
    Model<double> model = models::resnet<double>(options);
    init::he_normal(model, Seed{3});
    RandomStream random(Seed{4}, hash_name("slope"));
    Tensor<double> x(4, options.input), direction(4, options.input), dx(4, options.input);
    for (double& value : x) value = random.normal();
    for (double& value : direction) value = random.normal();
    const auto sum = [&](double step) {  // of the logits, each with a factor of its own
      Tensor<double> moved = x;
      for (Index i = 0; i < moved.size(); ++i) moved[i] += step * direction[i];
      double total = 0, factor = 1;
      for (const auto& [head, values] : model.forward(moved, {}))
        for (const double value : values) total += (factor = 1.7 - 0.9 * factor) * value;
      return total;
    };
    const double numeric = (sum(1e-6) - sum(-1e-6)) / 2e-6;
    Logits<double> dlogits;
    dlogits.zeros_like(model.forward(x, {}));
    double factor = 1;
    for (auto& [head, values] : dlogits)
      for (double& value : values) value = factor = 1.7 - 0.9 * factor;
    model.backward(dlogits, dx);
    double analytic = 0;
    for (Index i = 0; i < dx.size(); ++i) analytic += dx[i] * direction[i];
    CHECK(std::abs(analytic) > 1e-3);
    CHECK(numeric == doctest::Approx(analytic).epsilon(1e-5));
  }
}

TEST_CASE("a residual network learns, and is the same after its file was written and read") {
  for (const Index layers : {9, 18}) {
    std::vector<float> pixels;
    std::vector<Label> labels;
    RandomStream random(Seed{5}, hash_name("bright quarter"));
    const Shape shape{8, 9, 2};
    for (Index n = 0; n < 32; ++n) {
      labels.push_back(static_cast<Label>(n % 4));
      for (Index i = 0; i < shape.size(); ++i)
        pixels.push_back(static_cast<float>(0.3 * random.uniform() + (i / 2 % 9 * 4 / 9 == n % 4 ? 0.6 : 0.1)));
    }
    const data::Dataset images(shape, std::move(pixels),
                               Taxonomy({{"fine", {"a", "b", "c", "d"}, {0, 0, 1, 1}}, {"group", {"ab", "cd"}, {}}}),
                               std::move(labels));
    const models::ResNetOptions options = small(layers, shape);
    Model<float> model = models::resnet(options);
    init::he_normal(model, Seed{1});
    auto loss = losses::cross_entropy("fine") + losses::cross_entropy("group");
    Adam optimizer{model.parameters(), {.learning_rate = 3e-3}};
    train::fit(model, loss, optimizer, images, {.epochs = 15, .batch = 8});
    const auto result = train::evaluate(model, loss, images);
    CHECK(result.find("fine")->top1.value() == 1);

    const io_test::TemporaryFolder folder;
    exchange::save_model(folder / "model.safetensors", model, {.network = exchange::network_json(options, "mine")});
    auto loaded = exchange::load_model<float>(folder / "model.safetensors");
    CHECK(train::evaluate(loaded.model, loss, images).loss.total == train::evaluate(model, loss, images).loss.total);
  }
}

TEST_CASE("networks that are not known and images that are too small are refused") {
  CHECK_THROWS_AS(models::resnet<float>({.layers = 34}), OptionError);
  CHECK_THROWS_AS(models::resnet<float>({.width = 0}), OptionError);
  for (const double wrong : {-0.5, 1.0, std::nan("")})
    CHECK_THROWS_AS(models::resnet<float>({.dropout = wrong}), OptionError);
  CHECK_THROWS_WITH_AS(models::resnet<float>({.layers = 9, .input = {7, 32, 3}}),
                       "resnet: an image 7x32x3; both sides must have 8 pixels", ShapeError);
  CHECK_THROWS_AS(models::resnet_options("resnet34"), OptionError);
}

TEST_CASE_TEMPLATE("a clone of a residual network computes what the network does, in inference and in training", T,
                   float, bfloat16) {
  for (const Index layers : {9, 18}) {
    Model<T> model = models::resnet<T>(small(layers));
    init::he_normal(model, Seed{1});
    Model<T> copy = model.clone();
    RandomStream random(Seed{2}, hash_name("clone"));
    Tensor<T> x(3, model.input_shape());
    for (T& value : x) value = static_cast<T>(static_cast<float>(random.normal()));
    const auto same = [](const auto& a, const auto& b) {
      return std::equal(a["fine"].begin(), a["fine"].end(), b["fine"].begin(), b["fine"].end());
    };
    CHECK(same(model.infer(x), copy.infer(x)));
    Logits<Master<T>> gradients;
    for (Model<T>* each : {&model, &copy}) {
      gradients.zeros_like(each->forward(x, {}));
      gradients["fine"][0] = 1;
      each->backward(gradients);
    }
    for (std::size_t p = 0; p < model.parameters().size(); ++p) {
      const Param<Master<T>>&one = *model.parameters()[p], &other = *copy.parameters()[p];
      CHECK(std::equal(one.grad(), one.grad() + one.size(), other.grad()));
    }
  }
}

TEST_CASE("the file of a residual network fills another one, rounded to bfloat16 or not") {
  const io_test::TemporaryFolder folder;
  for (const Index layers : {9, 18}) {
    Model<float> model = models::resnet<float>(small(layers)), other = models::resnet<float>(small(layers));
    init::he_normal(model, Seed{1});
    const exchange::ModelInfo info{.network = exchange::network_json(small(layers))};
    exchange::save_model(folder / "plain", model, info);
    exchange::load_weights(folder / "plain", other);
    exchange::save_model(folder / "rounded", model, info, {.bfloat16_weights = true});
    CHECK_FALSE(exchange::load_model(folder / "rounded").has_non_finite);
  }
}
