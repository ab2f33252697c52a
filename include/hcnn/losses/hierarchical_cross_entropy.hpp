// HXE: cross-entropy split into steps along the path from the true class to the root, each with a weight.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/losses/leaf_aggregation.hpp"

namespace hcnn::losses {

/// Options of HierarchicalCrossEntropy.
struct HierarchicalCrossEntropyOptions {
  double alpha = 0.1;      ///< how fast the weights fall towards the root, finite and >= 0; 0: plain cross-entropy
  std::string level = {};  ///< the head's level in the taxonomy and the targets; "": the level named like the head
};

/// Mean over the samples that have a label of  -sum_l exp(-alpha l) log p(C_l | C_{l+1}), where C_0 is the true class,
/// C_l its ancestor l levels up and the last one the root; p(C_l | C_{l+1}) = P_l / P_{l+1}, with the summed
/// probabilities P_l of LeafAggregation. Telescoped, it is a LeafAggregation with the weights
///   w_0 = 1,  w_l = exp(-alpha l) - exp(-alpha (l - 1)) <= 0.
/// Source: Bertinetto et al. 2020, "Making Better Mistakes", arXiv:1912.09393, section 3.1; the height of a class is
/// the number of levels below it. Shapes and errors are those of LeafAggregation.
template <class M = float>
class HierarchicalCrossEntropy final : public LeafAggregation<M> {
 public:
  /// Throws DataError if the taxonomy lacks the level, OptionError for an alpha outside its range.
  HierarchicalCrossEntropy(const std::string& head, const Taxonomy& taxonomy,
                           const HierarchicalCrossEntropyOptions& options = {})
      : HierarchicalCrossEntropy(head, taxonomy, taxonomy.level_index(options.level.empty() ? head : options.level),
                                 options.alpha) {}

  std::string name() const override { return "hierarchical_cross_entropy(" + this->head() + ")"; }
  std::unique_ptr<Loss<M>> clone() const override { return std::make_unique<HierarchicalCrossEntropy>(*this); }

 private:
  HierarchicalCrossEntropy(const std::string& head, const Taxonomy& taxonomy, Index level, double alpha)
      : LeafAggregation<M>(head, taxonomy, level, telescoped(alpha, taxonomy.levels() - level)) {
    require_nonnegative(HierarchicalCrossEntropy::name(), "alpha", alpha);
  }

  static std::vector<double> telescoped(double alpha, Index levels) {
    std::vector<double> weights{1.0};
    for (double l = 1; l < static_cast<double>(levels); ++l)
      weights.push_back(std::exp(-alpha * l) - std::exp(-alpha * (l - 1)));
    return weights;
  }
};

/// Returns `HierarchicalCrossEntropy` of the head as a LossSum of one term. Errors are those of its constructor.
template <class M = float>
LossSum<M> hierarchical_cross_entropy(const std::string& head, const Taxonomy& taxonomy,
                                      const HierarchicalCrossEntropyOptions& options = {}) {
  return HierarchicalCrossEntropy<M>(head, taxonomy, options);
}

}  // namespace hcnn::losses
