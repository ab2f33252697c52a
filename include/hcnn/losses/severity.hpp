// Cross-entropy that weights each sample by the severity of the mistake, with any cost matrix.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/losses/cross_entropy.hpp"

namespace hcnn::losses {

/// How the cost S[y, k] of predicting k for class y affects the loss of a sample.
enum class SeverityForm {
  cost,             ///< factor S[y, k] for a mistake, `correct_weight` for a correct prediction
  alpha_plus_cost,  ///< factor alpha + S[y, k]
};

/// Options of SeverityLoss.
struct SeverityOptions {
  SeverityForm form = SeverityForm::cost;  ///< how costs affect the loss
  double correct_weight = 1;               ///< form cost: factor of a correct prediction, finite and >= 0
  double alpha = 1;  ///< form alpha_plus_cost: factor of a correct prediction of cost 0, finite and >= 0
  CrossEntropyOptions cross_entropy = {};  ///< level, label smoothing and class weights of the cross-entropy
};

/// Mean over the samples n that have a label of  factor(y_n, argmax z_n) * CE(z_n, y_n).
/// The gradient treats the factor as a constant, and the divisor does not include it: the sum is divided by the number
/// of labelled samples (with class weights by their sum). Among equal logits the lowest class is the prediction. With
/// soft targets, y is the label and CE uses the probabilities. Shapes, targets and errors are those of CrossEntropy.
template <class M = float>
class SeverityLoss final : public CrossEntropy<M> {
 public:
  /// Throws OptionError for an option outside its range.
  SeverityLoss(std::string head, CostMatrix costs, SeverityOptions options = {})
      : CrossEntropy<M>(std::move(head), options.cross_entropy),
        costs_(std::move(costs)),
        options_(std::move(options)) {
    require_nonnegative(SeverityLoss::name(), "correct_weight", options_.correct_weight);
    require_nonnegative(SeverityLoss::name(), "alpha", options_.alpha);
  }

  std::string name() const override { return "severity(" + this->head() + ")"; }

  /// As Loss::evaluate. Throws ShapeError if the head and the cost matrix differ in their number of classes.
  M evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, M weight) override {
    if (const Index classes = logits[this->head()].shape().size(); classes != costs_.classes())
      fail<ShapeError>(name(), concat("a cost matrix of ", costs_.classes(), " classes"),
                       concat("the head has ", classes));
    return CrossEntropy<M>::evaluate(logits, targets, gradients, weight);
  }

  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<SeverityLoss>(*this); }

 private:
  double sample_factor(Label truth, Label predicted) const override {
    if (options_.form == SeverityForm::alpha_plus_cost) return options_.alpha + costs_(truth, predicted);
    return truth == predicted ? options_.correct_weight : costs_(truth, predicted);
  }

  CostMatrix costs_;
  SeverityOptions options_;
};

/// Returns `SeverityLoss` of the head as a LossSum of one term:
/// `severity("fine", severity_matrix(cifar100_taxonomy()), {.form = SeverityForm::alpha_plus_cost})`. Throws
/// OptionError for an option outside its range.
template <class M = float>
LossSum<M> severity(std::string head, CostMatrix costs, SeverityOptions options = {}) {
  return SeverityLoss<M>(std::move(head), std::move(costs), std::move(options));
}

}  // namespace hcnn::losses
