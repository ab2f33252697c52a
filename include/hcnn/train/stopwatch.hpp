// Stopwatch for wall-clock time that can start from an earlier reading.
#pragma once

#include <chrono>

namespace hcnn::train {

/// Seconds since the last start, plus the initial reading.
class Stopwatch {
 public:
  /// Restarts with `seconds` already on the clock.
  void start(double seconds = 0) {
    begin_ = Clock::now();
    before_ = seconds;
  }
  /// Seconds on the clock.
  double seconds() const { return before_ + std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
  double before_ = 0;
};

}  // namespace hcnn::train
