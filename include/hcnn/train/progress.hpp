// Shows training progress: a moving bar on a terminal, one line per epoch elsewhere.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "hcnn/core/decimal.hpp"
#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Width in columns of the terminal the stream writes to; empty if it is not a terminal.
inline std::optional<int> terminal_width(const std::ostream& stream) {
  const int file = &stream == &std::cout ? STDOUT_FILENO : &stream == &std::cerr ? STDERR_FILENO : -1;
  if (file < 0 || !isatty(file)) return std::nullopt;
  winsize size{};
  return ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Callback that shows training progress; see `progress_bar`.
class ProgressBar {
 public:
  /// The stream must outlive the training run.
  explicit ProgressBar(std::ostream& stream) : stream_(&stream) {}

  /// Converts to a callback for networks of T.
  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    return std::make_shared<Bar<T>>(*stream_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  template <class T>
  class Bar : public Callback<T> {
   public:
    explicit Bar(std::ostream& stream) : out_(stream) {}

    void on_train_begin(FitState<T>&) override {
      width_ = terminal_width(out_);
      begin_ = Clock::now();
      steps_ = 0;
      estimated_ = false;
    }

    void on_resume(FitState<T>& state) override {
      if (state.epoch <= state.epochs && state.stop_reason.empty())
        out_ << "resumed in epoch " << state.epoch << '/' << state.epochs << " after " << state.step << " of "
             << state.steps_per_epoch << " steps" << std::endl;
    }

    void on_step_end(FitState<T>& state) override {
      ++steps_;
      const auto now = Clock::now();
      const double elapsed = std::chrono::duration<double>(now - begin_).count();
      const Index left = (state.epochs - state.epoch + 1) * state.steps_per_epoch - state.step;
      const double seconds_left = elapsed / static_cast<double>(steps_) * static_cast<double>(left);
      if (!width_) return estimate_once(elapsed, seconds_left);
      if (now - drawn_ < std::chrono::milliseconds(100) && state.step < state.steps_per_epoch) return;
      drawn_ = now;
      constexpr Index kCells = 20;
      const Index full = kCells * state.step / state.steps_per_epoch;
      std::string line =
          concat("epoch ", state.epoch, '/', state.epochs, " [", std::string(static_cast<std::size_t>(full), '#'),
                 std::string(static_cast<std::size_t>(kCells - full), '.'), "] ", state.step, '/',
                 state.steps_per_epoch, "  loss ", decimal(state.running_loss, 3));
      for (const auto& head : state.running.heads)
        line += "  " + printable(head.level) + ' ' + decimal(100 * head.top1.value(), 1) + '%';
      if (state.running.severity.total() > 0) line += "  severity " + decimal(state.running.severity.hd1(), 2);
      line += "  " + decimal(static_cast<double>(state.images) / state.seconds, 0) + " images/s  " +
              clock_time(seconds_left) + " left";
      if (static_cast<int>(line.size()) >= *width_) line.resize(static_cast<std::size_t>(*width_ - 1));
      out_ << '\r' << line << "\x1b[K" << std::flush;
    }

    void on_epoch_end(FitState<T>& state, metrics::EpochRecord& record) override {
      if (width_) out_ << "\r\x1b[K";
      out_ << "epoch " << std::setw(static_cast<int>(concat(state.epochs).size())) << state.epoch << '/' << state.epochs
           << "  train loss " << decimal(record.get_or_nan("train.loss"), 4);
      print_part(record, state.running, "train");
      if (const double loss = record.get_or_nan("val.loss"); !std::isnan(loss)) {
        out_ << "  | val loss " << decimal(loss, 4);
        print_part(record, state.running, "val");
      }
      out_ << "  | rate " << concat(record.learning_rate) << "  " << clock_time(record.seconds) << "  "
           << decimal(static_cast<double>(state.images) / state.seconds, 0) << " images/s" << std::endl;
    }

    void on_train_end(FitState<T>& state) override {
      if (width_) out_ << "\r\x1b[K";
      if (!state.stop_reason.empty()) out_ << "stopped: " << printable(state.stop_reason) << std::endl;
    }

   private:
    // Not on a terminal: prints the estimated time left once, when it is known and long enough to be worth a line.
    void estimate_once(double elapsed, double seconds_left) {
      if (estimated_ || steps_ < 5 || elapsed < 5) return;
      estimated_ = true;
      if (seconds_left >= 60) out_ << "about " << clock_time(seconds_left) << " left, validation aside" << std::endl;
    }

    void print_part(const metrics::EpochRecord& record, const metrics::EvaluationResult& heads,
                    const std::string& part) {
      for (const auto& head : heads.heads)
        if (const double share = record.get_or_nan(part + '.' + head.level + ".top1"); !std::isnan(share))
          out_ << ' ' << printable(head.level) << ' ' << decimal(100 * share, 2) << '%';
      if (const double severity = record.get_or_nan(part + ".hd1"); !std::isnan(severity))
        out_ << " severity " << decimal(severity, 3);
    }

    std::ostream& out_;
    std::optional<int> width_;
    Clock::time_point begin_, drawn_;
    Index steps_ = 0;
    bool estimated_ = false;
  };

  std::ostream* stream_;
};

/// Writes training progress to a stream, which must outlive the run. On a terminal (std::cout or std::cerr): a bar with
/// loss, accuracies, average severity, speed and time left, redrawn at most ten times a second. Elsewhere: one line
/// with the time left after the first steps of a long run. In both cases: one line for each finished epoch.
/// `.callbacks = {train::progress_bar(std::cerr)}`.
inline ProgressBar progress_bar(std::ostream& stream) { return ProgressBar(stream); }

}  // namespace hcnn::train
