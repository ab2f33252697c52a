// Callback that ends training after a given time.
#pragma once

#include <memory>

#include "hcnn/core/decimal.hpp"
#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Callback that ends training after a given time; see `time_limit`.
class TimeLimit {
 public:
  /// Throws OptionError for a negative number.
  explicit TimeLimit(double seconds) : seconds_(seconds) { require_nonnegative("time_limit", "seconds", seconds); }

  /// Converts to a callback for networks of T.
  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    struct Watch : Callback<T> {
      explicit Watch(double s) : seconds(s) {}
      void on_step_end(FitState<T>& state) override {
        if (state.total_seconds >= seconds) state.stop("time limit of " + clock_time(seconds));
      }
      double seconds;
    };
    return std::make_shared<Watch>(seconds_);
  }

 private:
  double seconds_;
};

/// Ends training after the step in which `FitState::total_seconds` reaches `seconds`. If that is inside an epoch, the
/// epoch gets no record. Validation and earlier calls of a resumed run count. Throws OptionError for a negative number.
/// `.callbacks = {train::time_limit(3600)}`.
inline TimeLimit time_limit(double seconds) { return TimeLimit(seconds); }

}  // namespace hcnn::train
