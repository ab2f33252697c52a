// Callback that ends training with a moving average of the weights.
#pragma once

#include <memory>
#include <utility>

#include "hcnn/optim/ema.hpp"
#include "hcnn/train/callbacks.hpp"
#include "hcnn/train/refresh_statistics.hpp"
#include "hcnn/train/trains_trunk.hpp"

namespace hcnn::train {

/// Options of `ema`.
struct EmaOptions {
  double decay = 0.999;            ///< fraction of the old average that each step keeps, in [0, 1]
  double from = 2.0 / 3;           ///< fraction of all steps after which averaging begins, in [0, 1]
  RefreshOptions statistics = {};  ///< how the average's running statistics are measured; if it has no normalisation,
                                   ///< that of the training run is used
};

/// Callback that ends training with averaged weights; see `ema`.
class Ema {
 public:
  /// Throws OptionError for an option outside its range.
  Ema(data::Dataset dataset, EmaOptions options) : dataset_(std::move(dataset)), options_(std::move(options)) {
    require_option(options_.decay >= 0 && options_.decay <= 1, "ema", "decay", options_.decay, "must be in [0, 1]");
    require_option(options_.from >= 0 && options_.from <= 1, "ema", "from", options_.from, "must be in [0, 1]");
  }

  /// Converts to a callback for networks of T.
  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    return std::make_shared<Averager<T>>(*this);
  }

 private:
  template <class T>
  class Averager : public Callback<T> {
   public:
    explicit Averager(Ema parent) : dataset_(std::move(parent.dataset_)), options_(std::move(parent.options_)) {}

    void on_train_begin(FitState<T>& state) override {
      model_ = &state.model;
      average_.reset();
    }
    void on_step_end(FitState<T>& state) override {
      const auto done = static_cast<double>((state.epoch - 1) * state.steps_per_epoch + state.step);
      if (done < options_.from * static_cast<double>(state.epochs * state.steps_per_epoch)) return;
      if (average_)
        average_->update(options_.decay);
      else
        begin();
    }
    void on_train_end(FitState<T>& state) override {
      if (!average_ || state.interrupted) return;
      average_->swap();
      average_.reset();
      RefreshOptions statistics = options_.statistics;
      if (statistics.normalization.mean.empty()) statistics.normalization = state.normalization;
      if (!trains_trunk(state.model, state.optimizer)) statistics.trunk = false;
      refresh_statistics(state.model, dataset_, statistics);
      state.replaced_weights = "averaged weights";
    }
    void visit_state(StateVisitor& visitor) override {
      bool begun = average_ != nullptr;
      visitor.visit("begun", begun);
      if (!begun) return average_.reset();
      if (!average_) begin();
      visitor.visit("average", *average_);
    }

   private:
    void begin() { average_ = std::make_unique<ExponentialMovingAverage<Master<T>>>(model_->state()); }

    data::Dataset dataset_;
    EmaOptions options_;
    Model<T>* model_ = nullptr;
    std::unique_ptr<ExponentialMovingAverage<Master<T>>> average_;
  };

  data::Dataset dataset_;
  EmaOptions options_;
};

/// Averages the weights over the last steps of training, as ExponentialMovingAverage does, and leaves the average in
/// the model at the end, with running statistics measured afresh on the training images; a frozen trunk keeps its own.
/// An interrupted run keeps its current weights and continues averaging when resumed. Validation during training uses
/// the current weights, not the average. Put it before `run::checkpoint`, which then writes the average to
/// last.safetensors. Throws OptionError for an option outside its range. `.callbacks = {train::ema(images)}`.
inline Ema ema(data::Dataset dataset, EmaOptions options = {}) { return {std::move(dataset), std::move(options)}; }

}  // namespace hcnn::train
