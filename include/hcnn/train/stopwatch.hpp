// Wall-clock time that goes on where an earlier sitting stopped.
#pragma once

#include <chrono>

namespace hcnn::train {

/// Seconds since it was started, plus those it was started with.
class Stopwatch {
 public:
  /// Starts anew; `seconds` are already on the clock.
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
