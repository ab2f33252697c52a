// Proves losses: the gradients of logits and parameters against central differences, in double.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "hcnn/losses/weighted_sum.hpp"
#include "hcnn/testing/gradient_report.hpp"

namespace hcnn::testing {

/// Notes the derivatives of `value()` by each of `count` numbers at `at`, beside the analytic ones.
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

/// Checks a loss on a batch of logits: every derivative by a logit or parameter against central differences; that
/// `evaluate` adds weight * gradient to what is there, and that its value does not depend on the weight.
inline GradientReport check_loss(losses::Loss<double>& loss, Logits<double> logits, const Targets& targets,
                                 const GradientCheckOptions& options = {}) {
  constexpr double kWeight = 0.7, kStart = 2.5;  // a loss that forgets the weight or writes '=' for '+=' shows
  GradientReport report(loss.name(), options);
  ParamList<double> params;
  loss.attach("loss", params);
  for (Param<double>* param : params) std::fill_n(param->grad(), param->is_buffer() ? 0 : param->size(), kStart);
  Logits<double> gradients = logits;
  for (auto& [head, values] : gradients) std::fill(values.begin(), values.end(), kStart);
  const double result = loss.evaluate(logits, targets, gradients, kWeight);

  const auto added = [](double& gradient) { gradient = (gradient - kStart) / kWeight; };
  for (auto& [head, values] : gradients) std::for_each(values.begin(), values.end(), added);
  std::vector<std::vector<double>> param_gradients;
  for (Param<double>* param : params) {
    if (param->is_buffer()) continue;
    param_gradients.emplace_back(param->grad(), param->grad() + param->size());
    std::for_each(param_gradients.back().begin(), param_gradients.back().end(), added);
  }

  Logits<double> unused = logits;
  const auto value = [&] { return loss.evaluate(logits, targets, unused, 0); };
  if (!(std::abs(value() - result) <= 1e-14 * std::abs(result))) report.reject("the value depends on the weight");
  for (auto& [head, values] : logits)
    note_derivatives(report, "gradient of " + head, values.data(), gradients[head].data(), values.size(), options.step,
                     value);
  std::size_t trained = 0;
  for (Param<double>* param : params)
    if (!param->is_buffer())
      note_derivatives(report, "gradient of " + param->name, param->value(), param_gradients[trained++].data(),
                       param->size(), options.step, value);
  return report;
}

/// Checks a weighted sum of losses: `evaluate` replaces what is in the gradients, and its total is what `value` gives.
inline GradientReport check_loss(losses::LossSum<double>& loss, Logits<double> logits, const Targets& targets,
                                 const GradientCheckOptions& options = {}) {
  GradientReport report("LossSum", options);
  Logits<double> gradients = logits;
  for (auto& [head, values] : gradients)
    std::fill(values.begin(), values.end(), std::numeric_limits<double>::quiet_NaN());
  const double result = loss.evaluate(logits, targets, gradients).total;
  const auto value = [&] { return loss.value(logits, targets).total; };
  if (!(std::abs(value() - result) <= 1e-14 * std::abs(result))) report.reject("value and evaluate disagree");
  for (auto& [head, values] : logits)
    note_derivatives(report, "gradient of " + head, values.data(), gradients[head].data(), values.size(), options.step,
                     value);
  return report;
}

}  // namespace hcnn::testing
