// Consistency of two heads with one label tree: Jensen-Shannon divergence between a coarse head and the summed
// probabilities of a finer one.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/losses/loss.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/losses/softmax.hpp"

namespace hcnn::losses {

/// Mean over all samples, labelled or not, of the Jensen-Shannon divergence  JS(q, r) = KL(q || m)/2 + KL(r || m)/2, m
/// = (q + r)/2, in nats: 0 if the heads agree, log 2 if they exclude each other. r = softmax of the coarse head; q_c =
/// sum of the fine head's probabilities over the classes of c. Each head gets a gradient towards the other:
///   d JS / d q_c = log(q_c / m_c) / 2,  the same for r.
/// Shapes: logits (N, K) and (N, C), K and C the taxonomy's class counts; the heads are named like its levels. Throws
/// DataError for a missing head, ShapeError if the class or sample counts do not match.
/// Source: Garg, Sani, Anand 2022, "Learning Hierarchy Aware Features", arXiv:2207.12646, section 3, where only the
/// coarse heads are trained by it.
template <class M = float>
class Consistency final : public Loss<M> {
 public:
  /// Throws DataError unless the taxonomy has both levels and `fine` is the finer one.
  Consistency(std::string fine, std::string coarse, const Taxonomy& taxonomy)
      : fine_(std::move(fine)), coarse_(std::move(coarse)) {
    const Index from = taxonomy.level_index(fine_), to = taxonomy.level_index(coarse_);
    if (from >= to)
      fail<DataError>(Consistency::name(), "'" + coarse_ + "' is not coarser than '" + fine_ + "'",
                      "the finer level comes first");
    for (Label k = 0; k < taxonomy.class_count(from); ++k) parents_.push_back(taxonomy.ancestor(k, from, to));
    sums_.resize(static_cast<std::size_t>(taxonomy.class_count(to)));
  }

  std::string name() const override { return "consistency(" + fine_ + ", " + coarse_ + ")"; }

  M evaluate(const Logits<M>& logits, const Targets&, Logits<M>& gradients, M weight) override {
    const Tensor<M>&fine = logits[fine_], &coarse = logits[coarse_];
    check_classes(fine, fine_, parents_.size());
    check_classes(coarse, coarse_, sums_.size());
    if (fine.count() != coarse.count())
      fail<ShapeError>(name(), concat(fine.count(), " and ", coarse.count(), " samples"), "as many are needed");
    if (fine.count() == 0) return 0;
    const double scale = double{weight} / static_cast<double>(fine.count());
    double sum = 0;
    for (Index n = 0; n < fine.count(); ++n) {
      p_.assign(row(fine, n));
      r_.assign(row(coarse, n));
      sum += sample();
      p_.add_gradient(dp_, scale, gradients[fine_].view().sample(n));
      r_.add_gradient(dr_, scale, gradients[coarse_].view().sample(n));
    }
    return static_cast<M>(sum / static_cast<double>(fine.count()));
  }

  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<Consistency>(*this); }

 private:
  void check_classes(const Tensor<M>& scores, const std::string& head, std::size_t expected) const {
    if (scores.shape().size() != static_cast<Index>(expected))
      fail<ShapeError>(name(), concat("head '", head, "' has ", scores.shape().size(), " classes"),
                       concat("the taxonomy has ", expected));
  }

  // JS(q, r) of the probabilities in p_ and r_; leaves its derivatives with respect to them in dp_ and dr_.
  double sample() {
    sums_.assign(sums_.size(), 0.0);
    dp_.resize(parents_.size());
    dq_.resize(sums_.size());
    dr_.resize(sums_.size());
    for (std::size_t k = 0; k < parents_.size(); ++k) sums_[static_cast<std::size_t>(parents_[k])] += p_[k];
    double value = 0;
    for (std::size_t c = 0; c < sums_.size(); ++c) {
      dq_[c] = half_log_ratio(sums_[c], r_[c]);
      dr_[c] = half_log_ratio(r_[c], sums_[c]);
      value += sums_[c] * dq_[c] + r_[c] * dr_[c];
    }
    for (std::size_t k = 0; k < parents_.size(); ++k) dp_[k] = dq_[static_cast<std::size_t>(parents_[k])];
    return value;
  }

  // log(a / m) / 2, m = (a + b)/2. For a = 0 the product a log a, and with it the gradient of the logits, is 0.
  static double half_log_ratio(double a, double b) { return a > 0 ? 0.5 * std::log(2 * a / (a + b)) : 0; }

  std::string fine_, coarse_;
  std::vector<Label> parents_;  // [class of the fine head]
  Softmax p_, r_;               // scratch memory for one sample, as all below
  std::vector<double> sums_, dp_, dq_, dr_;
};

/// Returns `Consistency` of two heads as a LossSum of one term: `0.5 * consistency("fine", "superclass",
/// cifar100_taxonomy())`. Throws DataError unless the taxonomy has both levels and `fine` is the finer one.
template <class M = float>
LossSum<M> consistency(std::string fine, std::string coarse, const Taxonomy& taxonomy) {
  return Consistency<M>(std::move(fine), std::move(coarse), taxonomy);
}

}  // namespace hcnn::losses
