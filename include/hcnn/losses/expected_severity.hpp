// Expected severity under the predicted probabilities: differentiable, for any cost matrix.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/losses/per_sample.hpp"

namespace hcnn::losses {

/// Mean over the samples that have a label of  sum_k p_k S[y, k], p = softmax(z): the expected cost of a prediction
/// drawn from p, in the units of the costs. Its gradient p_k (S[y, k] - sum_j p_j S[y, j]) vanishes where p is nearly
/// one-hot, even on a wrong class, so mix it with cross-entropy: `cross_entropy("fine") + 0.5 *
/// expected_severity("fine", costs)`.
/// Shapes: logits (N, K). Errors are those of PerSampleLoss. Source: the risk of decision theory, by its definition.
template <class M = float>
class ExpectedSeverity final : public PerSampleLoss<M> {
 public:
  /// @param level of the targets; "": the level named like the head
  ExpectedSeverity(std::string head, CostMatrix costs, std::string level = {})
      : PerSampleLoss<M>(std::move(head), std::move(level), costs.classes()), costs_(std::move(costs)) {}

  std::string name() const override { return "expected_severity(" + this->head() + ")"; }
  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<ExpectedSeverity>(*this); }

 private:
  double sample(Label truth, const Softmax& p, double scale, M* gradient) override {
    const std::span<const double> costs{costs_.values().data() + truth * costs_.classes(), p.size()};
    double value = 0;
    for (std::size_t k = 0; k < p.size(); ++k) value += p[k] * costs[k];
    p.add_gradient(costs, scale, gradient);
    return value;
  }

  CostMatrix costs_;
};

/// Returns `ExpectedSeverity` of the head as a LossSum of one term.
template <class M = float>
LossSum<M> expected_severity(std::string head, CostMatrix costs, std::string level = {}) {
  return ExpectedSeverity<M>(std::move(head), std::move(costs), std::move(level));
}

}  // namespace hcnn::losses
