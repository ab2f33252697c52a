// Decision rules that combine the heads of a label tree: coarse heads vote on fine classes, or fine on coarse.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/argmax.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/metrics/decision_rule.hpp"
#include "hcnn/metrics/prediction.hpp"

namespace hcnn::metrics {

/// Replaces the fine head's scores by  log p_fine(k) + sum over the coarser heads h of log p_h(ancestor of k): of two
/// classes the fine head cannot tell apart, the one in the likelier superclass wins. With the superclass only it is
/// p_fine x p_parent. The coarser heads stay unchanged.
class HeadReweighting final : public DecisionRuleOf<HeadReweighting> {
 public:
  /// Heads are named like levels of the taxonomy. Throws DataError unless it has them and each of `coarser` is coarser
  /// than `fine`; OptionError if `coarser` is empty.
  HeadReweighting(std::string fine, std::vector<std::string> coarser, const Taxonomy& taxonomy)
      : fine_(std::move(fine)), coarser_(std::move(coarser)) {
    const Index from = taxonomy.level_index(fine_);
    require_option(!coarser_.empty(), "HeadReweighting", "coarser heads", coarser_.size(), "at least 1 is needed");
    for (const std::string& level : coarser_) {
      const Index to = taxonomy.level_index(level);
      if (to <= from)
        fail<DataError>("HeadReweighting", "'" + level + "' is not coarser than '" + fine_ + "'",
                        "coarser levels only");
      std::vector<Label>& parents = ancestors_.emplace_back();
      for (Label k = 0; k < taxonomy.class_count(from); ++k) parents.push_back(taxonomy.ancestor(k, from, to));
      classes_.push_back(taxonomy.class_count(to));
    }
  }

  std::string name() const override {
    std::string text = "head_reweighting(" + fine_;
    for (const std::string& level : coarser_) text += ", " + level;
    return text + ")";
  }
  /// Replaces the fine head's scores.
  template <class M>
  void change(Logits<M>& logits) const {
    require_classes(name(), logits, fine_, static_cast<Index>(ancestors_.front().size()));
    Tensor<M>& fine = logits[fine_];
    for (std::size_t h = 0; h < coarser_.size(); ++h) {
      require_classes(name(), logits, coarser_[h], classes_[h]);
      if (const Index count = logits[coarser_[h]].count(); count != fine.count())
        fail<ShapeError>(name(), concat("head '", coarser_[h], "' has ", count, " samples"),
                         concat("head '", fine_, "' has ", fine.count()));
    }
    for (Index n = 0; n < fine.count(); ++n) {
      std::vector<double> sum = log_softmax(row(fine, n));
      for (std::size_t h = 0; h < coarser_.size(); ++h) {
        const std::vector<double> coarse = log_softmax(row(std::as_const(logits)[coarser_[h]], n));
        for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += coarse[static_cast<std::size_t>(ancestors_[h][k])];
      }
      std::transform(sum.begin(), sum.end(), fine.view().sample(n), [](double value) { return static_cast<M>(value); });
    }
  }

 private:
  std::string fine_;
  std::vector<std::string> coarser_;
  std::vector<std::vector<Label>> ancestors_;  // [coarser head][fine class]
  std::vector<Index> classes_;                 // number of classes of each coarser head
};

/// Replaces the scores of every coarser level by log probabilities computed from the fine head:
///   log sum of p_fine(k) over the classes k of the coarse class.
/// Adds heads for levels without one, so a network with only the fine head answers for all levels.
class Marginalization final : public DecisionRuleOf<Marginalization> {
 public:
  /// Throws DataError unless the taxonomy has a level of this name.
  Marginalization(std::string fine, const Taxonomy& taxonomy) : fine_(std::move(fine)) {
    const Index from = taxonomy.level_index(fine_);
    for (Index to = from + 1; to < taxonomy.levels(); ++to) {
      Level& level = levels_.emplace_back(Level{taxonomy.level_name(to), taxonomy.class_count(to), {}});
      for (Label k = 0; k < taxonomy.class_count(from); ++k) level.ancestors.push_back(taxonomy.ancestor(k, from, to));
    }
    classes_ = taxonomy.class_count(from);
  }

  std::string name() const override { return "marginalization(" + fine_ + ")"; }
  /// Replaces or adds the coarser heads.
  template <class M>
  void change(Logits<M>& logits) const {
    require_classes(name(), logits, fine_, classes_);
    const Index count = logits[fine_].count();
    for (const Level& level : levels_) {
      logits.resize(level.name, count, level.classes);
      for (Index n = 0; n < count; ++n)
        sum_up(log_softmax(row(std::as_const(logits)[fine_], n)), level, logits[level.name].view().sample(n));
    }
  }

 private:
  struct Level {
    std::string name;
    Index classes;
    std::vector<Label> ancestors;  // [fine class]
  };

  // Sums in log space, so it also works for a coarse class whose p_fine are all below 1e-308.
  template <class M>
  static void sum_up(const std::vector<double>& fine, const Level& level, M* out) {
    std::vector<double> largest(static_cast<std::size_t>(level.classes), -HUGE_VAL), sums(largest.size(), 0.0);
    for (std::size_t k = 0; k < fine.size(); ++k) {
      double& most = largest[static_cast<std::size_t>(level.ancestors[k])];
      most = std::max(most, fine[k]);
    }
    for (std::size_t k = 0; k < fine.size(); ++k) {
      const auto c = static_cast<std::size_t>(level.ancestors[k]);
      if (largest[c] > -HUGE_VAL) sums[c] += std::exp(fine[k] - largest[c]);
    }
    for (std::size_t c = 0; c < sums.size(); ++c)
      out[c] = static_cast<M>(std::max(largest[c] + std::log(sums[c]), double{std::numeric_limits<M>::lowest()}));
  }

  std::string fine_;
  Index classes_ = 0;
  std::vector<Level> levels_;
};

}  // namespace hcnn::metrics
