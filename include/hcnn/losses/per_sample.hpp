// Base class of losses that are a mean over the labelled samples of one head.
#pragma once

#include <string>
#include <utility>

#include "hcnn/losses/loss.hpp"
#include "hcnn/losses/softmax.hpp"

namespace hcnn::losses {

/// Mean over the samples n that have a label of  f(y_n, softmax(z_n)), where y is the label and z the head's logits;
/// with soft targets q, such as mixup's, of  sum_k q_nk f(k, softmax(z_n)). To write one: derive, implement `name`,
/// `sample` and `clone`. Computes in double for every M. Throws DataError for a label out of range and a missing head
/// or level, ShapeError if sizes do not match.
template <class M = float>
class PerSampleLoss : public Loss<M> {
 public:
  M evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, M weight) final {
    const Tensor<M>& scores = logits[head_];
    const LevelTargets& level = targets[level_];
    const Index counted = count_labels(scores, level);
    if (counted == 0) return 0;
    const double scale = double{weight} / static_cast<double>(counted);
    Tensor<M>& gradient = gradients[head_];
    double sum = 0;
    for (Index n = 0; n < scores.count(); ++n) {
      const Label truth = level.labels.data()[n];
      if (truth == kNoLabel) continue;
      softmax_.assign(row(scores, n));
      M* const dz = gradient.view().sample(n);
      if (level.probabilities.size() == 0) {
        sum += sample(truth, softmax_, scale, dz);
        continue;
      }
      const std::span<const double> q = row(level.probabilities, n);
      for (Label k = 0; k < classes_; ++k)
        if (const double share = q.data()[k]; share != 0) sum += share * sample(k, softmax_, share * scale, dz);
    }
    return static_cast<M>(sum / static_cast<double>(counted));
  }

 protected:
  /// @param level of the targets; "": the level named like the head  @param classes that the head must have
  PerSampleLoss(std::string head, std::string level, Index classes)
      : head_(std::move(head)), level_(level.empty() ? head_ : std::move(level)), classes_(classes) {}

  /// Returns f(truth, p) and adds scale * df/dz to the `classes` values of `gradient`; adds scale * df/dparameter to
  /// the gradients of parameters, if any. Called once per labelled sample; with soft targets, once for each class whose
  /// probability is not 0.
  virtual double sample(Label truth, const Softmax& p, double scale, M* gradient) = 0;
  /// Name of the head.
  const std::string& head() const { return head_; }

 private:
  // Number of samples with a label; checks every label.
  Index count_labels(const Tensor<M>& scores, const LevelTargets& level) const {
    const std::vector<Label>& labels = level.labels;
    const Tensor<double>& soft = level.probabilities;
    const Index classes = scores.shape().size();
    if (classes != classes_)
      fail<ShapeError>(this->name(), concat("the head has ", classes, " classes"), concat(classes_, " are expected"));
    if (static_cast<Index>(labels.size()) != scores.count())
      fail<ShapeError>(this->name(), concat(labels.size(), " labels"),
                       concat("the batch has ", scores.count(), " samples"));
    if (soft.size() != 0 && (soft.count() != scores.count() || soft.shape().size() != classes))
      fail<ShapeError>(this->name(), concat("soft targets (", soft.count(), ", ", soft.shape().size(), ")"),
                       concat("logits are (", scores.count(), ", ", classes, ")"));
    Index counted = 0;
    for (Index n = 0; n < scores.count(); ++n) {
      const Label label = labels.data()[n];
      if (label == kNoLabel) continue;
      if (label < 0 || label >= classes)
        fail<DataError>(this->name(), concat("label ", label, " of sample ", n, " of the batch"),
                        concat("labels are 0..", classes - 1, ", or ", kNoLabel, " for none"));
      ++counted;
    }
    return counted;
  }

  std::string head_, level_;
  Index classes_;
  Softmax softmax_;  // scratch memory for one sample
};

}  // namespace hcnn::losses
