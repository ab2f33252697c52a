// Random logits, and the derivative of a loss by central differences.
#pragma once

#include <cmath>
#include <string>

#include "hcnn/core/random.hpp"
#include "hcnn/losses/weighted_sum.hpp"

namespace hcnn {

/// (count, classes) normal numbers times `scale`.
inline Logits<double> random_logits(const std::string& head, Index count, Index classes, std::uint64_t seed,
                                    double scale = 2) {
  RandomStream random(Seed{seed}, hash_name("logits"));
  Logits<double> logits;
  for (double& value : logits.resize(head, count, classes)) value = scale * random.normal();
  return logits;
}

/// `count` labels below `classes`; with `skip`, every third sample has none.
inline std::vector<Label> random_labels(Index count, Index classes, std::uint64_t seed, bool skip = false) {
  RandomStream random(Seed{seed}, hash_name("labels"));
  std::vector<Label> labels;
  for (Index n = 0; n < count; ++n) {
    const auto label = static_cast<Label>(random.below(static_cast<std::uint32_t>(classes)));
    labels.push_back(skip && n % 3 == 1 ? kNoLabel : label);
  }
  return labels;
}

struct GradientCheck {
  double worst = 0;  ///< greatest |analytic - numeric| / (1e-5 + 1e-3 |numeric|): 1 or less passes, as in PyTorch
  int checked = 0;
  int skipped = 0;  ///< logits beside a jump of the value (the prediction changes there)
};

inline GradientCheck check_gradient(losses::LossSum<double>& loss, Logits<double> logits, const Targets& targets) {
  constexpr double kStep = 1e-6;
  Logits<double> gradients;
  const double here = loss.evaluate(logits, targets, gradients).total;
  GradientCheck check;
  for (auto& [head, values] : logits)
    for (Index i = 0; i < values.size(); ++i) {
      const double z = values[i];
      values[i] = z + kStep;
      const double above = loss.value(logits, targets).total;
      values[i] = z - kStep;
      const double below = loss.value(logits, targets).total;
      values[i] = z;
      // a smooth loss has |f''| < 10 here: above - 2 here + below < 1e-11; a jump of the factor is far greater
      if (std::abs(above - 2 * here + below) > 1e-8) {
        ++check.skipped;
        continue;
      }
      const double numeric = (above - below) / (2 * kStep);
      check.worst = std::max(check.worst, std::abs(gradients[head][i] - numeric) / (1e-5 + 1e-3 * std::abs(numeric)));
      ++check.checked;
    }
  return check;
}

}  // namespace hcnn
