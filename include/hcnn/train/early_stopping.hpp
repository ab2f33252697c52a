// Stops a training that no longer improves.
#pragma once

#include <cmath>

#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Options of early_stopping.
struct EarlyStoppingOptions {
  std::string monitor = "val.loss";  ///< history column
  bool higher_is_better = false;
  Index patience = 10;   ///< epochs without improvement that are waited for
  double min_delta = 0;  ///< least change that counts, in the column's unit
};

/// Asks the loop to stop after `patience` epochs without an improvement of more than `min_delta`.
class early_stopping {
 public:
  explicit early_stopping(EarlyStoppingOptions options = {}) : options_(std::move(options)) {
    if (options_.patience < 1 || !(options_.min_delta >= 0))
      fail<OptionError>("early_stopping", concat("patience ", options_.patience, ", min_delta ", options_.min_delta),
                        "patience >= 1 and min_delta >= 0 are needed");
  }

  template <class T>
  operator std::shared_ptr<Callback<T>>() const {
    return std::make_shared<Watch<T>>(options_);
  }

 private:
  template <class T>
  struct Watch : Callback<T> {
    explicit Watch(EarlyStoppingOptions o) : options(std::move(o)) {}

    void on_train_begin(FitState<T>&) override {
      best = std::numeric_limits<double>::quiet_NaN();
      waited = 0;
    }
    void on_epoch_end(FitState<T>& state, metrics::EpochRecord& record) override {
      if (!record.has(options.monitor))
        fail<OptionError>("early_stopping", "no column '" + options.monitor + "'", "name one of history.csv");
      const double value = record.get(options.monitor);
      const double gain = options.higher_is_better ? value - best : best - value;
      if ((std::isnan(best) && !std::isnan(value)) || gain > options.min_delta) {
        best = value;
        waited = 0;
      } else if (++waited >= options.patience) {
        state.stop(concat("no better ", options.monitor, " for ", waited, " epochs"));
      }
    }

    EarlyStoppingOptions options;
    double best = 0;
    Index waited = 0;
  };

  EarlyStoppingOptions options_;
};

}  // namespace hcnn::train
