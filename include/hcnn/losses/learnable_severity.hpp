// Severity-aware cross-entropy with a learned weight for each severity.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/losses/per_sample.hpp"

namespace hcnn::losses {

/// Mean over the samples that have a label of
///   CE                        for a correct prediction,
///   w_h CE - h log w_h        for a mistake of severity h = 1, 2, ... (Taxonomy::severity), w_h = exp(theta_h),
/// CE = -log softmax(z)_y. The theta_h are parameters, initially log h, which gives the weights of
/// SeverityForm::cost. Without the second term every w_h would fall to 0, where mistakes cost nothing. With it the
/// optimal w_h, other things equal, is h / (mean CE of the mistakes of severity h): mistakes of severity h then add
/// their number times h to the loss, however large their cross-entropy is. The weights are bounded on both sides: h log
/// w_h grows without bound as w_h falls, and a mistake has CE >= log 2 (the true class is not the likeliest one), so
/// the optimal w_h is at most h / log 2. The loss may be negative. The prediction is argmax z, treated as a constant by
/// the gradient. The form follows the task weighting in Kendall, Gal, Cipolla 2018, arXiv:1705.07115. Shapes: logits
/// (N, K), K classes of the level. Errors are those of PerSampleLoss.
template <class M = float>
class LearnableSeverity final : public PerSampleLoss<M> {
 public:
  /// @param level the head's level in the taxonomy and the targets; "": the level named like the head. Throws DataError
  /// if the taxonomy lacks it.
  LearnableSeverity(const std::string& head, const Taxonomy& taxonomy, const std::string& level = {})
      : LearnableSeverity(head, taxonomy, taxonomy.level_index(level.empty() ? head : level)) {}

  std::string name() const override { return "learnable_severity(" + this->head() + ")"; }
  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<LearnableSeverity>(*this); }

  void attach(const std::string& path, ParamList<M>& list) override {
    log_weights_.name = path + ".log_weights";
    list.push_back(&log_weights_);
  }

  /// w_h of severity h, from 1 to the number of levels from the head's upwards; not checked.
  double weight(int severity) const { return std::exp(double{log_weights_.value()[severity - 1]}); }

 private:
  LearnableSeverity(const std::string& head, const Taxonomy& taxonomy, Index level)
      : PerSampleLoss<M>(head, taxonomy.level_name(level), taxonomy.class_count(level)),
        classes_(taxonomy.class_count(level)),
        log_weights_(Role::loss, {taxonomy.levels() - level}) {
    for (Label truth = 0; truth < classes_; ++truth)
      for (Label predicted = 0; predicted < classes_; ++predicted)
        severities_.push_back(taxonomy.severity(truth, predicted, level));
    for (Index h = 0; h < log_weights_.size(); ++h)
      log_weights_.value()[h] = static_cast<M>(std::log(static_cast<double>(h + 1)));
  }

  double sample(Label truth, const Softmax& p, double scale, M* gradient) override {
    const double cross_entropy = -p.log(static_cast<std::size_t>(truth));
    const int severity = severities_.data()[truth * classes_ + p.likeliest()];
    const double w = severity == 0 ? 1 : weight(severity);
    for (std::size_t k = 0; k < p.size(); ++k) gradient[k] += static_cast<M>(scale * w * p[k]);
    gradient[truth] -= static_cast<M>(scale * w);
    if (severity == 0) return cross_entropy;
    if (scale != 0) log_weights_.grad()[severity - 1] += static_cast<M>(scale * (w * cross_entropy - severity));
    return w * cross_entropy - severity * std::log(w);
  }

  Index classes_;
  std::vector<int> severities_;  // (K, K): row = true class
  Param<M> log_weights_;         // theta_h at h - 1
};

/// Returns `LearnableSeverity` of the head as a LossSum of one term: `learnable_severity("fine", cifar100_taxonomy())`.
/// Add its parameters to the optimizer too (`LossSum::attach`), else `train::fit` throws OptionError. In a frozen group
/// the weights stay 1, 2, 3 and so on.
template <class M = float>
LossSum<M> learnable_severity(const std::string& head, const Taxonomy& taxonomy, const std::string& level = {}) {
  return LearnableSeverity<M>(head, taxonomy, level);
}

}  // namespace hcnn::losses
