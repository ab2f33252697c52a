// Outcomes of single samples in an evaluation: metrics that need more than counts, and their confidence intervals.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/argmax.hpp"
#include "hcnn/core/logits.hpp"
#include "hcnn/core/targets.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/metrics/accuracy.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/bootstrap.hpp"
#include "hcnn/metrics/prediction.hpp"

namespace hcnn::metrics {

/// The useful k of HD@k for this number of classes: 1, and 5 and 20 if there are more classes than that.
inline std::vector<Index> usual_ranks(Index classes) {
  std::vector<Index> ranks{1};
  for (const Index rank : {5, 20})
    if (rank < classes) ranks.push_back(rank);
  return ranks;
}

/// Follows an evaluation sample by sample. Its metrics, named as in metrics.json:
///   <head>.top1                each head that is named like a level of the targets
///   from_fine.<level>.top1     the finest head's prediction, lifted to each coarser level of the tree
///   severity.hd1, .hd5, .hd20  HD@k: mean severity of the k likeliest classes, over all samples
///   severity.ms                mean severity of the mistakes
///   agreement.all              all coarser heads predict the ancestor of the finest head's prediction
/// A sample with a NaN among its scores counts as a mistake of the greatest severity. Memory: 8 bytes per sample and
/// metric. Source of HD@k: Bertinetto et al. 2020, "Making Better Mistakes", arXiv:1912.09393, section 4.1.
class Outcomes final : public BatchObserver {
 public:
  /// @param taxonomy copied; null: the heads are unrelated  @param ranks the k of HD@k, at least one, each at least 1.
  /// Throws OptionError for others.
  explicit Outcomes(const Taxonomy* taxonomy, std::vector<Index> ranks = {1, 5, 20}) : ranks_(std::move(ranks)) {
    if (taxonomy) taxonomy_ = *taxonomy;
    require_option(!ranks_.empty(), "Outcomes", "number of ranks", ranks_.size(), "must be at least 1");
    for (const Index rank : ranks_) require_option(rank >= 1, "Outcomes", "rank", rank, "must be at least 1");
  }

  /// Adds a batch; samples without a label are skipped per metric. Throws as `require_labels`.
  void add(const Logits<float>& logits, const Targets& targets) override { add_batch(logits, targets); }
  void add(const Logits<double>& logits, const Targets& targets) override { add_batch(logits, targets); }

  /// The metrics, each with its values for every sample.
  const std::vector<SampleRatio>& figures() const { return figures_; }
  /// Value of the metric, or empty if it was not measured.
  std::optional<double> find(std::string_view name) const {
    for (const SampleRatio& figure : figures_)
      if (figure.name == name) return figure.value();
    return std::nullopt;
  }
  /// The k of HD@k.
  const std::vector<Index>& ranks() const { return ranks_; }

 private:
  template <class M>
  void add_batch(const Logits<M>& logits, const Targets& targets) {
    const HeadLogits<M>* finest = nullptr;
    Index finest_level = 0;
    for (const HeadLogits<M>& head : logits) {
      if (!targets.has(head.head)) continue;
      const std::vector<Label>& labels = targets[head.head].labels;
      require_labels("Outcomes head '" + head.head + "'", head.values, std::span<const Label>(labels));
      SampleRatio& top1 = figure(head.head + ".top1");
      for (std::size_t n = 0; n < labels.size(); ++n)
        put(top1, labels[n] != kNoLabel,
            labels[n] != kNoLabel && predicted_class(row(head.values, static_cast<Index>(n))) == labels[n]);
      if (!taxonomy_ || !taxonomy_->has_level(head.head)) continue;
      const Index level = taxonomy_->level_index(head.head);
      if (!finest || level < finest_level) {
        finest = &head;
        finest_level = level;
      }
    }
    if (!finest) return;
    const std::vector<Label>& labels = targets[finest->head].labels;
    for (const LevelTargets& level : targets)
      if (taxonomy_->has_level(level.level) && level.labels.size() != labels.size())
        fail<ShapeError>("Outcomes level '" + level.level + "'", concat(level.labels.size(), " labels"),
                         concat("the batch has ", labels.size(), " samples"));
    for (std::size_t n = 0; n < labels.size(); ++n) {
      const std::span<const M> scores = row(finest->values, static_cast<Index>(n));
      add_severity(scores, labels[n], finest_level);
      add_lifted(predicted_class(scores), labels[n], targets, n, finest_level);
      add_agreement(logits, targets, static_cast<Index>(n), finest_level);
    }
  }

  // Severities of one sample of the finest head.
  template <class M>
  void add_severity(std::span<const M> scores, Label truth, Index level) {
    const bool labelled = truth != kNoLabel, predicted = predicted_class(scores) != kNoLabel;
    const std::vector<Label> order = likeliest(scores, *std::max_element(ranks_.begin(), ranks_.end()));
    const auto severity = [&](Label k) {
      return predicted ? taxonomy_->severity(truth, k, level) : static_cast<int>(taxonomy_->levels() - level);
    };
    for (const Index rank : ranks_) {
      const std::size_t most = std::min(order.size(), static_cast<std::size_t>(rank));
      double sum = 0;
      for (std::size_t i = 0; labelled && i < most; ++i) sum += severity(order[i]);
      put(figure(concat("severity.hd", rank)), labelled, sum / static_cast<double>(most));
    }
    const int first = labelled ? severity(order.front()) : 0;
    put(figure("severity.ms"), first > 0, first);
  }

  // Whether the finest head's prediction of sample n is right on each coarser level, against the level's own labels if
  // the targets have them.
  void add_lifted(Label predicted, Label fine, const Targets& targets, std::size_t n, Index level) {
    for (Index coarser = level + 1; coarser < taxonomy_->levels(); ++coarser) {
      const std::string& name = taxonomy_->level_name(coarser);
      const Label truth = targets.has(name)  ? targets[name].labels[n]
                          : fine == kNoLabel ? kNoLabel
                                             : taxonomy_->ancestor(fine, level, coarser);
      put(figure("from_fine." + name + ".top1"), truth != kNoLabel,
          predicted != kNoLabel && taxonomy_->ancestor(predicted, level, coarser) == truth);
    }
  }

  template <class M>
  void add_agreement(const Logits<M>& logits, const Targets& targets, Index n, Index level) {
    const Label predicted = predicted_class(row(logits[taxonomy_->level_name(level)], n));
    bool several = false, agree = predicted != kNoLabel;
    for (Index coarser = level + 1; coarser < taxonomy_->levels(); ++coarser) {
      const std::string& name = taxonomy_->level_name(coarser);
      const Tensor<M>* scores = logits.find(name);
      if (!scores || !targets.has(name)) continue;
      several = true;
      agree = agree && predicted_class(row(*scores, n)) == taxonomy_->ancestor(predicted, level, coarser);
    }
    if (several) put(figure("agreement.all"), true, agree);
  }

  SampleRatio& figure(const std::string& name) {
    for (SampleRatio& figure : figures_)
      if (figure.name == name) return figure;
    return figures_.emplace_back(SampleRatio{.name = name});
  }
  static void put(SampleRatio& figure, bool counted, double value) {
    figure.numerators.push_back(counted ? static_cast<float>(value) : 0.0F);
    figure.denominators.push_back(counted ? 1.0F : 0.0F);
  }

  std::optional<Taxonomy> taxonomy_;
  std::vector<Index> ranks_;
  std::vector<SampleRatio> figures_;
};

}  // namespace hcnn::metrics
