// The search for a learning rate.
#include "hcnn/train/learning_rate_finder.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "hcnn/layers/batch_norm_1d.hpp"
#include "hcnn/losses/learnable_severity.hpp"
#include "hcnn/optim/adam.hpp"
#include "hcnn/optim/sgd.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE("the search leaves parameters, statistics and optimizer as they were") {
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  Adam optimizer{model.parameters(), {.learning_rate = 0.01}};
  const auto before = weights(model);
  const auto found = train::find_learning_rate(model, loss, optimizer, small_images(75), {.steps = 20, .batch = 8});
  CHECK(found.steps.size() > 10);
  CHECK(weights(model) == before);
  CHECK(optimizer.learning_rate() == 0.01);
  CHECK(optimizer.step_count() == 0);
  for (const auto* param : model.parameters())
    CHECK(std::all_of(param->grad(), param->grad() + param->size(), [](float value) { return value == 0; }));
}

TEST_CASE(
    "a search over part of the parameters leaves no gradient in the others, and a loss below 0 is no divergence") {
  Model<float> model = small_model<float>();
  auto loss = -1.0 * two_heads<float>();
  ParamList<float> of_heads;
  for (auto* param : model.parameters())
    if (param->name.starts_with("heads.")) of_heads.push_back(param);
  Adam optimizer{of_heads, {.learning_rate = 0.01}};
  const auto found =
      train::find_learning_rate(model, loss, optimizer, small_images(75), {.to = 1e-3, .steps = 20, .batch = 8});
  CHECK(found.steps.size() == 20);
  for (const auto* param : model.parameters())
    CHECK(std::all_of(param->grad(), param->grad() + param->size(), [](float value) { return value == 0; }));
}

TEST_CASE("rates grow by a constant factor; the suggestion is one that the network learns with") {
  Model<float> model = small_model<float>(0);
  auto loss = two_heads<float>();
  SGD optimizer{model.parameters(), {.learning_rate = 0.1}};
  const auto found = train::find_learning_rate(model, loss, optimizer, small_images(256),
                                               {.from = 1e-5, .to = 1000, .steps = 81, .batch = 32});
  REQUIRE(found.steps.size() > 30);
  for (std::size_t i = 0; i < found.steps.size(); ++i)  // 81 steps over eight powers of ten
    CHECK(std::abs(found.steps[i].learning_rate / (1e-5 * std::pow(10.0, static_cast<double>(i) / 10)) - 1) < 1e-12);
  CHECK(found.steps.size() < 81);  // it diverged before the end
  CHECK(found.suggestion > 1e-3);
  CHECK(found.suggestion < 10);
}

TEST_CASE("the smoothed loss is the mean of the losses so far with weights that halve at each step") {
  Model<float> model = small_model<float>(0);
  auto loss = two_heads<float>();
  SGD optimizer{model.parameters(), {.learning_rate = 0.1}};
  const auto steps = train::find_learning_rate(model, loss, optimizer, small_images(64),
                                               {.to = 1e-3, .steps = 12, .batch = 8, .smoothing = 0.5})
                         .steps;
  REQUIRE(steps.size() == 12);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    double sum = 0, weights = 0;
    for (std::size_t j = 0; j <= i; ++j) {
      const double weight = std::pow(0.5, static_cast<double>(i - j));
      sum += weight * steps[j].loss;
      weights += weight;
    }
    CHECK(std::abs(steps[i].smoothed / (sum / weights) - 1) < 1e-12);
  }
}

TEST_CASE("a search that is asked to stop returns the steps so far") {
  Model<float> model = small_model<float>(0);
  auto loss = two_heads<float>();
  SGD optimizer{model.parameters(), {.learning_rate = 0.1}};
  std::stop_source source;
  source.request_stop();
  const auto found =
      train::find_learning_rate(model, loss, optimizer, small_images(64), {.batch = 8, .stop = source.get_token()});
  CHECK(found.steps.empty());
  CHECK(std::isnan(found.suggestion));
}

TEST_CASE("of rates with about the steepest fall the largest is suggested, and none where the loss only grows") {
  const auto steps = [](std::vector<double> losses) {
    std::vector<train::LearningRateStep> list;
    double rate = 1e-4;
    for (const double loss : losses) list.push_back({rate *= 10, loss, loss});
    return list;
  };
  CHECK(train::suggested_rate(steps({5, 5, 4.9, 3, 1, 0.9, 2})) == doctest::Approx(1));
  CHECK(train::suggested_rate(steps({5, 5, 4.9, 3, 1.5, 0.2, 0.1, 2})) == doctest::Approx(10));
  CHECK(std::isnan(train::suggested_rate(steps({1, 2, 3, 4}))));
  CHECK(std::isnan(train::suggested_rate(steps({5, 4.96, 4.93, 4.95, 6}))));
  CHECK(std::isnan(train::suggested_rate({})));
}

TEST_CASE("noise is no fall: neither the first batches nor single steps decide") {
  std::vector<train::LearningRateStep> list;
  for (int i = 0; i < 100; ++i) {
    const double rate = 1e-7 * std::pow(10, 8.0 * i / 99), noise = (i % 7 - 3) * 0.02;
    const double fall = 3 / (1 + std::exp(-2 * std::log10(rate / 0.01)));  // most of it around 0.01
    list.push_back({rate, 5 - fall, 5 - fall + noise});
  }
  list[0].smoothed = 8;
  const double rate = train::suggested_rate(list);
  CHECK(rate > 0.01);
  CHECK(rate < 0.1);
}

TEST_CASE("the search sees normalised images, and a loss with parameters has its own back") {
  Model<float> model = small_model<float>();
  const data::Dataset images = small_images(40);
  auto loss = losses::learnable_severity("fine", *images.taxonomy()) + losses::cross_entropy("group");
  ParamList<float> of_loss;
  loss.attach("loss", of_loss);
  Adam optimizer{model.parameters(), {.learning_rate = 0.01}};
  optimizer.add_group({.params = of_loss});
  const std::vector<float> before(of_loss[0]->value(), of_loss[0]->value() + of_loss[0]->size());
  const auto find = [&](const data::Normalization& normalization) {
    return train::find_learning_rate(model, loss, optimizer, images,
                                     {.steps = 20, .batch = 8, .normalization = normalization});
  };
  const auto plain = find({}), normalized = find({{0.3F, 0.4F}, {0.2F, 0.1F}});
  CHECK(plain.steps[0].loss != normalized.steps[0].loss);
  CHECK(std::equal(before.begin(), before.end(), of_loss[0]->value()));
}

TEST_CASE("the search refuses options out of range") {
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  SGD optimizer{model.parameters(), {.learning_rate = 0.1}};
  const auto find = [&](const train::LearningRateFinderOptions& options, Index samples = 8) {
    train::find_learning_rate(model, loss, optimizer, small_images(samples), options);
  };
  CHECK_THROWS_AS(find({.from = 0}), OptionError);
  CHECK_THROWS_AS(find({.from = 1, .to = 1}), OptionError);
  CHECK_THROWS_AS(find({.steps = 9}), OptionError);
  CHECK_THROWS_AS(find({.smoothing = 1}), OptionError);
  CHECK_THROWS_AS(find({.divergence = 1}), OptionError);
  CHECK_THROWS_AS(find({}, 0), DataError);
}

TEST_CASE("a search that fails leaves everything as it was") {
  Model<float> model({1, 1, 4}, seq(BatchNorm1d{}, Linear{{.out_features = 3}}, ReLU{}),
                     heads(head("fine", Linear{{.out_features = 4}})));
  init::he_normal(model, Seed{1});
  std::vector<float> pixels(9 * 4);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(i % 7);
  const data::Dataset nine({1, 1, 4}, pixels, {{"fine", 4, std::vector<Label>(9, 1)}});
  auto loss = losses::cross_entropy("fine");
  Adam optimizer{model.parameters(), {.learning_rate = 0.01}};
  const auto before = weights(model);
  // the second batch has one sample, of which batch normalisation cannot make statistics
  CHECK_THROWS_AS(train::find_learning_rate(model, loss, optimizer, nine, {.steps = 20, .batch = 8}), ShapeError);
  CHECK(weights(model) == before);
  CHECK(optimizer.learning_rate() == 0.01);
}
