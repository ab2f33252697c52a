// What a training loop tells the outside, and when.
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

/// Where a training stands. Callbacks read it, and may ask it to stop.
template <class T>
struct FitState {
  /// Type of parameters and losses.
  using M = Master<T>;

  Model<T>& model;                           ///< the network that is trained
  Optimizer<M>& optimizer;                   ///< what moves its parameters
  const metrics::History& history;           ///< finished epochs
  const metrics::EvaluationResult& running;  ///< figures of this epoch so far, of the batches as they were trained on
  const data::Normalization& normalization;  ///< of the images
  const Taxonomy* taxonomy = nullptr;        ///< of the training images; null: there is none
  const Snapshot* snapshot = nullptr;        ///< that the training goes on from, at its beginning; null: it is new
  Index epochs = 0;                          ///< to be done in all
  Index epoch = 0;                           ///< the running one; 1 is the first
  Index steps_per_epoch = 0;                 ///< of the optimizer: batches / accumulate, rounded up
  Index step = 0;                            ///< steps done in this epoch
  Index images = 0;                          ///< samples seen in this epoch
  double loss = 0;                           ///< of the last step, nats per sample
  double hd1 = 0;                            ///< average severity of the last step, levels; 0 without a label tree
  double running_loss = 0;                   ///< mean of this epoch so far, nats per sample
  double learning_rate = 0;                  ///< of the last step
  double seconds = 0;                        ///< of this epoch's training so far, without validation, wall clock
  double total_seconds = 0;                  ///< of the whole training so far, earlier calls of a resumed one included
  std::string stop_reason = {};              ///< not empty: the loop stops after this batch or epoch
  bool interrupted = false;                  ///< it was asked to stop, and is to go on another time
  std::string replaced_weights = {};         ///< what a callback left in the model after the last epoch; empty: nothing
  bool snapshot_wanted = false;              ///< see `request_snapshot`

  /// Asks the loop to stop; the first reason given is kept.
  void stop(const std::string& reason) {
    if (stop_reason.empty()) stop_reason = reason.empty() ? "stopped by a callback" : reason;
  }
  /// Asks for a snapshot once every callback has heard of this step or epoch: all get `on_snapshot`.
  void request_snapshot() { snapshot_wanted = true; }

  /// Position, figures of the last step, parameters and optimizer, for a training that goes on later.
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

/// Base of all callbacks: override what is of interest. Whatever a callback does to the model's mode or batches does
/// not disturb the loop: `infer` and `evaluate` leave no trace in the model.
template <class T = float>
class Callback {
 public:
  virtual ~Callback() = default;
  /// Before the first step; state of an earlier training is to be forgotten.
  virtual void on_train_begin(FitState<T>&) {}
  /// After `on_train_begin`, when everything is as the snapshot says: the training goes on in epoch `epoch` after
  /// `step` steps.
  virtual void on_resume(FitState<T>&) {}
  /// After each step; a steady step allocates nothing, and neither should a callback.
  virtual void on_step_end(FitState<T>&) {}
  /// After the validation of each epoch; `record` is about to enter the history and may be added to.
  virtual void on_epoch_end(FitState<T>&, metrics::EpochRecord& record) { static_cast<void>(record); }
  /// After the last epoch, also when the loop was asked to stop.
  virtual void on_train_end(FitState<T>&) {}
  /// When a callback has asked for it, and when the loop is about to stop: all that `FitOptions::resume` needs.
  virtual void on_snapshot(FitState<T>&, const Snapshot& snapshot) { static_cast<void>(snapshot); }
  /// Visits what the callback must remember in a resumed training. Callbacks with state are told apart by their order.
  virtual void visit_state(StateVisitor& state) { static_cast<void>(state); }
};

/// The callbacks of a `fit`, called in this order.
template <class T>
using Callbacks = std::vector<std::shared_ptr<Callback<T>>>;

/// A callback that is a function; see `on_epoch_end`.
template <class Function>
class OnEpochEnd {
 public:
  /// @param function called with FitState<T>& and metrics::EpochRecord&
  explicit OnEpochEnd(Function function) : function_(std::move(function)) {}

  /// The callback for networks of T. Each conversion makes a new one, with a copy of the function.
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

/// A callback that calls `function(state, record)` after each epoch:
/// `.callbacks = {train::on_epoch_end([](auto& state, auto& record) { ... })}`.
template <class Function>
OnEpochEnd<Function> on_epoch_end(Function function) {
  return OnEpochEnd<Function>(std::move(function));
}

}  // namespace hcnn::train
