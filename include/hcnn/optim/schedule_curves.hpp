// Schedules given by a formula of the step: constant, step, multi-step, linear, cosine, one-cycle, hold-then-linear.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include "hcnn/optim/schedule.hpp"

namespace hcnn::schedules {

/// Keeps the base rate throughout.
inline Schedule constant() {
  return from_function("constant", [](const StepInfo&) { return 1.0; });
}

/// Options of `step`.
struct StepOptions {
  std::uint64_t epochs = 30;  ///< epochs between two drops, at least 1
  double gamma = 0.1;         ///< factor of each drop, finite and >= 0
};

/// rate = base gamma^floor(epoch / epochs). Throws OptionError for an option outside its range.
inline Schedule step(const StepOptions& options = {}) {
  require_option(options.epochs > 0, "schedules::step", "epochs", options.epochs, "must be at least 1");
  require_nonnegative("schedules::step", "gamma", options.gamma);
  return from_function("step", [options](const StepInfo& at) {
    return std::pow(options.gamma, static_cast<double>(at.epoch() / options.epochs));
  });
}

/// Options of `multi_step`.
struct MultiStepOptions {
  std::vector<std::uint64_t> milestones;  ///< epochs, from 0, ascending; each is the first epoch with the lower rate
  double gamma = 0.1;                     ///< factor of each drop, finite and >= 0
};

/// rate = base gamma^(number of milestones reached). Throws OptionError for an option outside its range.
inline Schedule multi_step(const MultiStepOptions& options) {
  if (!std::is_sorted(options.milestones.begin(), options.milestones.end()))
    fail<OptionError>("schedules::multi_step", "milestones that fall", "ascending epochs are needed");
  require_nonnegative("schedules::multi_step", "gamma", options.gamma);
  return from_function("multi_step", [options](const StepInfo& at) {
    const auto& epochs = options.milestones;
    return std::pow(options.gamma, std::upper_bound(epochs.begin(), epochs.end(), at.epoch()) - epochs.begin());
  });
}

/// Curve between two learning rates: a straight line, or half a cosine wave, flat at both ends.
enum class Anneal { linear, cosine };

/// Value on the curve from `start` to `end` at `progress` in 0..1.
inline double interpolate(Anneal anneal, double start, double end, double progress) {
  if (anneal == Anneal::linear) return start * (1 - progress) + end * progress;
  return end + (start - end) / 2 * (std::cos(std::numbers::pi * progress) + 1);
}

/// Options of `linear` and `cosine`.
struct DecayOptions {
  double final_factor = 0;  ///< factor on the base rate after the last step; finite and >= 0
};

/// rate = base (1 - (1 - final_factor) step / total_steps). Throws OptionError for an option outside its range.
inline Schedule linear(const DecayOptions& options = {}) {
  require_nonnegative("schedules::linear", "final_factor", options.final_factor);
  return from_function("linear", [options](const StepInfo& at) {
    const double total = static_cast<double>(std::max<std::uint64_t>(at.total_steps, 1));
    return interpolate(Anneal::linear, 1, options.final_factor, static_cast<double>(at.step) / total);
  });
}

/// rate = base (final_factor + (1 - final_factor) (1 + cos(pi step / total_steps)) / 2). Throws OptionError for an
/// option outside its range.
/// Source: Loshchilov, Hutter 2017, arXiv:1608.03983, equation 5, without restarts.
inline Schedule cosine(const DecayOptions& options = {}) {
  require_nonnegative("schedules::cosine", "final_factor", options.final_factor);
  return from_function("cosine", [options](const StepInfo& at) {
    const double total = static_cast<double>(std::max<std::uint64_t>(at.total_steps, 1));
    return interpolate(Anneal::cosine, 1, options.final_factor, static_cast<double>(at.step) / total);
  });
}

/// Options of `one_cycle`; the defaults are PyTorch's.
struct OneCycleOptions {
  double warm_up = 0.3;              ///< fraction of all steps spent warming up, in [0, 1]
  double start_factor = 1.0 / 25;    ///< factor on the base rate at the first step; finite and >= 0
  double final_factor = 1.0 / 25e4;  ///< factor on the base rate at the last step; finite and >= 0
  Anneal anneal = Anneal::cosine;    ///< curve of the rise and of the fall
};

/// Rises from start_factor to the base rate, which is the peak, then falls to final_factor at the very last step. Same
/// rates as PyTorch's OneCycleLR in two phases; momentum is not cycled. Throws OptionError for an option outside its
/// range.
/// Source: Smith, Topin 2017, arXiv:1708.07120.
inline Schedule one_cycle(const OneCycleOptions& options = {}) {
  require_option(options.warm_up >= 0 && options.warm_up <= 1, "schedules::one_cycle", "warm_up", options.warm_up,
                 "must be in [0, 1]");
  require_nonnegative("schedules::one_cycle", "start_factor", options.start_factor);
  require_nonnegative("schedules::one_cycle", "final_factor", options.final_factor);
  return from_function("one_cycle", [options](const StepInfo& at) {
    const double step = static_cast<double>(at.step), total = static_cast<double>(at.total_steps);
    const double peak = options.warm_up * total - 1, last = total - 1;
    if (step <= peak && peak > 0) return interpolate(options.anneal, options.start_factor, 1, step / peak);
    const double progress = last > peak ? std::min((step - peak) / (last - peak), 1.0) : 1.0;
    return interpolate(options.anneal, 1, options.final_factor, progress);
  });
}

/// Options of `hold_then_linear`.
struct HoldThenLinearOptions {
  double warm_up = 0;       ///< fraction of all steps spent warming up, in [0, 1]
  double hold = 0.5;        ///< fraction of all steps at the base rate, in [0, 1 - warm_up]
  double start_factor = 0;  ///< factor on the base rate at the first step of the warm-up; finite and >= 0
  double final_factor = 0;  ///< factor on the base rate after the last step; finite and >= 0
};

/// Rises linearly from start_factor to the base rate, holds the base rate, then falls linearly to final_factor. With s
/// = step / total_steps,  rate = base (start_factor + (1 - start_factor) s / warm_up)  for s < warm_up,  base  up to
/// warm_up + hold,  then  base (1 - (1 - final_factor) (s - warm_up - hold) / (1 - warm_up - hold)).
/// Throws OptionError for an option outside its range.
inline Schedule hold_then_linear(const HoldThenLinearOptions& options = {}) {
  require_option(options.warm_up >= 0 && options.warm_up <= 1, "schedules::hold_then_linear", "warm_up",
                 options.warm_up, "must be in [0, 1]");
  require_option(options.hold >= 0 && options.warm_up + options.hold <= 1, "schedules::hold_then_linear", "hold",
                 options.hold, "must be in [0, 1 - warm_up]");
  require_nonnegative("schedules::hold_then_linear", "start_factor", options.start_factor);
  require_nonnegative("schedules::hold_then_linear", "final_factor", options.final_factor);
  return from_function("hold_then_linear", [options](const StepInfo& at) {
    const double s = static_cast<double>(at.step) / static_cast<double>(std::max<std::uint64_t>(at.total_steps, 1));
    if (s < options.warm_up) return interpolate(Anneal::linear, options.start_factor, 1, s / options.warm_up);
    const double fall = options.warm_up + options.hold;
    if (s <= fall) return 1.0;
    return interpolate(Anneal::linear, 1, options.final_factor, std::min((s - fall) / (1 - fall), 1.0));
  });
}

}  // namespace hcnn::schedules
