// Writes a run to disk while it trains: models, history and the loss of every batch.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/train/callbacks.hpp"

namespace hcnn::run {

/// Options of `checkpoint`.
struct CheckpointOptions {
  /// History column that tells the best epoch. "": the first accuracy on the validation data, "val.<finest head>.top1";
  /// without validation the lowest "train.loss".
  std::string monitor = {};
  bool higher_is_better = true;  ///< of `monitor`, where it is given
};

/// Callback that keeps a run folder up to date; see `checkpoint`.
class Checkpoint {
 public:
  /// Touches no disk. Throws OptionError for notes in `info` that are no JSON object.
  explicit Checkpoint(std::filesystem::path folder, exchange::ModelInfo info = {}, CheckpointOptions options = {})
      : folder_(std::move(folder)), info_(std::move(info)), options_(std::move(options)) {
    if (!info_.notes.is_object())
      fail<OptionError>("checkpoint", "notes that are no JSON object", "an object is needed");
  }

  /// The callback for networks of T.
  template <class T>
  operator std::shared_ptr<train::Callback<T>>() const {
    return std::make_shared<Writer<T>>(*this);
  }

 private:
  template <class T>
  class Writer : public train::Callback<T> {
   public:
    explicit Writer(const Checkpoint& parent)
        : folder_(parent.folder_), info_(parent.info_), options_(parent.options_) {}

    void on_train_begin(train::FitState<T>&) override {
      if (!RunFolder::make(folder_.path()) && holds_run())
        fail<Error>(io::printable_path(folder_.path()), "it holds a run",
                    "a new folder is needed: nothing is overwritten");
      steps_.open(folder_.steps(), std::ios::trunc);
      steps_ << "epoch,step,loss,hd1\n";
      flush_steps();
    }

    void on_step_end(train::FitState<T>& state) override {
      unsaved_ = true;
      epoch_ = state.epoch;
      step_ = state.step;
      const bool tree = state.running.severity.total() > 0;
      steps_ << state.epoch << ',' << state.step << ',';
      write_number(state.loss);
      steps_ << ',';
      if (tree) write_number(state.hd1);
      steps_ << '\n';
    }

    void on_epoch_end(train::FitState<T>& state, metrics::EpochRecord& record) override {
      if (options_.monitor.empty()) choose_monitor(record);
      const double value = record.get(options_.monitor);
      if (!record.has(options_.monitor))
        fail<OptionError>("checkpoint", "no column '" + options_.monitor + "'", "name one of history.csv");
      info_.notes["epoch"] = state.epoch;
      info_.notes[options_.monitor] = value;
      exchange::save_model(folder_.last(), state.model, info_);
      unsaved_ = false;
      metrics::History history = state.history;
      history.add(record);
      write_history(folder_.history(), history);
      flush_steps();
      if (!(std::isnan(best_) ? !std::isnan(value) : options_.higher_is_better ? value > best_ : value < best_)) return;
      best_ = value;
      exchange::save_model(folder_.best(), state.model, info_);
    }

    void on_train_end(train::FitState<T>& state) override {
      if (!state.history.empty()) write_history(folder_.history(), state.history);
      flush_steps();
      if (!unsaved_) return;
      exchange::ModelInfo info = info_;
      info.notes.erase(options_.monitor);
      info.notes["epoch"] = epoch_;
      info.notes["step"] = step_;
      exchange::save_model(folder_.last(), state.model, info);
    }

   private:
    bool holds_run() const {
      return std::filesystem::exists(folder_.history()) || std::filesystem::exists(folder_.steps()) ||
             std::filesystem::exists(folder_.last()) || std::filesystem::exists(folder_.best());
    }
    void choose_monitor(const metrics::EpochRecord& record) {
      options_ = {.monitor = "train.loss", .higher_is_better = false};
      for (const auto& [column, value] : record.values)
        if (column.starts_with("val.") && column.ends_with(".top1")) {
          options_ = {.monitor = column, .higher_is_better = true};
          return;
        }
    }
    void write_number(double value) {
      std::array<char, 32> text;  // no string: the training path allocates nothing
      const auto end =
          std::isnan(value) ? text.data() : std::to_chars(text.data(), text.data() + text.size(), value).ptr;
      steps_.write(text.data(), end - text.data());
    }
    void flush_steps() {
      if (!steps_.flush())
        fail<Error>(io::printable_path(folder_.steps()), "it cannot be written", "free space is needed");
    }

    RunFolder folder_;
    exchange::ModelInfo info_;
    CheckpointOptions options_;
    std::ofstream steps_;
    double best_ = std::numeric_limits<double>::quiet_NaN();
    bool unsaved_ = false;        // steps were done since the last model was written
    Index epoch_ = 0, step_ = 0;  // of the last step
  };

  RunFolder folder_;
  exchange::ModelInfo info_;
  CheckpointOptions options_;
};

/// Keeps a run folder up to date. After each epoch: last.safetensors, history.csv, and best.safetensors when the
/// monitored column reached its best value so far. After each batch: a line of steps.csv (epoch, step, loss in nats per
/// sample, average severity of the batch), on disk at the end of the epoch. When training stops within an epoch:
/// last.safetensors. Models get `info` with the notes "epoch", the monitored value and, within an epoch, "step".
/// Make it the last callback: its history has the columns that others added. The folder may be new, but not one with a
/// history (Error): nothing is overwritten. Throws OptionError for notes that are no JSON object, and at the end of the
/// first epoch where the history has no column `monitor`; Error where a file cannot be written.
/// `.callbacks = {run::checkpoint("runs/first", {.network = ...})}`.
inline Checkpoint checkpoint(std::filesystem::path folder, exchange::ModelInfo info = {},
                             CheckpointOptions options = {}) {
  return Checkpoint(std::move(folder), std::move(info), std::move(options));
}

}  // namespace hcnn::run
