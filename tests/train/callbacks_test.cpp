// Callbacks of the training loop: functions, early stopping, progress.
#include "hcnn/train/callbacks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <sstream>
#include <vector>

#include "errors.hpp"
#include "figure.hpp"
#include "hcnn/train/early_stopping.hpp"
#include "hcnn/train/evaluate.hpp"
#include "hcnn/train/progress.hpp"
#include "hcnn/train/time_limit.hpp"
#include "train/small_training.hpp"

using namespace hcnn;
using namespace hcnn::testing;

TEST_CASE("an evaluation inside a callback, after an epoch or after each step, changes nothing of the training") {
  struct Evaluate : train::Callback<float> {
    void on_step_end(train::FitState<float>& state) override {
      if (after_steps) evaluate(state.model);
    }
    void on_epoch_end(train::FitState<float>& state, metrics::EpochRecord&) override {
      if (after_epochs) evaluate(state.model);
    }
    void evaluate(Model<float>& model) { train::evaluate(model, other, images, {.batch = 7}); }
    bool after_steps = false, after_epochs = false;
    losses::LossSum<float> other = two_heads<float>();
    data::Dataset images = small_images(40);
  };
  const auto run = [](bool after_steps, bool after_epochs) {
    SmallTraining<float> training;
    const auto callback = std::make_shared<Evaluate>();
    callback->after_steps = after_steps;
    callback->after_epochs = after_epochs;
    training.fit(callback->images, {.epochs = 3, .batch = 16, .callbacks = {callback}});
    return weights(training.model);
  };
  const auto undisturbed = run(false, false);
  CHECK(run(false, true) == undisturbed);
  CHECK(run(true, false) == undisturbed);
  testing::figure("R17", "evaluations after every step and every epoch: equal bits");
}

TEST_CASE("early stopping waits for its patience, then stops with a reason") {
  SmallTraining<float> training{{.learning_rate = 0}};  // nothing can improve
  const data::Dataset images = small_images(40);
  const auto result =
      training.fit(images, {.epochs = 50,
                            .validate = images,
                            .callbacks = {train::early_stopping({.monitor = "val.fine.top1", .patience = 3})}});
  CHECK(result.history.size() == 4);
  CHECK(result.stop_reason == "no better val.fine.top1 for 3 epochs");
  CHECK_FALSE(result.interrupted);
}

TEST_CASE("early stopping begins to wait anew after every improvement") {
  SmallTraining<float> training;
  const auto mine = train::on_epoch_end([](auto& state, auto& record) {
    const double values[] = {1, 2, 2, 3, 3, 3, 3, 3, 3};
    record.set("mine", values[state.epoch - 1]);
  });
  const auto result = training.fit(
      small_images(8),
      {.epochs = 9,
       .batch = 8,
       .callbacks = {mine, train::early_stopping({.monitor = "mine", .higher_is_better = true, .patience = 3})}});
  CHECK(result.history.size() == 7);
}

TEST_CASE("a gain of no more than min_delta is none, and neither is a NaN") {
  const auto epochs = [](std::vector<double> values, double min_delta) {
    SmallTraining<float> training;
    const auto mine = train::on_epoch_end([values](auto& state, auto& record) {
      record.set("mine", values.at(static_cast<std::size_t>(state.epoch - 1)));
    });
    const train::EarlyStoppingOptions options{
        .monitor = "mine", .higher_is_better = true, .patience = 2, .min_delta = min_delta};
    const auto result = training.fit(
        small_images(8),
        {.epochs = static_cast<Index>(values.size()), .batch = 8, .callbacks = {mine, train::early_stopping(options)}});
    return result.history.size();
  };
  CHECK(epochs({1, 1.5, 1.5, 2.1, 2.1}, 0.5) == 3);
  CHECK(epochs({1, 1.5, 1.625, 2.1, 2.1}, 0.5) == 5);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(epochs({nan, 2, nan, nan, nan}, 0) == 4);
  CHECK(epochs({nan, nan, 1, 1}, 0) == 2);
}

TEST_CASE("early stopping can end with the best weights, whether it stopped the training or not") {
  const data::Dataset images = small_images(24);
  for (const Index epochs : {4, 20}) {
    SmallTraining<float> training{{.learning_rate = 0.01}};
    std::vector<std::vector<float>> after;
    const auto mine = train::on_epoch_end([&](auto& state, auto& record) {
      const double values[] = {1, 3, 2, 2, 2};
      record.set("mine", values[std::min<Index>(state.epoch, 5) - 1]);
      after.push_back(weights(state.model));
    });
    const auto result = training.fit(
        images,
        {.epochs = epochs,
         .batch = 8,
         .callbacks = {mine, train::early_stopping(
                                 {.monitor = "mine", .higher_is_better = true, .patience = 3, .restore_best = true})}});
    CHECK(result.history.size() == static_cast<std::size_t>(std::min<Index>(epochs, 5)));
    CHECK(result.replaced_weights == "weights of epoch 2");
    CHECK(weights(training.model) == after[1]);
    CHECK(after[1] != after.back());
  }
}

TEST_CASE("early stopping refuses options out of range and a column that is not there") {
  CHECK_THROWS_AS(train::early_stopping({.patience = 0}), OptionError);
  CHECK_THROWS_AS(train::early_stopping({.monitor = "mine"}), OptionError);
  CHECK_THROWS_AS(train::early_stopping({.min_delta = -1}), OptionError);
  SmallTraining<float> training;
  CHECK(names(error_of<OptionError>([&] {  // no validation
                training.fit(small_images(20), {.callbacks = {train::early_stopping()}});
              }),
              "early_stopping: no column 'val.loss'; columns are: epoch, learning_rate, seconds, train.loss"));
}

TEST_CASE("a time limit ends the training after the running step, with a reason") {
  SmallTraining<float> training;
  const auto result = training.fit(small_images(40), {.epochs = 50, .batch = 8, .callbacks = {train::time_limit(0)}});
  CHECK(result.stop_reason == "time limit of 0:00");
  CHECK(training.optimizer.step_count() == 1);
  CHECK(result.history.empty());
  CHECK_FALSE(result.interrupted);
  CHECK_THROWS_AS(train::time_limit(-1), OptionError);
}

TEST_CASE("progress without a terminal is one plain line for each epoch") {
  SmallTraining<float> training;
  const data::Dataset images = small_images(40);
  std::ostringstream out;
  training.fit(images, {.epochs = 2, .validate = images, .callbacks = {train::progress_bar(out)}});
  const std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.starts_with("epoch 1/2  train loss "));
  CHECK(text.find("val loss") != std::string::npos);
}
