// The training loop.
#pragma once

#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "hcnn/layers/diagnose.hpp"
#include "hcnn/optim/clip.hpp"
#include "hcnn/train/evaluate.hpp"
#include "hcnn/train/fit_options.hpp"
#include "hcnn/train/record.hpp"

namespace hcnn::train {

/// Trains a network: for each epoch, for each batch of the reshuffled data set, forward, loss, backward, step; then
/// validation, schedule, callbacks. The same seed gives the same bits at any number of threads.
template <class T>
class Fit {
 public:
  using M = Master<T>;

  /// Refers to all it is given but the options. Throws OptionError for an option outside its range, DataError for a
  /// data set without samples.
  Fit(Model<T>& model, losses::LossSum<M>& loss, Optimizer<M>& optimizer, const data::Dataset& dataset,
      FitOptions<T> options)
      : options_(std::move(options)),
        loss_(loss),
        loader_(dataset, {.batch = options_.batch,
                          .shuffle = true,
                          .seed = options_.seed,
                          .augment = options_.augment,
                          .normalization = options_.normalization,
                          .prefetch = options_.prefetch}),
        evaluator_(dataset.taxonomy()),
        state_{model, optimizer, result_.history, evaluator_.result()} {
    if (options_.epochs < 1) fail<OptionError>("fit", concat(options_.epochs, " epochs"), "at least 1 is needed");
    require_nonnegative("fit", "clip_norm", options_.clip_norm);
    if (dataset.size() == 0 || (options_.validate && options_.validate->size() == 0))
      fail<DataError>("fit", dataset.size() == 0 ? "no samples to train on" : "no samples to validate",
                      "some are needed");
    state_.epochs = options_.epochs;
    state_.steps_per_epoch = loader_.batches_per_epoch();
  }

  /// The whole training; to be called once. Throws NumericError, naming layer, epoch and batch, when a loss, a
  /// parameter or the validation loss is not finite; OptionError for a monitored column that no record has.
  FitResult run() {
    for (const auto& callback : options_.callbacks) callback->on_train_begin(state_);
    for (state_.epoch = 1; state_.epoch <= options_.epochs && !finished(); ++state_.epoch) run_epoch();
    for (const auto& callback : options_.callbacks) callback->on_train_end(state_);
    result_.stop_reason = state_.stop_reason;
    return std::move(result_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool finished() const { return result_.interrupted || !state_.stop_reason.empty(); }

  void run_epoch() {
    const auto begin = Clock::now();
    loader_.start(static_cast<std::uint64_t>(state_.epoch));
    evaluator_.reset();
    mean_.reset();
    state_.step = state_.images = 0;
    double first_rate = 0;
    while (const data::Batch<T>* batch = loader_.next()) {
      train_step(*batch);
      if (state_.step == 1) first_rate = state_.learning_rate;
      state_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
      for (const auto& callback : options_.callbacks) callback->on_step_end(state_);
      note_stop();
      if (finished() && state_.step < state_.steps_per_epoch) return;
    }
    metrics::EpochRecord record{.epoch = state_.epoch, .learning_rate = first_rate};
    record_evaluation(record, "train", mean_.mean(), evaluator_.result());
    if (options_.validate) {
      const auto validation =
          evaluate(state_.model, loss_, *options_.validate,
                   {.batch = options_.batch, .normalization = options_.normalization, .stop = options_.stop});
      note_stop();
      if (result_.interrupted) return;  // half a validation is none
      record_evaluation(record, "val", validation.loss, validation.result);
    }
    require_finite(record);
    record.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (!record.has(monitored()))
      fail<OptionError>("fit", "no column '" + monitored() + "' to monitor", "name one of history.csv");
    options_.schedule.on_epoch(record.get(monitored()));
    for (const auto& callback : options_.callbacks) callback->on_epoch_end(state_, record);
    result_.history.add(std::move(record));
  }

  void note_stop() {
    if (!options_.stop.stop_requested()) return;
    result_.interrupted = true;
    state_.stop("interrupted");
  }

  // The last steps' gradients may have been bad without a later loss to show it.
  void require_finite(const metrics::EpochRecord& record) const {
    std::string place;
    if (record.has("val.loss") && !std::isfinite(record.get("val.loss"))) place = "the validation loss";
    for (const Param<M>* param : state_.model.state())
      if (!all_finite(param->value(), param->size())) place = "parameter " + param->name;
    if (!place.empty())
      fail<NumericError>(concat("epoch ", state_.epoch), place + " is not finite",
                         "a smaller learning rate or clip_norm may help");
  }

  void train_step(const data::Batch<T>& batch) {
    const auto steps = static_cast<std::uint64_t>(state_.steps_per_epoch);
    const std::uint64_t epoch = static_cast<std::uint64_t>(state_.epoch - 1);
    state_.learning_rate = options_.schedule.rate({.step = epoch * steps + static_cast<std::uint64_t>(state_.step),
                                                   .steps_per_epoch = steps,
                                                   .total_steps = static_cast<std::uint64_t>(options_.epochs) * steps,
                                                   .base_rate = state_.optimizer.initial_learning_rate()});
    state_.optimizer.set_learning_rate(state_.learning_rate);
    const Pass pass{.mode = Mode::train,
                    .seed = options_.seed,
                    .epoch = static_cast<std::uint64_t>(state_.epoch),
                    .samples = batch.ids};
    const Logits<M>& logits = state_.model.forward(batch.images, pass);
    const losses::LossValue<M>& value = loss_.evaluate(logits, batch.targets, gradients_);
    if (!std::isfinite(value.total)) stop_at_non_finite(batch, value.total);
    state_.model.backward(gradients_);
    if (options_.clip_norm > 0) clip_gradient_norm(state_.optimizer.trainable(), options_.clip_norm);
    state_.optimizer.step();
    count(batch, logits, value);
  }

  void count(const data::Batch<T>& batch, const Logits<M>& logits, const losses::LossValue<M>& value) {
    const auto& severity = evaluator_.result().severity;
    const double before = severity.hd1() * static_cast<double>(severity.total());
    const Index counted = severity.total();
    evaluator_.add(logits, batch.targets);
    const Index fresh = severity.total() - counted;
    const double after = severity.hd1() * static_cast<double>(severity.total());
    state_.hd1 = fresh > 0 ? (after - before) / static_cast<double>(fresh) : 0;
    mean_.add(value, batch.images.count());
    ++state_.step;
    state_.images += batch.images.count();
    state_.loss = static_cast<double>(value.total);
    state_.running_loss = mean_.total();
  }

  [[noreturn]] void stop_at_non_finite(const data::Batch<T>& batch, M value) {
    const std::string place = find_non_finite<T>(state_.model, batch.images);
    fail<NumericError>(
        concat("epoch ", state_.epoch, ", batch ", state_.step + 1),
        concat("the loss is ", value, place.empty() ? "" : "; the first value that is not finite is in " + place),
        "a smaller learning rate or clip_norm may help");
  }

  std::string monitored() const {
    if (!options_.monitor.empty()) return options_.monitor;
    return options_.validate ? "val.loss" : "train.loss";
  }

  FitOptions<T> options_;
  losses::LossSum<M>& loss_;
  data::BatchLoader<T> loader_;
  metrics::Evaluator<M> evaluator_;
  LossMean<M> mean_;
  Logits<M> gradients_;
  FitResult result_;
  FitState<T> state_;
};

/// Trains the model; see Fit. `train::fit(model, loss, optimizer, data, {.epochs = 50, .batch = 128})`.
template <class T>
FitResult fit(Model<T>& model, losses::LossSum<Master<T>>& loss, Optimizer<Master<T>>& optimizer,
              const data::Dataset& dataset, FitOptions<T> options) {
  return Fit<T>(model, loss, optimizer, dataset, std::move(options)).run();
}

}  // namespace hcnn::train
