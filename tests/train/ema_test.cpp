// Averaged weights at the end of a training, and statistics measured afresh.
#include "hcnn/train/ema.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "hcnn/optim/sgd.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

template <class T>
std::vector<Master<T>> trained(Model<T>& model) {
  std::vector<Master<T>> all;
  for (const auto* param : model.parameters()) all.insert(all.end(), param->value(), param->value() + param->size());
  return all;
}

// Keeps the last snapshot, and the trainable values after each step.
struct Watch : train::Callback<double> {
  void on_step_end(train::FitState<double>& state) override { steps.push_back(trained(state.model)); }
  void on_snapshot(train::FitState<double>&, const Snapshot& snapshot) override {
    last = std::make_shared<Snapshot>(snapshot);
  }
  std::vector<std::vector<double>> steps;
  std::shared_ptr<const Snapshot> last;
};

struct Run : SmallTraining<double> {
  Run() : SmallTraining{{.learning_rate = 0.01}} {}

  std::shared_ptr<Watch> watch = std::make_shared<Watch>();

  void train(const train::EmaOptions& options, std::stop_token stop = {}, std::shared_ptr<const Snapshot> resume = {},
             train::Callbacks<double> more = {}) {
    static const data::Dataset images = small_images(40);
    more.push_back(train::ema(images, options));
    more.push_back(watch);
    fit(images, {.epochs = 3, .batch = 8, .callbacks = more, .stop = stop, .resume = std::move(resume)});
  }
};

}  // namespace

TEST_CASE("a training ends with the average of the weights after its last steps") {
  Run run;
  run.train({.decay = 0.75, .from = 0.5});
  REQUIRE(run.watch->steps.size() == 15);
  std::vector<double> average = run.watch->steps[7];  // step 8 is the first of at least half of 15
  for (std::size_t step = 8; step < 15; ++step)
    for (std::size_t i = 0; i < average.size(); ++i) average[i] += 0.25 * (run.watch->steps[step][i] - average[i]);
  CHECK(trained(run.model) == average);
  CHECK(trained(run.model) != run.watch->steps.back());
}

TEST_CASE("a training that was interrupted keeps its weights, and its resumption ends with the same average") {
  Run whole, part;
  const train::EmaOptions options{.decay = 0.75, .from = 0.5};
  whole.train(options);
  const auto stop = std::make_shared<StopAt<double>>(3, 1);
  part.train(options, stop->token(), {}, {stop});
  CHECK(trained(part.model) == part.watch->steps.back());
  Run rest;
  rest.train(options, {}, part.watch->last);
  CHECK(weights(rest.model) == weights(whole.model));
}

TEST_CASE("fresh statistics are the means over the batches") {
  Model<double> model({.height = 1, .width = 1, .channels = 2}, seq(BatchNorm2d<double>{{.momentum = 0.3}}),
                      heads(head("fine", Linear<double>{{.out_features = 2}})));
  const data::Dataset images{Shape{.height = 1, .width = 1, .channels = 2},
                             std::vector<float>{1, 10, 2, 20, 4, 40, 8, 80},
                             {{"fine", 2, {0, 1, 0, 1}}}};
  train::refresh_statistics(model, images, {.batch = 4});
  CHECK(model.param("trunk.0.running_mean").value()[0] == doctest::Approx(3.75));
  CHECK(model.param("trunk.0.running_mean").value()[1] == doctest::Approx(37.5));
  CHECK(model.param("trunk.0.running_var").value()[0] == doctest::Approx(28.75 / 3));  // unbiased
  train::refresh_statistics(model, images, {.batch = 2});
  CHECK(model.param("trunk.0.running_mean").value()[0] == doctest::Approx(3.75));  // of two means
  train::refresh_statistics(model, images, {.batches = 1, .batch = 2});
  const double first = model.param("trunk.0.running_mean").value()[0];  // no two of the four images have a mean of 3.75
  CHECK(std::abs(first - 3.75) >= 0.75);
  CHECK(model.param("trunk.0.running_mean").value()[1] == doctest::Approx(10 * first));
  CHECK(train::batch_norms(model).front()->momentum() == 0.3);
  CHECK_NOTHROW(train::refresh_statistics(model, images, {.batch = 3}));  // a batch of the fourth alone has no variance
}

TEST_CASE("averaging refuses options out of range") {
  const data::Dataset images = small_images(8);
  CHECK_THROWS_AS(train::ema(images, {.decay = 1.5}), OptionError);
  CHECK_THROWS_AS(train::ema(images, {.from = -0.1}), OptionError);
  Model<float> model = small_model<float>();
  CHECK_THROWS_AS(train::refresh_statistics(model, images, {.batches = 0}), OptionError);
  CHECK_THROWS_AS(train::refresh_statistics(model, small_images(0)), DataError);
}

TEST_CASE("the statistics of averaged weights are those of the images as the training normalised them") {
  const data::Dataset images = small_images(40);
  const data::Normalization normalization{{5, 4}, {0.25F, 0.5F}};
  const auto statistics = [&](const train::EmaOptions& options) {
    SmallTraining<double> training{{.learning_rate = 0.01}};
    training.fit(images,
                 {.epochs = 1, .batch = 8, .normalization = normalization, .callbacks = {train::ema(images, options)}});
    std::vector<double> all;
    for (const auto* buffer : training.model.buffers())
      all.insert(all.end(), buffer->value(), buffer->value() + buffer->size());
    return all;
  };
  CHECK(statistics({.from = 0.5}) == statistics({.from = 0.5, .statistics = {.normalization = normalization}}));
  CHECK(statistics({.from = 0.5}) != statistics({.from = 0.5, .statistics = {.normalization = {{0, 0}, {1, 1}}}}));
}

TEST_CASE("fresh statistics owe nothing to the old ones, and a refresh that fails leaves the momentum as it was") {
  const data::Dataset images = small_images(40);
  Model<double> model = small_model<double>(), spoilt = small_model<double>();
  for (auto* buffer : spoilt.buffers())
    if (!buffer->integer)
      std::fill_n(buffer->value(), buffer->size(),
                  buffer->name.ends_with("_var") ? 1e300 : std::numeric_limits<double>::quiet_NaN());
  for (Model<double>* each : {&model, &spoilt}) train::refresh_statistics(*each, images, {.batch = 8});
  for (std::size_t b = 0; b < model.buffers().size(); ++b) {
    const auto &one = *model.buffers()[b], &other = *spoilt.buffers()[b];
    CHECK(std::equal(one.value(), one.value() + one.size(), other.value()));
  }
  Model<double> pixel{{1, 1, 2},
                      seq(BatchNorm2d<double>{{.momentum = 0.25}}),
                      heads(head("fine", Linear<double>{{.out_features = 4}}))};
  const data::Dataset single({1, 1, 2}, std::vector<float>{1, 2}, {{"fine", 4, {0}}});
  CHECK_THROWS_AS(train::refresh_statistics(pixel, single), ShapeError);
  CHECK(train::batch_norms(pixel)[0]->momentum() == 0.25);
}

TEST_CASE("a frozen trunk keeps its statistics under an average of the weights") {
  const data::Dataset images = small_images(40);
  Model<float> model = small_model<float>();
  auto loss = two_heads<float>();
  train::fit(model, loss, *std::make_unique<Adam<float>>(model.parameters(), AdamOptions{}), images, {.batch = 8});
  Model<float> before = model.clone();
  SGD<float> optimizer{ParamList<float>{}, {.learning_rate = 0.1}};
  optimizer.add_group({.params = model.parameters("trunk."), .frozen = true});
  optimizer.add_group({.params = model.parameters("heads.")});
  const auto result = train::fit(model, loss, optimizer, small_images(40, 2),
                                 {.epochs = 2, .batch = 8, .callbacks = {train::ema(images, {.decay = 0.9})}});
  CHECK(result.replaced_weights == "averaged weights");
  for (const auto* param : model.buffers()) {
    CAPTURE(param->name);
    CHECK(std::equal(param->value(), param->value() + param->size(), before.param(param->name).value()));
  }
}
