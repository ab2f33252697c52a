// The networks on inputs of any extents and channels: grey, wide, odd; trained, saved and used.
#include "hcnn/models/multi_head_cnn.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "hcnn/data/augment.hpp"
#include "hcnn/exchange/model_file.hpp"
#include "hcnn/layers/init.hpp"
#include "hcnn/layers/predictor.hpp"
#include "hcnn/losses/cross_entropy.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/train/evaluate.hpp"
#include "hcnn/train/fit.hpp"
#include "io/temporary_folder.hpp"
#include "worse.hpp"

using namespace hcnn;

namespace {

const std::vector<Shape> kShapes{{28, 28, 1}, {48, 64, 3}, {9, 41, 4}, {8, 8, 2}, {33, 17, 3}};

models::MultiHeadCnnOptions options(const Shape& input, bool fuse = true) {
  return {.input = input,
          .channels = {16, 32},  // 32 channels take Winograd's algorithm where its kernels run
          .pooled = 2,
          .hidden = {24},
          .heads = {{"fine", 4}, {"group", 2}},
          .dropout = 0,
          .fuse = fuse};
}

/// Images of 4 classes in 2 groups: the class is a bright quarter of the width, under noise.
data::Dataset images(const Shape& shape, Index count) {
  RandomStream random(Seed{5}, hash_name("any input"));
  std::vector<float> pixels;
  std::vector<Label> labels;
  for (Index n = 0; n < count; ++n) {
    labels.push_back(static_cast<Label>(n % 4));
    for (Index i = 0; i < shape.size(); ++i) {
      const Index quarter = i / shape.channels % shape.width * 4 / shape.width;
      pixels.push_back(static_cast<float>(0.3 * random.uniform() + (quarter == n % 4 ? 0.6 : 0.1)));
    }
  }
  return data::Dataset(shape, std::move(pixels),
                       Taxonomy({{"fine", {"a", "b", "c", "d"}, {0, 0, 1, 1}}, {"group", {"ab", "cd"}, {}}}),
                       std::move(labels));
}

/// All gradients of a network after one step on these images.
std::vector<float> gradients(const data::Dataset& set, bool fuse) {
  auto model = models::multi_head_cnn<float>(options(set.shape(), fuse));
  init::he_normal(model, Seed{1});
  data::BatchLoader<float> loader(set, {.batch = set.size(), .shuffle = false});
  loader.start(0);
  const data::Batch<float>* batch = loader.next();
  auto loss = losses::cross_entropy("fine") + losses::cross_entropy("group");
  Logits<float> dlogits;
  loss.evaluate(model.forward(batch->images, {}), batch->targets, dlogits);
  model.backward(dlogits);
  std::vector<float> all;
  for (const auto* param : model.parameters()) all.insert(all.end(), param->grad(), param->grad() + param->size());
  return all;
}

}  // namespace

TEST_CASE("fused blocks and plain layers give the same gradients for inputs of any extents and channels") {
  for (const Shape& shape : kShapes) {
    INFO(to_string(shape));
    const data::Dataset set = images(shape, 6);
    const std::vector<float> fused = gradients(set, true), plain = gradients(set, false);
    REQUIRE(fused.size() == plain.size());
    float largest = 0;
    double difference = 0;
    for (std::size_t i = 0; i < fused.size(); ++i) {
      largest = std::max(largest, std::abs(plain[i]));
      difference = testing::worse(difference, std::abs(fused[i] - plain[i]));
    }
    CHECK(largest > 1e-3F);
    // The two differ in the order of sums over at most 6 * 48 * 64 pixels: sqrt of that, 136 roundings of 6e-8, each of
    // four layers, for sums of terms of both signs that are some 10 times their result.
    CHECK(difference <= 4e-4F * largest);
  }
}

TEST_CASE("inputs of any extents and channels are normalised, augmented and learned") {
  for (const Shape& shape : kShapes) {
    INFO(to_string(shape));
    const data::Dataset set = images(shape, 32);
    const data::Normalization normalization = data::measure_normalization(set);
    CHECK(static_cast<Index>(normalization.mean.size()) == shape.channels);
    auto model = models::multi_head_cnn<float>(options(shape));
    init::he_normal(model, Seed{1});
    auto loss = losses::cross_entropy("fine") + losses::cross_entropy("group");
    Adam optimizer{model.parameters(), {.learning_rate = 3e-3}};
    train::fit(model, loss, optimizer, set,
               {.epochs = 12,
                .batch = 8,
                .augment = {data::pad_crop(1, data::PadMode::reflect), data::cutout(2)},
                .normalization = normalization});
    const auto result = train::evaluate(model, loss, set, {.normalization = normalization});
    CHECK(result.find("fine")->top1.value() == 1);
    CHECK(result.find("group")->top1.value() == 1);
  }
}

TEST_CASE("a network for any input is the same after its file was written and read, and so is its predictor") {
  for (const Shape& shape : kShapes) {
    INFO(to_string(shape));
    auto model = models::multi_head_cnn<float>(options(shape));
    init::he_normal(model, Seed{2});
    const io_test::TemporaryFolder folder;
    exchange::save_model(folder / "model.safetensors", model,
                         {.network = exchange::network_json(options(shape)),
                          .normalization = {std::vector<float>(static_cast<std::size_t>(shape.channels), 0.5F),
                                            std::vector<float>(static_cast<std::size_t>(shape.channels), 0.25F)}});
    auto loaded = exchange::load_model<float>(folder / "model.safetensors");
    CHECK(loaded.model.input_shape() == shape);
    const auto input = exchange::probe_input<float>(shape);
    const auto before = model.infer(input.view()), after = loaded.model.infer(input.view());
    CHECK(std::equal(before["fine"].begin(), before["fine"].end(), after["fine"].begin()));
    const Predictor predictor{std::move(loaded.model)};
    const auto served = predictor.logits(input.view());
    for (Index i = 0; i < served["fine"].size(); ++i)
      CHECK(served["fine"][i] == doctest::Approx(before["fine"][i]).epsilon(1e-4));
  }
}

TEST_CASE("an input too small for the poolings is refused in one line that names the layer") {
  CHECK_THROWS_WITH_AS(models::multi_head_cnn<float>({.input = {4, 32, 1}}),
                       "trunk[2][6] MaxPool2d: window 2; input is 1x8", ShapeError);
}

TEST_CASE("a dropout rate outside [0, 1) is refused, whether a layer uses it or not") {
  for (const std::vector<Index>& hidden : {std::vector<Index>{}, std::vector<Index>{8}})
    CHECK_THROWS_WITH_AS(models::multi_head_cnn<float>({.hidden = hidden, .dropout = 7}),
                         "multi_head_cnn: Dropout: rate 7; it must be in [0, 1)", OptionError);
}
