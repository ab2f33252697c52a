// Callback that stops training when a metric no longer improves.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Options of `early_stopping`.
struct EarlyStoppingOptions {
  std::string monitor = "val.loss";           ///< history column to watch; "val.loss" needs `FitOptions::validate`
  std::optional<bool> higher_is_better = {};  ///< unset: inferred from the column's name by metrics::higher_is_better
  Index patience = 10;                        ///< epochs without improvement before training ends, at least 1
  double min_delta = 0;                       ///< a gain must exceed this to count, in the column's unit; >= 0
  bool restore_best = false;                  ///< end with the parameters and running statistics of the best epoch
};

/// Callback that stops training once a metric no longer improves; see `early_stopping`.
class EarlyStopping {
 public:
  /// Throws OptionError for an option outside its range, and if it is unknown whether higher or lower values are
  /// better.
  explicit EarlyStopping(EarlyStoppingOptions options = {}) : options_(std::move(options)) {
    if (options_.patience < 1 || !(options_.min_delta >= 0))
      fail<OptionError>("early_stopping", concat("patience ", options_.patience, ", min_delta ", options_.min_delta),
                        "patience >= 1 and min_delta >= 0 are needed");
    options_.higher_is_better = metrics::direction_of(options_.monitor, options_.higher_is_better, "early_stopping");
  }

  /// Converts to a callback for networks of T; it starts counting afresh in each training run.
  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    return std::make_shared<Watch<T>>(options_);
  }

 private:
  template <class T>
  struct Watch : Callback<T> {
    explicit Watch(EarlyStoppingOptions o) : options(std::move(o)) {}

    void on_train_begin(FitState<T>& state) override {
      model = &state.model;
      best = std::numeric_limits<double>::quiet_NaN();
      waited = 0;
      best_weights = {};
    }
    void on_epoch_end(FitState<T>& state, metrics::EpochRecord& record) override {
      if (!record.has(options.monitor))
        fail<OptionError>("early_stopping", "no column '" + options.monitor + "'", "columns are: " + record.columns());
      const double value = record.get(options.monitor);
      const double gain = *options.higher_is_better ? value - best : best - value;
      if ((std::isnan(best) && !std::isnan(value)) || gain > options.min_delta) {
        best = value;
        waited = 0;
        best_epoch = state.epoch;
        if (options.restore_best) save_weights();
      } else if (++waited >= options.patience) {
        state.stop(concat("no better ", options.monitor, " for ", waited, " epochs"));
      }
    }

    void on_train_end(FitState<T>& state) override {
      if (state.interrupted || best_weights.empty()) return;
      auto from = best_weights.begin();
      for (auto* param : model->state()) {
        std::copy_n((from++)->begin(), param->size(), param->value());
        param->touch();
      }
      state.replaced_weights = concat("weights of epoch ", best_epoch);
    }

    void visit_state(StateVisitor& state) override {
      state.expect("monitor", options.monitor);
      state.visit("best", best);
      state.visit("waited", waited);
      if (!options.restore_best) return;
      bool known = !best_weights.empty();
      state.visit("best_weights", known);
      if (!known) return best_weights.clear();
      if (best_weights.empty()) save_weights();
      state.visit("best_epoch", best_epoch);
      for (std::size_t i = 0; i < best_weights.size(); ++i)
        state.visit(concat("best.", i), std::span<Master<T>>(best_weights[i]));
    }

    void save_weights() {
      best_weights.clear();
      for (const auto* param : model->state())
        best_weights.emplace_back(param->value(), param->value() + param->size());
    }

    EarlyStoppingOptions options;
    double best = 0;
    Index waited = 0, best_epoch = 0;
    Model<T>* model = nullptr;
    std::vector<std::vector<Master<T>>> best_weights;  // in the order of Model::state
  };

  EarlyStoppingOptions options_;
};

/// Stops training after `patience` epochs without an improvement of more than `min_delta`; a NaN is no improvement. The
/// model keeps the weights of the last epoch; with `restore_best` it ends with those of the best, whether or not it was
/// stopped early. Put it before `run::checkpoint`, which then writes them to last.safetensors. An interrupted run keeps
/// its own weights in the model and the best in its checkpoint. Throws OptionError for an option outside its range, if
/// it is unknown whether higher or lower values are better, and at the end of the first epoch if the history has no
/// column `monitor`.
/// `.callbacks = {train::early_stopping({.monitor = "val.fine.top1", .patience = 5, .restore_best = true})}`.
inline EarlyStopping early_stopping(EarlyStoppingOptions options = {}) { return EarlyStopping(std::move(options)); }

}  // namespace hcnn::train
