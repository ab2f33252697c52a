// The optimizer steps of an epoch: batches, gradients, update.
#pragma once

#include <algorithm>
#include <cmath>

#include "hcnn/data/batches.hpp"
#include "hcnn/optim/clip.hpp"
#include "hcnn/train/fit_options.hpp"
#include "hcnn/train/non_finite.hpp"
#include "hcnn/train/running_metrics.hpp"
#include "hcnn/train/trains_trunk.hpp"

namespace hcnn::train {

/// Takes the steps of `fit`. A step is `accumulate` batches, fewer at the end of an epoch: the learning rate of the
/// schedule, forward, loss and backward of each batch, gradient clipping, and the optimizer's update.
template <class T>
class EpochSteps {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Keeps references to all arguments. Throws as BatchLoader.
  EpochSteps(const FitOptions<T>& options, losses::LossSum<M>& loss, const data::Dataset& dataset)
      : options_(options),
        loss_(loss),
        loader_(dataset, {.batch = options.batch,
                          .shuffle = true,
                          .seed = options.seed,
                          .augment = options.augment,
                          .mix = options.mix,
                          .normalization = options.normalization,
                          .drop_last = options.drop_last,
                          .prefetch = options.prefetch}),
        metrics_(loss, dataset.taxonomy()) {}

  /// Number of steps per epoch.
  Index per_epoch() const { return (batches() + accumulated() - 1) / accumulated(); }
  /// The training images.
  const data::Dataset& dataset() const { return loader_.dataset(); }
  /// Loss and metrics of the epoch so far.
  RunningMetrics<T>& metrics() { return metrics_; }

  /// Begins an epoch after its first `done` steps.
  void start(Index epoch, Index done) { loader_.start(static_cast<std::uint64_t>(epoch), done * accumulated()); }

  /// Takes the next step and updates `state`. Throws NumericError, naming epoch, batch and layer, if the loss is not
  /// finite.
  void take(FitState<T>& state) {
    set_learning_rate(state);
    const Index first = state.step * accumulated(), last = std::min(first + accumulated(), batches());
    const Index samples = std::min(last * options_.batch, dataset().size()) - first * options_.batch;
    for (Index i = first; i < last; ++i) {
      const data::Batch<T>& batch = *loader_.next();
      add_gradients(state, batch, i + 1, static_cast<double>(batch.images.count()) / static_cast<double>(samples));
    }
    if (options_.clip_norm > 0) clip_gradient_norm(state.optimizer.trainable(), options_.clip_norm);
    state.optimizer.step();
    metrics_.end_step(state);
  }

 private:
  Index batches() const {
    const Index all = loader_.batches_per_epoch();
    return options_.limit_batches > 0 ? std::min(options_.limit_batches, all) : all;
  }
  // Batches of a step: those asked for, or all that an epoch has.
  Index accumulated() const { return std::min(options_.accumulate, batches()); }

  void set_learning_rate(FitState<T>& state) const {
    const auto steps = static_cast<std::uint64_t>(state.steps_per_epoch);
    const auto epoch = static_cast<std::uint64_t>(state.epoch - 1);
    if (!options_.schedule.empty())
      state.optimizer.set_learning_rate(
          options_.schedule.rate({.step = epoch * steps + static_cast<std::uint64_t>(state.step),
                                  .steps_per_epoch = steps,
                                  .total_steps = static_cast<std::uint64_t>(options_.epochs) * steps,
                                  .base_rate = state.optimizer.initial_learning_rate()}));
    state.learning_rate = state.optimizer.learning_rate();
  }

  // @param number of the batch in its epoch, from 1  @param share fraction of the step's samples that are in this batch
  void add_gradients(const FitState<T>& state, const data::Batch<T>& batch, Index number, double share) {
    const Pass pass{.mode = Mode::train,
                    .seed = options_.seed,
                    .epoch = static_cast<std::uint64_t>(state.epoch),
                    .samples = batch.ids,
                    .train_trunk = trains_trunk(state.model, state.optimizer)};
    const Logits<M>& logits = state.model.forward(batch.images, pass);
    const losses::LossValue<M>& value = loss_.evaluate(logits, batch.targets, gradients_, share);
    if (!std::isfinite(value.total)) stop_at_non_finite<T>(state, number, batch.images, value.total);
    state.model.backward(gradients_);
    metrics_.add(batch, logits, value);
  }

  const FitOptions<T>& options_;
  losses::LossSum<M>& loss_;
  data::BatchLoader<T> loader_;
  RunningMetrics<T> metrics_;
  Logits<M> gradients_;
};

}  // namespace hcnn::train
