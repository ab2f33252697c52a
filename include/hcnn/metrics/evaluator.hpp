// Accumulates all metrics of an evaluation, batch by batch.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/logits.hpp"
#include "hcnn/metrics/accuracy.hpp"
#include "hcnn/metrics/confusion_matrix.hpp"
#include "hcnn/metrics/severity_counts.hpp"

namespace hcnn::metrics {

/// Metrics of one head against the labels of its level.
struct HeadResult {
  std::string level;          ///< name of head and level
  Share top1;                 ///< top-1 accuracy on the labelled samples
  Share top5;                 ///< top-5 accuracy on the labelled samples; 1 with 5 classes or fewer, NaN aside
  ConfusionMatrix confusion;  ///< counts of the labelled samples, without those that have a NaN among their scores
};

/// A fraction of samples for one level.
struct LevelShare {
  std::string level;  ///< name of the level
  Share share;        ///< fraction of the samples that are counted
};

/// Metrics of an evaluation. The "finest head" is the head of the finest taxonomy level that has one; without a
/// taxonomy everything concerning it is empty.
struct EvaluationResult {
  Index samples = 0;                  ///< number of samples, with and without labels
  std::vector<HeadResult> heads;      ///< heads in the taxonomy, fine to coarse, then others
  SeverityCounts severity;            ///< severities of the finest head's predictions
  std::vector<LevelShare> from_fine;  ///< accuracy of the finest head's prediction lifted to each level, its own first;
                                      ///< of the level's labelled samples
  std::vector<LevelShare> agreement;  ///< how often each coarser head predicts the ancestor of the finest head's
                                      ///< prediction; of all samples
  Share consistent;                   ///< how often all coarser heads do

  /// Metrics of the head, or null.
  const HeadResult* find(std::string_view level) const {
    for (const HeadResult& head : heads)
      if (head.level == level) return &head;
    return nullptr;
  }
  /// Metrics of the head. Throws DataError, listing the heads, if there is none of that name.
  const HeadResult& head(std::string_view level) const {
    if (const HeadResult* found = find(level)) return *found;
    fail<DataError>("EvaluationResult", concat("no head '", level, "'"),
                    "heads are: " + joined(heads, &HeadResult::level));
  }
  /// Top-1 accuracy of the head, 0..1. Throws as `head`.
  double accuracy(std::string_view level) const { return head(level).top1.value(); }

  /// Visits all counts, to resume a run later; the heads must be known.
  [[gnu::cold]] void visit_state(StateVisitor& state) {
    state.visit("samples", samples);
    for (HeadResult& head : heads) {
      state.visit("top1." + head.level, head.top1);
      state.visit("top5." + head.level, head.top5);
      state.visit("confusion." + head.level, head.confusion);
    }
    state.visit("severity", severity);
    for (auto& [level, share] : from_fine) state.visit("from_fine." + level, share);
    for (auto& [level, share] : agreement) state.visit("agreement." + level, share);
    state.visit("consistent", consistent);
  }
};

/// Accumulates the metrics of an evaluation over batches of logits. The first batch decides the heads: every head named
/// like a level of the targets. Samples without a label are skipped per level, except in agreement. If the targets lack
/// a taxonomy level, its labels are derived from the finest head's. A sample with a NaN among its scores counts as a
/// mistake of the greatest severity. After the first batch of a size, `add` allocates no memory.
template <class M = float>
class Evaluator {
 public:
  /// @param taxonomy copied; null: the heads are unrelated
  explicit Evaluator(const Taxonomy* taxonomy = nullptr) {
    if (taxonomy) taxonomy_ = *taxonomy;
  }
  /// @param taxonomy label tree that the levels belong to
  explicit Evaluator(Taxonomy taxonomy) : taxonomy_(std::move(taxonomy)) {}

  /// Adds a batch. Throws DataError if no head has targets, a head of the first batch is missing, or a label is not a
  /// class; ShapeError if sizes do not match the taxonomy, the first batch or each other.
  void add(const Logits<M>& logits, const Targets& targets) {
    if (result_.heads.empty()) prepare(logits, targets);
    result_.samples += logits.count();
    for (std::size_t h = 0; h < result_.heads.size(); ++h) count_head(h, logits, targets);
    if (tree_levels_.empty()) return;
    count_lifted(targets);
    count_agreement();
  }

  /// Forgets everything and determines the heads from the names and shapes of such a batch; values are ignored. `add`
  /// calls it at the first batch. Throws DataError if no head has targets.
  void prepare(const Logits<M>& logits, const Targets& targets) {
    EvaluationResult blank;
    tree_levels_.clear();
    for (Index level = 0; taxonomy_ && level < taxonomy_->levels(); ++level) {
      const std::string& name = taxonomy_->level_name(level);
      if (!logits.find(name) || !targets.has(name)) continue;
      blank.heads.push_back({name, {}, {}, ConfusionMatrix(taxonomy_->class_count(level))});
      tree_levels_.push_back(level);
    }
    for (const auto& [head, values] : logits)
      if (targets.has(head) && !(taxonomy_ && taxonomy_->has_level(head)))
        blank.heads.push_back({head, {}, {}, ConfusionMatrix(values.shape().size())});
    if (blank.heads.empty()) refuse_heads(logits, targets);

    for (std::size_t h = 1; h < tree_levels_.size(); ++h) blank.agreement.push_back({blank.heads[h].level, {}});
    if (!tree_levels_.empty()) {
      const Index finest = tree_levels_.front();
      blank.severity = SeverityCounts(static_cast<int>(taxonomy_->levels() - finest));
      for (Index level = finest; level < taxonomy_->levels(); ++level)
        blank.from_fine.push_back({taxonomy_->level_name(level), {}});
    }
    predictions_.resize(blank.heads.size());
    blank_ = blank;
    result_ = std::move(blank);
  }

  /// Visits the counts so far, to resume a run later; `prepare` or `add` must have been called.
  void visit_state(StateVisitor& state) { result_.visit_state(state); }

  /// Metrics so far.
  const EvaluationResult& result() const { return result_; }
  /// Forgets every batch, for the next epoch of the same network.
  void reset() { result_ = blank_; }

 private:
  [[noreturn]] static void refuse_heads(const Logits<M>& logits, const Targets& targets) {
    fail<DataError>("Evaluator", concat("heads '", joined(logits, &HeadLogits<M>::head), "'"),
                    "one of the levels is needed: " + joined(targets, &LevelTargets::level));
  }

  void count_head(std::size_t h, const Logits<M>& logits, const Targets& targets) {
    HeadResult& head = result_.heads[h];
    const Tensor<M>& scores = logits[head.level];
    const std::vector<Label>& labels = targets[head.level].labels;
    if (scores.shape().size() != head.confusion.classes())
      fail<ShapeError>("Evaluator head '" + head.level + "'", concat(scores.shape().size(), " logits"),
                       concat("the level has ", head.confusion.classes(), " classes"));
    if (static_cast<Index>(labels.size()) != logits.count() || scores.count() != logits.count())
      fail<ShapeError>("Evaluator head '" + head.level + "'",
                       concat(labels.size(), " labels, ", scores.count(), " rows of logits"),
                       concat("the batch has ", logits.count(), " samples"));
    predictions_[h].resize(labels.size());
    for (std::size_t n = 0; n < labels.size(); ++n) {
      const std::span<const M> z = row(scores, static_cast<Index>(n));
      const Label predicted = predictions_[h][n] = predicted_class(z);
      if (labels[n] == kNoLabel) continue;
      head.confusion.require_class(labels[n]);
      if (predicted != kNoLabel) head.confusion.add(labels[n], predicted);
      head.top1.add(predicted == labels[n]);
      head.top5.add(predicted != kNoLabel && in_top(5, z, labels[n]));
    }
  }

  // Severity and accuracy of the finest head's predictions, lifted through the taxonomy.
  void count_lifted(const Targets& targets) {
    const Index finest = tree_levels_.front();
    const std::vector<Label>& truths = targets[result_.heads.front().level].labels;
    const std::vector<Label>& predictions = predictions_.front();
    const auto greatest = static_cast<int>(taxonomy_->levels() - finest);
    for (std::size_t n = 0; n < truths.size(); ++n)
      if (truths[n] != kNoLabel)
        result_.severity.add(predictions[n] == kNoLabel ? greatest
                                                        : taxonomy_->severity(truths[n], predictions[n], finest));

    for (std::size_t i = 0; i < result_.from_fine.size(); ++i) {
      auto& [name, share] = result_.from_fine[i];
      const Index level = finest + static_cast<Index>(i);
      const bool given = targets.has(name);
      const std::vector<Label>& labels = given ? targets[name].labels : truths;
      require_labels(name, labels.size());
      for (std::size_t n = 0; n < labels.size(); ++n) {
        if (labels[n] == kNoLabel) continue;
        const Label truth = given ? labels[n] : taxonomy_->ancestor(labels[n], finest, level);
        share.add(predictions[n] != kNoLabel && taxonomy_->ancestor(predictions[n], finest, level) == truth);
      }
    }
  }

  void count_agreement() {
    if (tree_levels_.size() < 2) return;
    const Index finest = tree_levels_.front();
    for (std::size_t n = 0; n < predictions_[0].size(); ++n) {
      const Label fine = predictions_[0][n];
      bool all = true;
      for (std::size_t h = 1; h < tree_levels_.size(); ++h) {
        const bool agrees =
            fine != kNoLabel && predictions_[h][n] == taxonomy_->ancestor(fine, finest, tree_levels_[h]);
        result_.agreement[h - 1].share.add(agrees);
        all = all && agrees;
      }
      result_.consistent.add(all);
    }
  }

  void require_labels(const std::string& level, std::size_t labels) const {
    if (labels != predictions_[0].size())
      fail<ShapeError>("Evaluator level '" + level + "'", concat(labels, " labels"),
                       concat("the batch has ", predictions_[0].size(), " samples"));
  }

  std::optional<Taxonomy> taxonomy_;
  std::vector<Index> tree_levels_;               // taxonomy level of the first heads; other heads have none
  std::vector<std::vector<Label>> predictions_;  // of each head, for one batch
  EvaluationResult blank_, result_;              // blank_: the same heads with all counts 0
};

}  // namespace hcnn::metrics
