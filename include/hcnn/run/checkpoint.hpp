// Callback that writes a run to disk while it trains: models, history and the loss of every step.
#pragma once

#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/run/folder_lock.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/run/snapshot_file.hpp"
#include "hcnn/run/steps_file.hpp"
#include "hcnn/train/callbacks.hpp"
#include "hcnn/train/stopwatch.hpp"

namespace hcnn::run {

/// Options of `checkpoint`.
struct CheckpointOptions {
  /// History column that decides the best epoch. "": the first validation accuracy, "val.<finest head>.top1"; without
  /// validation the lowest "train.loss".
  std::string monitor = {};
  std::optional<bool> higher_is_better = {};  ///< direction of `monitor`; unset: inferred from its name by
                                              ///< metrics::higher_is_better
  double every_seconds = 300;  ///< also write resume.safetensors this many seconds after the last write; 0: never
  Index every_steps = 0;       ///< also write it every this many steps within an epoch; 0: never
};

/// Callback that keeps a run folder up to date; see `checkpoint`.
class Checkpoint {
 public:
  /// Does not touch the disk. Throws OptionError for notes in `info` that are not a JSON object, an option out of
  /// range, and a `monitor` for which it is unknown whether higher or lower values are better.
  explicit Checkpoint(std::filesystem::path folder, exchange::ModelInfo info = {}, CheckpointOptions options = {})
      : folder_(std::move(folder)), info_(std::move(info)), options_(std::move(options)) {
    if (!info_.notes.is_object())
      fail<OptionError>("checkpoint", "notes that are no JSON object", "an object is needed");
    require_nonnegative("checkpoint", "every_seconds", options_.every_seconds);
    require_option(options_.every_steps >= 0, "checkpoint", "every_steps", options_.every_steps, "must be >= 0");
    if (!options_.monitor.empty())
      options_.higher_is_better = metrics::direction_of(options_.monitor, options_.higher_is_better, "checkpoint");
  }

  /// Converts to a callback for networks of T.
  template <class T>
  operator std::shared_ptr<train::Callback<T>>() const {
    return std::make_shared<Writer<T>>(*this);
  }

 private:
  template <class T>
  class Writer : public train::Callback<T> {
   public:
    explicit Writer(const Checkpoint& parent)
        : folder_(parent.folder_),
          given_info_(parent.info_),
          info_(parent.info_),
          options_(parent.options_),
          monitor_(options_.monitor),
          higher_is_better_(options_.higher_is_better.value_or(true)),
          steps_(folder_.steps()) {}

    void on_train_begin(train::FitState<T>& state) override {
      const bool made = RunFolder::make(folder_.path());
      lock_.reset();  // of an earlier training with this callback
      auto lock = std::make_unique<FolderLock>(folder_.path());
      info_ = given_info_;
      complete_info(state);
      exchange::model_metadata(state.model, info_,
                               io::printable_path(folder_.last()));  // it throws now or after an epoch
      if (!made && holds_run() && !(state.snapshot && is_that_of(*state.snapshot)))
        fail<Error>(io::printable_path(folder_.path()), "it holds a run",
                    state.snapshot ? "the folder that is resumed, or a new one, is needed: nothing is overwritten"
                                   : "a new folder is needed: nothing is overwritten");
      lock_ = std::move(lock);
      if (state.snapshot) return;  // change nothing before the snapshot is known to fit
      monitor_ = options_.monitor;
      best_ = std::numeric_limits<double>::quiet_NaN();
      unsaved_ = false;
      epoch_ = step_ = 0;
      io::remove_temporaries(folder_.path());
      steps_.create(kHeader);
      state.request_snapshot();
    }

    void on_resume(train::FitState<T>&) override {
      io::remove_temporaries(folder_.path());
      steps_.reopen(steps_bytes_, kHeader);
      since_snapshot_.start();
    }

    void on_step_end(train::FitState<T>& state) override {
      unsaved_ = true;
      epoch_ = state.epoch;
      step_ = state.step;
      const bool tree = state.running.severity.total() > 0;
      steps_.add(state.epoch, state.step, state.loss, tree ? state.hd1 : std::numeric_limits<double>::quiet_NaN());
      const bool counted = options_.every_steps > 0 && state.step % options_.every_steps == 0;
      if (counted || (options_.every_seconds > 0 && since_snapshot_.seconds() >= options_.every_seconds))
        state.request_snapshot();
    }

    void on_snapshot(train::FitState<T>&, const Snapshot& snapshot) override {
      steps_.sync();  // the snapshot records how many bytes of it are there
      write_snapshot(folder_.resume(), snapshot);
      since_snapshot_.start();
    }

    void visit_state(StateVisitor& state) override {
      steps_bytes_ = steps_.bytes();
      for (const auto& [name, value] : {std::pair{"steps_bytes", &steps_bytes_}, {"epoch", &epoch_}, {"step", &step_}})
        state.visit(name, *value);
      state.visit("best", best_);
      state.visit("unsaved", unsaved_);
      if (options_.monitor.empty())
        state.visit("monitor", monitor_);
      else
        state.expect("monitor", options_.monitor);
      state.visit("higher_is_better", higher_is_better_);
    }

    void on_epoch_end(train::FitState<T>& state, metrics::EpochRecord& record) override {
      if (monitor_.empty()) choose_monitor(record);
      if (!record.has(monitor_))
        fail<OptionError>("checkpoint", "no column '" + monitor_ + "'", "columns are: " + record.columns());
      const double value = record.get(monitor_);
      info_.notes["epoch"] = state.epoch;
      info_.notes[monitor_] = value;
      exchange::save_model(folder_.last(), state.model, info_);
      unsaved_ = false;
      metrics::History history = state.history;
      history.add(record);
      write_history(folder_.history(), history);
      steps_.flush();
      state.request_snapshot();
      if (!(std::isnan(best_) ? !std::isnan(value) : higher_is_better_ ? value > best_ : value < best_)) return;
      best_ = value;
      exchange::save_model(folder_.best(), state.model, info_);
    }

    void on_train_end(train::FitState<T>& state) override {
      write_history(folder_.history(), state.history);
      steps_.flush();
      if (unsaved_ || !state.replaced_weights.empty()) save_last(state);
      lock_.reset();
    }

   private:
    // The model as it is now, which no epoch measured.
    void save_last(train::FitState<T>& state) {
      exchange::ModelInfo info = info_;
      info.notes.erase(monitor_);
      info.notes["epoch"] = epoch_;
      info.notes["step"] = step_;
      if (!state.replaced_weights.empty()) info.notes["weights"] = state.replaced_weights;
      exchange::save_model(folder_.last(), state.model, info);
    }
    bool holds_run() const {
      return std::filesystem::exists(folder_.history()) || std::filesystem::exists(folder_.resume()) ||
             std::filesystem::exists(folder_.last()) || std::filesystem::exists(folder_.best());
    }
    bool is_that_of(const Snapshot& snapshot) const {
      return std::filesystem::exists(folder_.resume()) && same_values(read_snapshot(folder_.resume()), snapshot);
    }
    // Adds what the training run knows and the model files need for use.
    void complete_info(const train::FitState<T>& state) {
      if (info_.normalization.mean.empty()) info_.normalization = state.normalization;
      if (!info_.taxonomy && state.taxonomy) info_.taxonomy = *state.taxonomy;
    }
    void choose_monitor(const metrics::EpochRecord& record) {
      monitor_ = "train.loss";
      higher_is_better_ = false;
      for (const auto& [column, value] : record.values)
        if (column.starts_with("val.") && column.ends_with(".top1")) {
          monitor_ = column;
          higher_is_better_ = true;
          return;
        }
    }

    static constexpr const char* kHeader = "epoch,step,loss,hd1\n";

    RunFolder folder_;
    exchange::ModelInfo given_info_, info_;  // as given, and completed by the running training
    CheckpointOptions options_;
    std::string monitor_;    // the option, or else the column chosen after the first epoch
    bool higher_is_better_;  // direction of that column
    std::unique_ptr<FolderLock> lock_;
    StepsFile steps_;
    Index steps_bytes_ = 0;  // bytes of steps.csv at the snapshot
    train::Stopwatch since_snapshot_;
    double best_ = std::numeric_limits<double>::quiet_NaN();
    bool unsaved_ = false;        // steps were taken since the last model was written
    Index epoch_ = 0, step_ = 0;  // epoch and step number of the last step
  };

  RunFolder folder_;
  exchange::ModelInfo info_;
  CheckpointOptions options_;
};

/// Keeps a run folder up to date:
/// * steps.csv: a line per step (epoch, step, loss in nats per sample, average severity);
/// * last.safetensors, history.csv: after each epoch and at the end, last.safetensors then only if training stopped
///   within an epoch or a callback has replaced the weights;
/// * best.safetensors: when the monitored column reaches its best value so far;
/// * resume.safetensors, for `run::resume`: at the start, after each epoch, within an epoch as the options say, and
///   when training stops.
/// `info` is written into each model; where it lacks them, the run's normalisation and label tree are added, and always
/// the notes "epoch" and the monitored value, or "epoch" and "step" (and "weights", where a callback replaced them) for
/// a model written at the end of training. Make it the last callback, so that its history has the columns added by
/// others. The folder may exist, but must not hold a run (Error) unless that run is being resumed: nothing is
/// overwritten. Throws OptionError for notes that are not a JSON object, for an option out of range, if it is unknown
/// whether higher or lower values of `monitor` are better, and at the end of the first epoch if the history has no such
/// column; FormatError, before the first step, for `info` that does not fit the network; Error if a file cannot be
/// written or another run is writing to the folder.
/// `.callbacks = {run::checkpoint("runs/first", {.network = ...})}`.
inline Checkpoint checkpoint(std::filesystem::path folder, exchange::ModelInfo info = {},
                             CheckpointOptions options = {}) {
  return Checkpoint(std::move(folder), std::move(info), std::move(options));
}

}  // namespace hcnn::run
