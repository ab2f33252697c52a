// Learning-rate schedules: base class, and the copyable handle that option structs hold.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/snapshot.hpp"

/// Learning rates as functions of the step or of a metric.
namespace hcnn::schedules {

/// Position of a step within training.
struct StepInfo {
  std::uint64_t step = 0;             ///< steps done before this one
  std::uint64_t steps_per_epoch = 1;  ///< steps per epoch, at least 1
  std::uint64_t total_steps = 1;      ///< steps of the whole training
  double base_rate = 1;               ///< rate to scale: `Optimizer::initial_learning_rate()`

  /// Whole epochs done before this step.
  std::uint64_t epoch() const { return step / steps_per_epoch; }
};

/// Converts a count stored as a double in a checkpoint. Throws DataError unless it is a whole number in [0, 2^53].
inline std::uint64_t count_from(double value) {
  if (!(value >= 0 && value <= 0x1.0p53 && value == std::floor(value)))
    fail<DataError>("schedule state", concat("a count of ", value), "it must be a whole number >= 0");
  return static_cast<std::uint64_t>(value);
}

/// Base of all schedules. Derive to write one that watches a metric; for a formula of the step, `from_function` is
/// enough.
class Policy {
 public:
  virtual ~Policy() = default;
  /// Name, e.g. "one_cycle".
  virtual std::string name() const = 0;
  /// Learning rate of the step. Depends on `at` and on the epochs reported so far, not on earlier calls.
  virtual double rate(const StepInfo& at) const = 0;
  /// Called at the end of each epoch with the watched metric (usually the validation loss) and its direction, which is
  /// empty if unknown.
  virtual void on_epoch(double metric, std::optional<bool> higher_is_better) {
    static_cast<void>(metric);
    static_cast<void>(higher_is_better);
  }
  /// Everything `on_epoch` changes, for checkpoints; of constant length. Values may be infinite.
  virtual std::vector<double> state() const { return {}; }
  /// Restores what `state` returned. The caller has checked the length; the values come from a file: throw DataError
  /// for an impossible one.
  virtual void restore(std::span<const double> state) { static_cast<void>(state); }
};

/// Copyable value that holds any policy; a copy has its own state. Default: no policy, and `fit` leaves the learning
/// rate unchanged. In a loop of your own, before each step:
/// `optimizer.set_learning_rate(schedule.rate({step, steps_per_epoch, total_steps, base_rate}))`.
class Schedule {
 public:
  Schedule() = default;
  /// Holds a policy, which must be copyable.
  template <std::derived_from<Policy> P>
  Schedule(P policy)
      : policy_(std::make_unique<P>(std::move(policy))), copy_([](const Policy& from) -> std::unique_ptr<Policy> {
          return std::make_unique<P>(static_cast<const P&>(from));
        }) {}
  /// Copies the policy with its state.
  Schedule(const Schedule& other)
      : policy_(other.policy_ ? other.copy_(*other.policy_) : nullptr), copy_(other.copy_) {}
  Schedule(Schedule&&) noexcept = default;
  /// Takes over the policy of `other`.
  Schedule& operator=(Schedule other) noexcept {
    policy_.swap(other.policy_);
    std::swap(copy_, other.copy_);
    return *this;
  }
  ~Schedule() = default;

  /// True if there is no policy.
  bool empty() const { return !policy_; }
  /// The policy's name; "constant" without a policy.
  std::string name() const { return policy_ ? policy_->name() : "constant"; }
  /// Learning rate of the step. Throws OptionError for steps_per_epoch = 0, NumericError if the policy returns a
  /// negative or non-finite rate.
  double rate(const StepInfo& at) const {
    require_option(at.steps_per_epoch > 0, "Schedule", "steps_per_epoch", at.steps_per_epoch, "must be at least 1");
    const double rate = policy_ ? policy_->rate(at) : at.base_rate;
    if (!(rate >= 0 && std::isfinite(rate)))
      fail<NumericError>("schedule " + name(), concat("learning rate ", rate, " at step ", at.step),
                         "it must be finite and >= 0");
    return rate;
  }
  /// Call it at the end of each epoch with the watched metric, usually the validation loss; `higher_is_better` for an
  /// accuracy. Throws OptionError if the policy needs a direction and has none.
  void on_epoch(double metric, std::optional<bool> higher_is_better = false) {
    if (policy_) policy_->on_epoch(metric, higher_is_better);
  }

  /// Everything `on_epoch` changes, for checkpoints; empty for a formula of the step.
  std::vector<double> state() const { return policy_ ? policy_->state() : std::vector<double>{}; }
  /// Restores what `state` returned. Throws DataError if the state belongs to another schedule; nothing changes then.
  void restore(std::span<const double> values) {
    const std::size_t expected = state().size();
    if (values.size() != expected)
      fail<DataError>("schedule " + name(), concat("a state of ", values.size(), " numbers"),
                      concat("its state has ", expected));
    if (!policy_) return;
    Schedule fresh = *this;
    fresh.policy_->restore(values);
    *this = std::move(fresh);
  }

  /// `state` and `restore`, to resume a run later.
  void visit_state(StateVisitor& visitor) {
    std::vector<double> values = state();
    visitor.visit("state", values);
    if (visitor.is_loading()) restore(values);
  }

 private:
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<Policy> (*copy_)(const Policy&) = nullptr;
};

/// A schedule without state: learning rate = base rate * factor(at).
class FactorPolicy final : public Policy {
 public:
  /// @param factor on the base rate; must be finite and >= 0, which `Schedule::rate` checks
  FactorPolicy(std::string name, std::function<double(const StepInfo&)> factor)
      : name_(std::move(name)), factor_(std::move(factor)) {}
  std::string name() const override { return name_; }
  double rate(const StepInfo& at) const override { return at.base_rate * factor_(at); }

 private:
  std::string name_;
  std::function<double(const StepInfo&)> factor_;
};

/// Makes a schedule whose learning rate is the base rate times `factor(at)`, a function of the step alone.
inline Schedule from_function(std::string name, std::function<double(const StepInfo&)> factor) {
  return FactorPolicy(std::move(name), std::move(factor));
}

}  // namespace hcnn::schedules
