// Cross-entropy on every level of the label tree, from one head: the probability of a coarser class is the sum over its
// leaves.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/losses/per_sample.hpp"

namespace hcnn::losses {

/// Options of LeafAggregation.
struct LeafAggregationOptions {
  std::vector<double> weights = {};  ///< weight of the head's level, then of each coarser one, finite; empty: all 1
  std::string level = {};            ///< the head's level in the taxonomy and the targets; "": the level named like the
                                     ///< head
};

/// Mean over the samples that have a label of  -sum_l w_l log P_l, where P_l = sum of p_k over the classes k that share
/// the true class's ancestor on level l, p = softmax(z). P_0 = p_y: with weights {1, 0, ...} it is cross-entropy.
/// Gradient:  sum_l w_l (p_k - [k under the ancestor] p_k / P_l). Probabilities are summed in log space, so logits of
/// +-1e4 stay finite. Shapes: logits (N, K), K classes of the level. Errors are those of PerSampleLoss.
template <class M = float>
class LeafAggregation : public PerSampleLoss<M> {
 public:
  /// Throws DataError if the taxonomy lacks the level, OptionError unless `weights` is empty or has one finite value
  /// for the head's level and each coarser one.
  LeafAggregation(const std::string& head, const Taxonomy& taxonomy, LeafAggregationOptions options = {})
      : LeafAggregation(head, taxonomy, taxonomy.level_index(options.level.empty() ? head : options.level),
                        std::move(options.weights)) {}

  std::string name() const override { return "leaf_aggregation(" + this->head() + ")"; }
  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<LeafAggregation>(*this); }

 protected:
  /// Takes the index of the level; checks the weights.
  LeafAggregation(const std::string& head, const Taxonomy& taxonomy, Index level, std::vector<double> weights)
      : PerSampleLoss<M>(head, taxonomy.level_name(level), taxonomy.class_count(level)), weights_(std::move(weights)) {
    const auto levels = static_cast<std::size_t>(taxonomy.levels() - level);
    if (weights_.empty()) weights_.assign(levels, 1.0);
    if (weights_.size() != levels)
      fail<OptionError>("leaf_aggregation(" + head + ")", concat(weights_.size(), " weights"),
                        concat(levels, " are needed, one for each level from '", taxonomy.level_name(level), "' on"));
    for (const double weight : weights_)
      if (!std::isfinite(weight))
        fail<OptionError>("leaf_aggregation(" + head + ")", concat("weight ", weight), "a finite number is needed");
    for (Index to = level; to < taxonomy.levels(); ++to) {
      ancestors_.emplace_back();
      for (Label k = 0; k < taxonomy.class_count(level); ++k)
        ancestors_.back().push_back(taxonomy.ancestor(k, level, to));
    }
  }

 private:
  double sample(Label truth, const Softmax& p, double scale, M* gradient) override {
    double value = 0;
    for (std::size_t l = 0; l < weights_.size(); ++l) {
      if (weights_[l] == 0) continue;  // 0 times the infinite loss of a class with a logit of -inf would be NaN
      const std::vector<Label>& ancestor = ancestors_[l];
      const Label wanted = ancestor.data()[truth];
      const double log_sum = log_probability(p, ancestor, wanted);
      value -= weights_[l] * log_sum;
      for (std::size_t k = 0; k < p.size(); ++k) {
        const double inside = ancestor[k] == wanted ? std::exp(p.log(k) - log_sum) : 0;  // p_k / P_l
        gradient[k] += static_cast<M>(scale * weights_[l] * (p[k] - inside));
      }
    }
    return value;
  }

  // log of the probability of the class `wanted`.
  static double log_probability(const Softmax& p, const std::vector<Label>& ancestor, Label wanted) {
    double largest = -HUGE_VAL, sum = 0;
    for (std::size_t k = 0; k < p.size(); ++k)
      if (ancestor[k] == wanted && p.log(k) > largest) largest = p.log(k);
    for (std::size_t k = 0; k < p.size(); ++k)
      if (ancestor[k] == wanted) sum += std::exp(p.log(k) - largest);
    return largest + std::log(sum);
  }

  std::vector<double> weights_;                // one for each level from the head's upwards
  std::vector<std::vector<Label>> ancestors_;  // [level from the head's upwards][class of the head]
};

/// Returns `LeafAggregation` of the head as a LossSum of one term: `leaf_aggregation("fine", cifar100_taxonomy())`.
/// Errors are those of its constructor.
template <class M = float>
LossSum<M> leaf_aggregation(const std::string& head, const Taxonomy& taxonomy, LeafAggregationOptions options = {}) {
  return LeafAggregation<M>(head, taxonomy, std::move(options));
}

}  // namespace hcnn::losses
