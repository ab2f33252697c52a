// Cross-entropy with soft labels from a cost matrix: similar classes get part of the target.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/losses/cross_entropy.hpp"

namespace hcnn::losses {

/// Options of SoftLabels.
struct SoftLabelsOptions {
  double beta = 10;                        ///< how fast the target probability falls with the cost, finite and >= 0
  CrossEntropyOptions cross_entropy = {};  ///< level, label smoothing and class weights of the cross-entropy
};

/// Cross-entropy with the targets  q_k = exp(-beta S[y, k] / max S) / sum_j exp(-beta S[y, j] / max S) in place of
/// one-hot ones. beta = 0 spreads them evenly; a large beta makes them one-hot if each row of S is smallest on the
/// diagonal. Soft targets p of the batch, such as mixup's, mix these rows: sum_y p_y q_y. Shapes and errors are those
/// of CrossEntropy. Source: Bertinetto et al. 2020, "Making Better Mistakes", arXiv:1912.09393, section 3.2, for
/// severities of a tree.
template <class M = float>
class SoftLabels final : public CrossEntropy<M> {
 public:
  /// Throws OptionError for an option outside its range.
  SoftLabels(std::string head, const CostMatrix& costs, SoftLabelsOptions options = {})
      : CrossEntropy<M>(std::move(head), std::move(options.cross_entropy)),
        classes_(costs.classes()),
        targets_(costs.values()) {
    require_nonnegative(SoftLabels::name(), "beta", options.beta);
    const double largest = *std::max_element(targets_.begin(), targets_.end());
    for (Index y = 0; y < classes_; ++y) {
      double* const q = targets_.data() + y * classes_;
      const double least = *std::min_element(q, q + classes_);  // its exp is 1, so never 0 / 0
      double sum = 0;
      for (Index k = 0; k < classes_; ++k)
        sum += q[k] = largest == 0 ? 1 : std::exp(-options.beta * (q[k] - least) / largest);
      for (Index k = 0; k < classes_; ++k) q[k] /= sum;
    }
  }

  std::string name() const override { return "soft_labels(" + this->head() + ")"; }

  /// As Loss::evaluate. Throws ShapeError if the head and the cost matrix differ in their number of classes.
  M evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, M weight) override {
    if (const Index classes = logits[this->head()].shape().size(); classes != classes_)
      fail<ShapeError>(name(), concat("a cost matrix of ", classes_, " classes"), concat("the head has ", classes));
    return CrossEntropy<M>::evaluate(logits, targets, gradients, weight);
  }

  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<SoftLabels>(*this); }

 private:
  void add_label(Label truth, double share, std::span<double> target) const override {
    const double* const q = targets_.data() + truth * classes_;
    for (std::size_t k = 0; k < target.size(); ++k) target[k] += share * q[k];
  }

  Index classes_;
  std::vector<double> targets_;  // (K, K): row = true class
};

/// Returns `SoftLabels` of the head as a LossSum of one term: `soft_labels("fine",
/// severity_matrix(cifar100_taxonomy()))`. Throws OptionError for an option outside its range.
template <class M = float>
LossSum<M> soft_labels(std::string head, const CostMatrix& costs, SoftLabelsOptions options = {}) {
  return SoftLabels<M>(std::move(head), costs, std::move(options));
}

}  // namespace hcnn::losses
