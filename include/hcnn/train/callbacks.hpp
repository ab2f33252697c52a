// Base class of training callbacks, and the training state they see.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/data/normalization.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/history.hpp"
#include "hcnn/optim/optimizer.hpp"

namespace hcnn::train {

/// State of a training run. Callbacks read it, and may ask the run to stop.
template <class T>
struct FitState {
  /// Type of parameters and losses.
  using M = Master<T>;

  Model<T>& model;                           ///< network being trained
  Optimizer<M>& optimizer;                   ///< optimizer that updates the parameters
  const metrics::History& history;           ///< records of the finished epochs
  const metrics::EvaluationResult& running;  ///< metrics of this epoch so far, as seen during training
  const data::Normalization& normalization;  ///< normalisation of all images
  const Taxonomy* taxonomy = nullptr;        ///< label tree of the training set; null if there is none
  const Snapshot* snapshot = nullptr;        ///< snapshot to resume from, until `on_resume` is over; else null
  Index epochs = 0;                          ///< total number of epochs to train
  Index epoch = 0;                           ///< current epoch, counted from 1
  Index steps_per_epoch = 0;                 ///< optimizer steps per epoch: batches / accumulate, rounded up
  Index step = 0;                            ///< steps done in this epoch
  Index images = 0;                          ///< samples seen in this epoch
  double loss = 0;                           ///< loss of the last step, nats per sample
  double hd1 = 0;                            ///< average severity of the last step, levels; 0 without a label tree
  double running_loss = 0;                   ///< mean loss of this epoch so far, nats per sample
  double learning_rate = 0;                  ///< learning rate of the last step
  double seconds = 0;                        ///< wall-clock seconds of training in this epoch, without validation
  double total_seconds = 0;                  ///< wall-clock seconds of the whole run, earlier calls included
  std::string stop_reason = {};              ///< if not empty, the loop stops after this step or epoch
  bool interrupted = false;                  ///< whether the run was asked to stop and is meant to be resumed
  std::string replaced_weights = {};         ///< weights that a callback put into the model after the last epoch, e.g.
                                             ///< "averaged weights"; empty: none
  bool snapshot_wanted = false;              ///< whether a snapshot was requested; see `request_snapshot`

  /// Asks the loop to stop; the first reason given is kept.
  void stop(const std::string& reason) {
    if (stop_reason.empty()) stop_reason = reason.empty() ? "stopped by a callback" : reason;
  }
  /// Asks for a snapshot: once every callback has handled this step or epoch, `on_snapshot` is called on all of them.
  void request_snapshot() { snapshot_wanted = true; }

  /// Visits everything needed to resume: position, values of the last step, parameters and optimizer.
  [[gnu::cold]] void visit_state(StateVisitor& visitor) {
    for (const auto& [name, value] : {std::pair{"epoch", &epoch}, {"step", &step}, {"images", &images}})
      visitor.visit(name, *value);
    for (const auto& [name, value] : {std::pair{"loss", &loss},
                                      {"hd1", &hd1},
                                      {"learning_rate", &learning_rate},
                                      {"seconds", &seconds},
                                      {"total_seconds", &total_seconds}})
      visitor.visit(name, *value);
    visitor.visit("stop_reason", stop_reason);
    visit_parameters(visitor, "model", model.state());
    visitor.visit("optimizer", optimizer);
  }
};

/// Base of all callbacks: override what you need. A callback may call `infer` and `evaluate`: they leave no trace in
/// the model and do not disturb the loop.
template <class T = float>
class Callback {
 public:
  virtual ~Callback() = default;
  /// Before the first step; must discard the state of an earlier run.
  virtual void on_train_begin(FitState<T>&) {}
  /// After `on_train_begin`, once the snapshot has been loaded: training continues in epoch `epoch` after `step` steps.
  virtual void on_resume(FitState<T>&) {}
  /// After each step. In the steady state a step allocates no memory, and neither should a callback.
  virtual void on_step_end(FitState<T>&) {}
  /// After the validation of each epoch; `record` is about to be added to the history, and columns may be added to it.
  virtual void on_epoch_end(FitState<T>&, metrics::EpochRecord& record) { static_cast<void>(record); }
  /// After the last epoch, also if the loop was asked to stop.
  virtual void on_train_end(FitState<T>&) {}
  /// When a callback has requested a snapshot, and when the loop is about to stop; `snapshot` is what
  /// `FitOptions::resume` needs.
  virtual void on_snapshot(FitState<T>&, const Snapshot& snapshot) { static_cast<void>(snapshot); }
  /// Visits the state to keep for a resumed run. Callbacks with state are identified by their order.
  virtual void visit_state(StateVisitor& state) { static_cast<void>(state); }
};

/// The callbacks of a `fit`, called in this order.
template <class T>
using Callbacks = std::vector<std::shared_ptr<Callback<T>>>;

/// Callback made from a function; see `on_epoch_end`.
template <class Function>
class OnEpochEnd {
 public:
  /// @param function called with FitState<T>& and metrics::EpochRecord&
  explicit OnEpochEnd(Function function) : function_(std::move(function)) {}

  /// Converts to a callback for networks of T. Each conversion makes a new one, with a copy of the function.
  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    struct Call : Callback<T> {
      explicit Call(Function f) : function(std::move(f)) {}
      void on_epoch_end(FitState<T>& state, metrics::EpochRecord& record) override { function(state, record); }
      Function function;
    };
    return std::make_shared<Call>(function_);
  }

 private:
  Function function_;
};

/// Returns a callback that calls `function(state, record)` after each epoch:
/// `.callbacks = {train::on_epoch_end([](auto& state, auto& record) { ... })}`.
template <class Function>
OnEpochEnd<Function> on_epoch_end(Function function) {
  return OnEpochEnd<Function>(std::move(function));
}

}  // namespace hcnn::train
