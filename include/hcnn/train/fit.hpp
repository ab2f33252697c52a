// The training loop.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/train/epoch_steps.hpp"
#include "hcnn/train/evaluate.hpp"
#include "hcnn/train/fit_options.hpp"
#include "hcnn/train/fit_requirements.hpp"
#include "hcnn/train/fit_snapshot.hpp"
#include "hcnn/train/non_finite.hpp"
#include "hcnn/train/stopwatch.hpp"

/// Training loop, callbacks and evaluation.
namespace hcnn::train {

/// Trains a network: for each epoch, for each batch of the reshuffled data set: forward, loss, backward, step; then
/// validation, callbacks, schedule. Gradients are zeroed first. The same seed gives bit-identical results at any number
/// of threads.
template <class T>
class Fit {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Keeps references to all arguments except the options, and names the loss's parameters "loss.0.<...>" and so on.
  /// Throws OptionError for an option outside its range, for a model with several weight arrays that are all 0, and for
  /// an optimizer that has none of the model's parameters or lacks one of the loss's; DataError for a data set without
  /// samples, or without a full batch under `drop_last`; ShapeError if augmentation or normalisation does not fit the
  /// images, or the images to validate have another shape.
  Fit(Model<T>& model, losses::LossSum<M>& loss, Optimizer<M>& optimizer, const data::Dataset& dataset,
      FitOptions<T> options)
      : options_(std::move(options)), loss_(loss), steps_(options_, loss, dataset), state_{model,
                                                                                           optimizer,
                                                                                           result_.history,
                                                                                           steps_.metrics().result(),
                                                                                           options_.normalization,
                                                                                           dataset.taxonomy()} {
    require_options(options_);
    require_images(options_, dataset);
    require_start_values(model);
    loss_.attach("loss", loss_parameters_);
    require_movable(model, optimizer, loss_parameters_);
    state_.epochs = options_.epochs;
    state_.steps_per_epoch = steps_.per_epoch();
  }

  /// Runs the whole training; call it once. Throws NumericError if a value is not finite: the loss of a batch (naming
  /// epoch, batch and, if it can be found, the layer), a parameter (naming epoch and parameter) or the validation loss
  /// (naming the epoch); DataError if no head has targets; OptionError for a monitored column that no record has;
  /// FormatError or DataError for a snapshot of another training run, which leaves everything unchanged.
  FitResult run() {
    begin();
    while (epochs_done() < options_.epochs && (!finished() || validation_lacks())) {
      run_epoch();
      if (state_.epoch < options_.epochs) note_stop();  // after the last epoch there is nothing to stop
      if (finished()) state_.request_snapshot();
      save_if_wanted();
      if (finished() || state_.epoch == options_.epochs) break;
      ++state_.epoch;
    }
    if (epochs_done() == options_.epochs) result_.interrupted = false;  // came too late
    state_.interrupted = result_.interrupted;
    if (state_.interrupted) state_.stop("interrupted");
    for (const auto& callback : options_.callbacks) callback->on_train_end(state_);
    result_.stop_reason = state_.stop_reason;
    result_.replaced_weights = state_.replaced_weights;
    result_.seconds = state_.total_seconds;
    return std::move(result_);
  }

 private:
  bool finished() const { return result_.interrupted || !state_.stop_reason.empty(); }
  Index epochs_done() const { return static_cast<Index>(result_.history.size()); }
  // True after the last step of an epoch that a snapshot has without its record: its validation was interrupted.
  bool validation_lacks() const { return state_.step == state_.steps_per_epoch && !epoch_over(); }
  void begin() {
    const auto resume = std::exchange(options_.resume, nullptr);
    state_.epoch = 1;
    state_.snapshot = resume.get();
    steps_.metrics().prepare(state_.model, steps_.dataset());
    for (const auto& callback : options_.callbacks) callback->on_train_begin(state_);
    zero_gradients(state_.model.parameters());  // stale ones: the optimizer zeroes only those of its own parameters
    zero_gradients(loss_parameters_);
    if (resume) load(*resume);
    training_time_.start(state_.total_seconds);
    if (resume)
      for (const auto& callback : options_.callbacks) callback->on_resume(state_);
    state_.snapshot = nullptr;
    save_if_wanted();
  }

  void run_epoch() {
    const Index done = std::exchange(steps_loaded_, 0);
    if (done == 0) {
      steps_.metrics().reset();
      state_.step = state_.images = 0;
      state_.seconds = 0;
    }
    epoch_time_.start(state_.seconds);
    steps_.start(state_.epoch, done);
    while (state_.step < state_.steps_per_epoch) {
      steps_.take(state_);
      if (state_.step == 1) first_rate_ = state_.learning_rate;
      state_.seconds = epoch_time_.seconds();
      state_.total_seconds = training_time_.seconds();
      for (const auto& callback : options_.callbacks) callback->on_step_end(state_);
      note_stop();
      if (finished() && state_.step < state_.steps_per_epoch) return;
      save_if_wanted();
    }
    end_epoch();
  }

  void end_epoch() {
    metrics::EpochRecord record{.epoch = state_.epoch, .learning_rate = first_rate_};
    steps_.metrics().record(record);
    if (options_.validate) {
      const auto validation =
          evaluate(state_.model, loss_, *options_.validate,
                   {.batch = options_.batch, .normalization = options_.normalization, .stop = options_.stop});
      note_stop();
      if (result_.interrupted) return;  // half a validation does not count
      record_evaluation(record, "val", validation.loss, validation);
    }
    if (record.has("val.loss") && !std::isfinite(record.get("val.loss")))
      fail<NumericError>(concat("epoch ", state_.epoch), "the validation loss is not finite",
                         "a smaller learning rate or clip_norm may help");
    require_finite_parameters(state_);
    record.seconds = epoch_time_.seconds();
    state_.total_seconds = training_time_.seconds();
    for (const auto& callback : options_.callbacks) callback->on_epoch_end(state_, record);
    if (!record.has(monitored()))  // checked after the callbacks: one of them may have measured it
      fail<OptionError>("fit", "no column '" + monitored() + "' to monitor", "columns are: " + record.columns());
    options_.schedule.on_epoch(record.get(monitored()), metrics::higher_is_better(monitored()));
    result_.history.add(std::move(record));
  }

  void note_stop() { result_.interrupted = result_.interrupted || options_.stop.stop_requested(); }

  // True at the end of an epoch whose record is in the history; otherwise the epoch has not begun or is not finished.
  bool epoch_over() const { return !result_.history.empty() && result_.history.back().epoch == state_.epoch; }

  void save_if_wanted() {
    if (std::exchange(state_.snapshot_wanted, false)) save();
  }
  [[gnu::cold]] void save() {
    require_finite_parameters(state_);
    const Snapshot snapshot = take_snapshot();
    for (const auto& callback : options_.callbacks) callback->on_snapshot(state_, snapshot);
  }

  [[gnu::cold]] Snapshot take_snapshot() {
    Snapshot snapshot;
    StateVisitor saving = StateVisitor::saving(snapshot);
    visit_state(saving);
    return snapshot;
  }

  // If the snapshot turns out to belong to another training run, restores everything.
  [[gnu::cold]] void load(const Snapshot& snapshot) {
    const Snapshot before = take_snapshot();
    try {
      StateVisitor loading = StateVisitor::loading(snapshot);
      visit_state(loading);
      loading.finish();
      const Index done = epochs_done();
      if (state_.epoch < 1 || state_.epoch > options_.epochs || state_.step < 0 ||
          state_.step > state_.steps_per_epoch || done != (epoch_over() ? state_.epoch : state_.epoch - 1))
        fail<FormatError>(snapshot.where, concat("step ", state_.step, " of epoch ", state_.epoch, ", ", done, " done"),
                          "no training run reaches such a position: the checkpoint is damaged");
    } catch (...) {
      StateVisitor restoring = StateVisitor::loading(before);
      visit_state(restoring);
      throw;
    }
    state_.running_loss = steps_.metrics().loss();
    steps_loaded_ = epoch_over() ? 0 : state_.step;
    if (!epoch_over() || finished() || epochs_done() == options_.epochs) return;
    ++state_.epoch;
    state_.step = state_.images = 0;
  }

  [[gnu::cold]] void visit_state(StateVisitor& state) {
    if (training_lines_.empty()) training_lines_ = training_lines(state_.model, loss_, steps_.dataset(), options_);
    state.expect("training", training_lines_);
    bool done =
        (!state_.stop_reason.empty() && !validation_lacks()) || (epoch_over() && state_.epoch == options_.epochs);
    state.visit("finished", done);
    state.visit("first_rate", first_rate_);
    state.visit("at", state_);
    visit_parameters(state, "loss", loss_parameters_);
    state.visit("schedule", options_.schedule);
    state.visit("running", steps_.metrics());
    state.visit("history", result_.history);
    int number = 0;  // counts only callbacks with state: those without may be added or removed
    for (const auto& callback : options_.callbacks) {
      const std::size_t before = state.count();
      state.visit(concat("callback.", number), *callback);
      if (state.count() > before) ++number;
    }
  }

  std::string monitored() const {
    if (!options_.monitor.empty()) return options_.monitor;
    return options_.validate ? "val.loss" : "train.loss";
  }

  FitOptions<T> options_;
  losses::LossSum<M>& loss_;
  EpochSteps<T> steps_;
  ParamList<M> loss_parameters_;
  FitResult result_;
  FitState<T> state_;
  Index steps_loaded_ = 0;  // steps of the current epoch already done in the snapshot
  double first_rate_ = 0;   // learning rate of the epoch's first step
  Stopwatch training_time_, epoch_time_;
  std::vector<std::string> training_lines_;  // computed at the first snapshot
};

/// Trains the model; see Fit. `train::fit(model, loss, optimizer, data, {.epochs = 50, .batch = 128})`. Another call on
/// the same model starts again at epoch 1 and, unless the seed differs, repeats its order and augmentations. Throws as
/// the constructor and `run` of Fit.
template <class T>
FitResult fit(Model<T>& model, losses::LossSum<Master<T>>& loss, Optimizer<Master<T>>& optimizer,
              const data::Dataset& dataset, FitOptions<T> options) {
  return Fit<T>(model, loss, optimizer, dataset, std::move(options)).run();
}
/// Overload for a temporary loss: `train::fit(model, losses::cross_entropy("fine"), optimizer, data, {})`.
template <class T>
FitResult fit(Model<T>& model, losses::LossSum<Master<T>>&& loss, Optimizer<Master<T>>& optimizer,
              const data::Dataset& dataset, FitOptions<T> options) {
  return Fit<T>(model, loss, optimizer, dataset, std::move(options)).run();
}

}  // namespace hcnn::train
