// Checks losses: the gradients of logits and parameters against central differences, in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/testing/gradient_report.hpp"

namespace hcnn::testing {

/// Records the derivatives of `value()` with respect to each of `count` numbers at `at`, with the analytic ones.
template <class Value>
void note_derivatives(GradientReport& report, const std::string& name, double* at, const double* analytic, Index count,
                      double step, const Value& value) {
  const double middle = value();
  for (Index i = 0; i < count; ++i) {
    const double before = at[i];
    at[i] = before + step;
    const double above = (value() - middle) / (at[i] - before);
    at[i] = before - step;
    const double below = (middle - value()) / (before - at[i]);
    at[i] = before;
    report.note(concat(name, "[", i, "]"), analytic[i], above, below);
  }
}

/// One loss under test, or a sum of losses, on one batch.
class LossProbe {
 public:
  /// Initial value of gradients that must be added to: a loss that uses '=' instead of '+=' shows.
  static constexpr double kStart = 2.5;

  /// @param params parameters of the loss; sets their gradients to kStart
  LossProbe(const std::string& subject, Logits<double> batch, ParamList<double> params,
            const GradientCheckOptions& options)
      : report_(subject, options), logits_(std::move(batch)), params_(std::move(params)), step_(options.step) {
    params_.erase(std::remove_if(params_.begin(), params_.end(), [](const auto* param) { return param->is_buffer(); }),
                  params_.end());
    for (Param<double>* param : params_) std::fill_n(param->grad(), param->size(), kStart);
  }

  /// The batch; `differentiate` changes its numbers one at a time and restores them.
  const Logits<double>& logits() const { return logits_; }
  /// Findings so far.
  GradientReport& report() { return report_; }

  /// Gradients with the heads and extents of the batch, all equal to `start`.
  Logits<double> gradients(double start) const {
    Logits<double> filled = logits_;
    for (auto& [head, values] : filled) std::fill(values.begin(), values.end(), start);
    return filled;
  }

  /// Compares the gradients with respect to `logits()`, and those of the parameters (accumulated times `weight`), with
  /// differences of `value()`, which recomputes the loss of `logits()` and changes no parameter gradient.
  template <class Value>
  void differentiate(const Logits<double>& gradients, double weight, const Value& value) {
    for (auto& [head, values] : logits_)
      note_derivatives(report_, "gradient of " + head, values.data(), gradients[head].data(), values.size(), step_,
                       value);
    for (Param<double>* param : params_) {
      std::vector<double> added(param->grad(), param->grad() + param->size());
      for (double& gradient : added) gradient = (gradient - kStart) / weight;
      note_derivatives(report_, "gradient of " + param->name, param->value(), added.data(), param->size(), step_, [&] {
        param->touch();
        return value();
      });
      param->touch();
    }
  }

 private:
  GradientReport report_;
  Logits<double> logits_;
  ParamList<double> params_;  // without buffers
  double step_;
};

/// Checks a loss on a batch of logits: compares every derivative with respect to a logit or parameter with central
/// differences; checks that `evaluate` adds weight * gradient, and that its value does not depend on the weight. Use:
/// `CHECK(testing::check_loss(loss, logits, targets))`; the report's `text()` names the worst coordinate. Skips
/// coordinates where the value jumps or bends, e.g. at equal logits of a loss that depends on the prediction.
inline GradientReport check_loss(losses::Loss<double>& loss, Logits<double> logits, const Targets& targets,
                                 const GradientCheckOptions& options = {}) {
  constexpr double kWeight = 0.7;  // a loss that ignores the weight shows
  ParamList<double> params;
  loss.attach("loss", params);
  LossProbe probe(loss.name(), std::move(logits), std::move(params), options);
  Logits<double> gradients = probe.gradients(LossProbe::kStart), unused = probe.gradients(0);
  const double result = loss.evaluate(probe.logits(), targets, gradients, kWeight);
  for (auto& [head, values] : gradients)
    for (double& gradient : values) gradient = (gradient - LossProbe::kStart) / kWeight;
  const auto value = [&] { return loss.evaluate(probe.logits(), targets, unused, 0); };
  if (!(std::abs(value() - result) <= 1e-14 * std::abs(result)))
    probe.report().reject("the value depends on the weight");
  probe.differentiate(gradients, kWeight, value);
  return std::move(probe.report());
}

/// Checks a weighted sum of losses, including the parameters of its terms: `evaluate` overwrites the gradients of the
/// logits, adds to those of parameters, and returns the same total as `value`.
inline GradientReport check_loss(losses::LossSum<double>& loss, Logits<double> logits, const Targets& targets,
                                 const GradientCheckOptions& options = {}) {
  ParamList<double> params;
  loss.attach("loss", params);
  LossProbe probe("LossSum", std::move(logits), std::move(params), options);
  Logits<double> gradients = probe.gradients(std::numeric_limits<double>::quiet_NaN());
  const double result = loss.evaluate(probe.logits(), targets, gradients).total;
  const auto value = [&] { return loss.value(probe.logits(), targets).total; };
  if (!(std::abs(value() - result) <= 1e-14 * std::abs(result))) probe.report().reject("value and evaluate disagree");
  probe.differentiate(gradients, 1, value);
  return std::move(probe.report());
}

}  // namespace hcnn::testing
