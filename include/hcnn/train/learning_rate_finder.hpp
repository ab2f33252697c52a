// Learning-rate range test: finds the rates that a network can be trained with.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>
#include <utility>
#include <vector>

#include "hcnn/data/batches.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/optim/optimizer.hpp"
#include "hcnn/train/trains_trunk.hpp"

namespace hcnn::train {

/// Options of `find_learning_rate`.
struct LearningRateFinderOptions {
  double from = 1e-7;                      ///< first learning rate, above 0
  double to = 10;                          ///< last learning rate, above `from`
  Index steps = 100;                       ///< training steps, at least 10
  Index batch = 128;                       ///< samples per step, at least 1
  std::uint64_t seed = 1;                  ///< seed of shuffling, augmentation and dropout
  double smoothing = 0.9;                  ///< weight of the past in the smoothed loss, in [0, 1)
  double divergence = 4;                   ///< stops once the smoothed loss exceeds its minimum by this factor, above 1
  data::Augmentations augment = {};        ///< augmentations of the images
  data::Normalization normalization = {};  ///< normalisation of the images
  std::stop_token stop = {};               ///< asks to stop after the current step; returns the steps so far
};

/// One step of the learning-rate search.
struct LearningRateStep {
  double learning_rate = 0;  ///< learning rate of the step
  double loss = 0;           ///< loss of the batch, nats per sample
  double smoothed = 0;       ///< exponential moving average of the losses so far, bias-corrected
};

/// Result of `find_learning_rate`.
struct LearningRates {
  std::vector<LearningRateStep> steps;  ///< steps taken; learning rates grow by a constant factor
  double suggestion = 0;                ///< suggested learning rate; see `suggested_rate`
};

/// Suggests a learning rate: starting where the smoothed loss falls most steeply, the largest rate up to which it keeps
/// falling at least two thirds as steeply. With Adam the loss falls over several decades of rates, and the larger ones
/// learn faster. The fall is measured over a decade centred on the rate (over half the range where that is less than
/// two decades), because over a few steps the noise of the batches is steeper; the first tenth of the steps, whose mean
/// is over few batches, is left out. NaN if the loss falls by less than a fiftieth.
inline double suggested_rate(const std::vector<LearningRateStep>& steps) {
  double rate = std::numeric_limits<double>::quiet_NaN();
  if (steps.size() < 3) return rate;
  const double apart = std::log(steps[1].learning_rate / steps[0].learning_rate);
  const std::size_t first = steps.size() / 10;
  const auto half = std::clamp<std::size_t>(static_cast<std::size_t>(std::log(10) / 2 / apart), 1,
                                            std::max<std::size_t>(1, (steps.size() - first) / 4));
  const auto fall = [&](std::size_t i) { return steps[i - half].smoothed - steps[i + half].smoothed; };
  const auto inside = [&](std::size_t i) { return i + half < steps.size(); };
  std::size_t steepest = first + half;
  if (!inside(steepest)) return rate;
  for (std::size_t i = steepest; inside(i); ++i)
    if (fall(i) > fall(steepest)) steepest = i;
  if (fall(steepest) < std::abs(steps[first].smoothed) / 50) return rate;
  for (std::size_t i = steepest; inside(i) && fall(i) >= fall(steepest) * 2 / 3; ++i) rate = steps[i].learning_rate;
  return rate;
}

/// Snapshot of parameters, statistics and optimizer, taken on construction.
template <class T>
class SavedTraining {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Keeps references to the model, the optimizer and the loss's parameters, which it names "loss.0.<...>"; zeroes all
  /// gradients.
  SavedTraining(Model<T>& model, losses::LossSum<M>& loss, Optimizer<M>& optimizer)
      : model_(model), optimizer_(optimizer) {
    loss.attach("loss", loss_parameters_);
    visit(StateVisitor::saving(before_));
    zero_all();
  }

  /// Restores the snapshot, with gradients of 0. Throws what a user-defined optimizer throws when it is loaded.
  void restore() {
    zero_all();
    visit(StateVisitor::loading(before_));
  }

 private:
  void visit(StateVisitor visitor) {
    visit_parameters(visitor, "model", model_.state());
    visit_parameters(visitor, "loss", loss_parameters_);
    visitor.visit("optimizer", optimizer_);
  }
  void zero_all() {  // the optimizer zeroes only the gradients of its own parameters
    zero_gradients(model_.parameters());
    zero_gradients(loss_parameters_);
  }

  Model<T>& model_;
  Optimizer<M>& optimizer_;
  ParamList<M> loss_parameters_;
  Snapshot before_;
};

/// Takes the steps of `find_learning_rate`.
template <class T>
class LearningRateSearch {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Keeps references to all arguments.
  LearningRateSearch(Model<T>& model, losses::LossSum<M>& loss, Optimizer<M>& optimizer, const data::Dataset& dataset,
                     const LearningRateFinderOptions& options)
      : model_(model),
        loss_(loss),
        optimizer_(optimizer),
        options_(options),
        loader_(dataset, {.batch = options.batch,
                          .shuffle = true,
                          .seed = options.seed,
                          .augment = options.augment,
                          .normalization = options.normalization}) {}

  /// Trains until the loss diverges, all steps are done or a stop is requested. Call it once.
  std::vector<LearningRateStep> run() {
    for (Index step = 0; step < options_.steps && !options_.stop.stop_requested(); ++step)
      if (!train_step(step)) break;
    return std::move(steps_);
  }

 private:
  // Returns false if the loss diverges.
  bool train_step(Index step) {
    const data::Batch<T>& batch = next_batch();
    const double done = static_cast<double>(step) / static_cast<double>(options_.steps - 1);
    const double rate = options_.from * std::pow(options_.to / options_.from, done);
    optimizer_.set_learning_rate(rate);
    const Pass pass{.mode = Mode::train,
                    .seed = options_.seed,
                    .epoch = epoch_,
                    .samples = batch.ids,
                    .train_trunk = trains_trunk(model_, optimizer_)};
    const double value{loss_.evaluate(model_.forward(batch.images, pass), batch.targets, gradients_).total};
    sum_ = options_.smoothing * sum_ + (1 - options_.smoothing) * value;
    const double smoothed = sum_ / (1 - std::pow(options_.smoothing, static_cast<double>(step + 1)));
    const bool diverged = step > 0 && smoothed - least_ > (options_.divergence - 1) * std::abs(least_);
    if (!std::isfinite(smoothed) || diverged) return false;
    steps_.push_back({rate, value, smoothed});
    least_ = std::min(least_, smoothed);
    model_.backward(gradients_);
    optimizer_.step();
    return true;
  }
  // The next batch of the epoch, or the first of the next epoch.
  const data::Batch<T>& next_batch() {
    if (const data::Batch<T>* batch = epoch_ == 0 ? nullptr : loader_.next()) return *batch;
    loader_.start(++epoch_);
    return *loader_.next();
  }

  Model<T>& model_;
  losses::LossSum<M>& loss_;
  Optimizer<M>& optimizer_;
  const LearningRateFinderOptions& options_;
  data::BatchLoader<T> loader_;
  std::uint64_t epoch_ = 0;
  Logits<M> gradients_;
  double sum_ = 0;  // sum of the losses, weighted towards the last ones
  double least_ = std::numeric_limits<double>::infinity();
  std::vector<LearningRateStep> steps_;
};

/// Trains for some steps with a learning rate that grows geometrically, `from (to / from)^(i / (steps - 1))` in step i,
/// until the loss diverges. Parameters, statistics and optimizer are then restored. Throws OptionError for an option
/// outside its range and DataError for a data set without samples.
/// Source: Smith 2017, arXiv:1506.01186, section 3.3.
template <class T>
LearningRates find_learning_rate(Model<T>& model, losses::LossSum<Master<T>>& loss, Optimizer<Master<T>>& optimizer,
                                 const data::Dataset& dataset, const LearningRateFinderOptions& options = {}) {
  const char* where = "find_learning_rate";
  require_option(options.from > 0 && std::isfinite(options.from), where, "from", options.from, "must be above 0");
  require_option(options.to > options.from && std::isfinite(options.to), where, "to", options.to, "must exceed from");
  require_option(options.steps >= 10, where, "steps", options.steps, "must be >= 10");
  require_option(options.smoothing >= 0 && options.smoothing < 1, where, "smoothing", options.smoothing,
                 "must be in [0, 1)");
  require_option(options.divergence > 1, where, "divergence", options.divergence, "must be above 1");
  if (dataset.size() == 0) fail<DataError>(where, "no samples", "some are needed");
  SavedTraining<T> before(model, loss, optimizer);
  LearningRates found;
  try {
    found.steps = LearningRateSearch<T>(model, loss, optimizer, dataset, options).run();
  } catch (...) {
    before.restore();
    throw;
  }
  before.restore();
  found.suggestion = suggested_rate(found.steps);
  return found;
}

}  // namespace hcnn::train
