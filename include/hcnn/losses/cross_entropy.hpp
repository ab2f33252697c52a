// Softmax cross-entropy of one head's logits: labels or soft targets, label smoothing, class weights.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/argmax.hpp"
#include "hcnn/losses/loss.hpp"
#include "hcnn/losses/loss_sum.hpp"

namespace hcnn::losses {

/// Options of CrossEntropy. Source of label smoothing: Szegedy et al. 2015, arXiv:1512.00567, section 7.
struct CrossEntropyOptions {
  std::string level = {};                  ///< level of the targets; "": the level named like the head
  double label_smoothing = 0;              ///< fraction of each target spread evenly over all classes, 0..1; 0: none
  std::vector<double> class_weights = {};  ///< one per class, finite and not negative; empty: all 1
};

/// Mean over the samples n that have a label:  sum_n -sum_k w_k t_nk log softmax(z_n)_k  /  sum_n v_n, where
///   w_k = class weight;  t = (1 - smoothing) q + smoothing / K;  q = one-hot label, or LevelTargets::probabilities
///   v_n = sum_k w_k q_nk: without class weights the divisor is the number of labelled samples
/// Shapes: logits (N, K). One-hot probabilities give bit-identical results to labels. Equals PyTorch's cross_entropy,
/// except for soft targets with class weights, which PyTorch divides by N. Computes in double for every M. Throws
/// DataError for a label out of range and a missing head or level, ShapeError if sizes do not match.
template <class M = float>
class CrossEntropy : public Loss<M> {
 public:
  /// Throws OptionError for an option outside its range.
  explicit CrossEntropy(std::string head, CrossEntropyOptions options = {})
      : head_(std::move(head)), options_(std::move(options)) {
    if (options_.level.empty()) options_.level = head_;
    require_option(options_.label_smoothing >= 0 && options_.label_smoothing <= 1, CrossEntropy::name(),
                   "label_smoothing", options_.label_smoothing, "must be in 0..1");
    for (const double weight : options_.class_weights)
      require_nonnegative(CrossEntropy::name(), "class_weights", weight);
  }

  std::string name() const override { return "cross_entropy(" + head_ + ")"; }

  M evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, M weight) override {
    const Tensor<M>& scores = logits[head_];
    const LevelTargets& level = targets[options_.level];
    check_extents(scores, level);
    const double divisor = total_class_weight(scores, level);
    if (divisor == 0) return 0;

    Tensor<M>& gradient = gradients[head_];
    double sum = 0;
    for (Index n = 0; n < scores.count(); ++n) {
      const Label label = level.labels.data()[n];
      if (label == kNoLabel) continue;
      const std::span<const M> z = row(scores, n);
      set_target(level, n, z.size());
      const double factor = sample_factor(label, argmax(z));
      sum += factor * add_sample(z, factor * double{weight} / divisor, gradient.view().sample(n));
    }
    return static_cast<M>(sum / divisor);
  }

  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<CrossEntropy>(*this); }

 protected:
  /// Factor on the value and gradient of one sample; treated as a constant by the gradient and not part of the divisor.
  virtual double sample_factor(Label truth, Label predicted) const {
    static_cast<void>(truth);
    static_cast<void>(predicted);
    return 1;
  }
  /// Adds `share` times the target of the label, before label smoothing; the target sums to 1. Here: one-hot.
  virtual void add_label(Label truth, double share, std::span<double> target) const {
    target[static_cast<std::size_t>(truth)] += share;
  }
  /// Name of the head.
  const std::string& head() const { return head_; }

 private:
  void check_extents(const Tensor<M>& scores, const LevelTargets& level) const {
    const Index count = scores.count(), classes = scores.shape().size();
    const auto labels = static_cast<Index>(level.labels.size());
    const auto weights = static_cast<Index>(options_.class_weights.size());
    const Tensor<double>& soft = level.probabilities;
    if (labels != count)
      fail<ShapeError>(name(), concat(labels, " labels"), concat("the batch has ", count, " samples"));
    if (weights != 0 && weights != classes)
      fail<ShapeError>(name(), concat(weights, " class weights"), concat("the head has ", classes, " classes"));
    if (soft.size() != 0 && (soft.count() != count || soft.shape().size() != classes))
      fail<ShapeError>(name(), concat("soft targets (", soft.count(), ", ", soft.shape().size(), ")"),
                       concat("logits are (", count, ", ", classes, ")"));
  }

  // sum_n v_n; checks every label.
  double total_class_weight(const Tensor<M>& scores, const LevelTargets& level) {
    double total = 0;
    for (Index n = 0; n < scores.count(); ++n) {
      const Label label = level.labels.data()[n];
      if (label == kNoLabel) continue;
      if (label < 0 || label >= scores.shape().size())
        fail<DataError>(name(), concat("label ", label, " of sample ", n, " of the batch"),
                        concat("labels are 0..", scores.shape().size() - 1, ", or ", kNoLabel, " for none"));
      total += sample_class_weight(level, n);
    }
    return total;
  }

  // v_n = sum_k w_k q_nk
  double sample_class_weight(const LevelTargets& level, Index n) {
    const std::vector<double>& weights = options_.class_weights;
    if (weights.empty()) return 1;
    set_distribution(level, n, weights.size());
    double total = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) total += weights[k] * target_[k];
    return total;
  }

  // target_[k] = q_nk. Labels take the same path as soft targets, so one-hot targets equal labels bit for bit.
  void set_distribution(const LevelTargets& level, Index n, std::size_t classes) {
    target_.assign(classes, 0.0);
    if (level.probabilities.size() == 0) return add_label(level.labels.data()[n], 1, target_);
    const std::span<const double> q = row(level.probabilities, n);
    for (Label k = 0; k < static_cast<Label>(classes); ++k)
      if (const double share = q.data()[k]; share != 0) add_label(k, share, target_);
  }

  // target_[k] = w_k t_nk
  void set_target(const LevelTargets& level, Index n, std::size_t classes) {
    set_distribution(level, n, classes);
    const double smoothing = options_.label_smoothing;
    for (double& t : target_) t = (1 - smoothing) * t + smoothing / static_cast<double>(classes);
    if (!options_.class_weights.empty())
      for (std::size_t k = 0; k < classes; ++k) target_[k] *= options_.class_weights[k];
  }

  // Returns -sum_k target_k log p_k, p = softmax(z), and adds scale * (p_k sum_j target_j - target_k) to the gradient.
  double add_sample(std::span<const M> z, double scale, M* gradient) {
    const double shift = z[static_cast<std::size_t>(argmax(z))];  // exp(z - shift) <= 1 cannot overflow
    exp_.resize(z.size());
    double sum = 0, mass = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      exp_[k] = std::exp(z[k] - shift);
      sum += exp_[k];
      mass += target_[k];
    }
    const double log_sum = std::log(sum);
    double value = 0;
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (target_[k] != 0) value -= target_[k] * (z[k] - shift - log_sum);  // a logit of -infinity may have target 0
      gradient[k] += static_cast<M>(scale * (mass * exp_[k] / sum - target_[k]));
    }
    return value;
  }

  std::string head_;
  CrossEntropyOptions options_;
  std::vector<double> target_, exp_;  // scratch memory for one sample
};

/// Returns `CrossEntropy` of the head as a LossSum of one term, for `+` and `*`. Throws OptionError for an option
/// outside its range.
template <class M = float>
LossSum<M> cross_entropy(std::string head, CrossEntropyOptions options = {}) {
  return CrossEntropy<M>(std::move(head), std::move(options));
}

}  // namespace hcnn::losses
