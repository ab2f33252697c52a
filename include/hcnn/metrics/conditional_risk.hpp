// Decision rule that picks the class with the lowest expected cost instead of the likeliest one.
#pragma once

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/argmax.hpp"
#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/metrics/decision_rule.hpp"
#include "hcnn/metrics/prediction.hpp"

namespace hcnn::metrics {

/// Replaces the scores by  R - sum_j p_j S[j, k], p = softmax(z), where R is the lowest expected cost of the sample:
/// the class that has it gets the greatest score, 0. If S is 1 off the diagonal and 0 on it, the decisions do not
/// change. Takes K^2 operations per sample for K classes. Source: Karthik et al. 2021, "No Cost Likelihood Manipulation
/// at Test Time for Making Better Mistakes in Deep Networks", arXiv:2104.00795, section 3.
class ConditionalRisk final : public DecisionRuleOf<ConditionalRisk> {
 public:
  /// @param costs of the mistakes of `head`
  ConditionalRisk(std::string head, CostMatrix costs) : head_(std::move(head)), costs_(std::move(costs)) {}

  std::string name() const override { return "conditional_risk(" + head_ + ")"; }
  /// False: expected costs are not logarithms of probabilities.
  bool gives_probabilities() const override { return false; }
  /// Replaces the head's scores.
  template <class M>
  void change(Logits<M>& logits) const {
    require_classes(name(), logits, head_, costs_.classes());
    Tensor<M>& scores = logits[head_];
    const Index classes = costs_.classes();
    std::vector<double> risk;
    for (Index n = 0; n < scores.count(); ++n) {
      const std::vector<double> p = softmax(row(scores, n));
      risk.assign(p.size(), 0.0);
      for (Index j = 0; j < classes; ++j) {
        const double* const cost = costs_.values().data() + j * classes;
        for (Index k = 0; k < classes; ++k) risk.data()[k] += p.data()[j] * cost[k];
      }
      // In double: two costs that differ by less than a float's rounding would tie.
      const double lowest = *std::min_element(risk.begin(), risk.end());
      M* const out = scores.view().sample(n);
      for (Index k = 0; k < classes; ++k)
        out[k] = static_cast<M>(std::max(lowest - risk.data()[k], double{std::numeric_limits<M>::lowest()}));
    }
  }

 private:
  std::string head_;
  CostMatrix costs_;
};

}  // namespace hcnn::metrics
