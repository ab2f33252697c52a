// Schedule that lowers the learning rate when a metric stops improving.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "hcnn/optim/schedule.hpp"

namespace hcnn::schedules {

/// Options of `reduce_on_plateau`; the defaults are PyTorch's.
struct PlateauOptions {
  double factor = 0.1;          ///< factor of each reduction, in [0, 1)
  std::uint64_t patience = 10;  ///< epochs without improvement to tolerate; the next one reduces
  double threshold = 1e-4;      ///< smallest improvement that counts, as a fraction of the best metric; >= 0
  std::uint64_t cooldown = 0;   ///< epochs after a reduction in which bad epochs do not count
  double min_rate = 0;          ///< lower bound of the learning rate; >= 0
  std::optional<bool> higher_is_better = {};  ///< direction of the metric; unset: as the caller of `on_epoch` says,
                                              ///< in `train::fit` by the name of the monitored column
};

/// Policy of `reduce_on_plateau`; follows PyTorch's ReduceLROnPlateau with a relative threshold in every rule.
class PlateauPolicy final : public Policy {
 public:
  /// Throws OptionError for an option outside its range.
  explicit PlateauPolicy(const PlateauOptions& options) : options_(options) {
    const std::string where = "schedules::reduce_on_plateau";
    require_option(options.factor >= 0 && options.factor < 1, where, "factor", options.factor, "must be in [0, 1)");
    require_nonnegative(where, "threshold", options.threshold);
    require_nonnegative(where, "min_rate", options.min_rate);
  }

  std::string name() const override { return "reduce_on_plateau"; }

  double rate(const StepInfo& at) const override {
    double rate = at.base_rate;
    for (std::uint64_t done = 0; done < reductions_; ++done) {
      const double lower = std::max(rate * options_.factor, options_.min_rate);
      if (rate - lower <= kLeastChange) break;
      rate = lower;
    }
    return rate;
  }

  /// A NaN never counts as an improvement. Throws OptionError if neither the options nor the caller know the metric's
  /// direction.
  void on_epoch(double metric, std::optional<bool> higher_is_better) override {
    if (options_.higher_is_better) higher_is_better = options_.higher_is_better;
    if (!higher_is_better)
      fail<OptionError>("schedules::reduce_on_plateau", "a metric of unknown direction",
                        "set higher_is_better, true or false");
    if (improves(metric, *higher_is_better)) {
      best_ = metric;
      bad_epochs_ = 0;
    } else {
      ++bad_epochs_;
    }
    if (cooldown_ > 0) {
      --cooldown_;
      bad_epochs_ = 0;
    }
    if (bad_epochs_ > options_.patience) {
      ++reductions_;
      cooldown_ = options_.cooldown;
      bad_epochs_ = 0;
    }
  }

  std::vector<double> state() const override {
    return {best_, static_cast<double>(bad_epochs_), static_cast<double>(cooldown_), static_cast<double>(reductions_)};
  }
  void restore(std::span<const double> state) override {
    best_ = state[0];
    bad_epochs_ = count_from(state[1]);
    cooldown_ = count_from(state[2]);
    reductions_ = count_from(state[3]);
  }

 private:
  static constexpr double kLeastChange = 1e-8;  // PyTorch's eps: smaller reductions are not made

  bool improves(double metric, bool higher_is_better) const {
    if (!std::isfinite(best_)) return !std::isnan(metric) && metric != best_;
    return higher_is_better ? metric > best_ * (1 + options_.threshold) : metric < best_ * (1 - options_.threshold);
  }

  PlateauOptions options_;
  double best_ = std::numeric_limits<double>::infinity();  // until there is one
  std::uint64_t bad_epochs_ = 0;
  std::uint64_t cooldown_ = 0;  // epochs left of the cooldown
  std::uint64_t reductions_ = 0;
};

/// Multiplies the learning rate by `factor` once the metric has not improved for more than `patience` epochs. Throws
/// OptionError for an option outside its range.
/// `.schedule = schedules::reduce_on_plateau({.patience = 5})`.
inline Schedule reduce_on_plateau(const PlateauOptions& options = {}) { return PlateauPolicy(options); }

}  // namespace hcnn::schedules
