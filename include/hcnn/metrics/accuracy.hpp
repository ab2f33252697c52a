// Top-k accuracy: whether the true class is among the k classes with the highest scores.
#pragma once

#include <span>
#include <string>

#include "hcnn/core/argmax.hpp"
#include "hcnn/core/snapshot.hpp"

namespace hcnn::metrics {

/// A fraction of samples, as two counts.
struct Share {
  Index count = 0;  ///< number of hits
  Index total = 0;  ///< number of samples counted

  /// Counts one sample.
  void add(bool hit) {
    count += hit ? 1 : 0;
    ++total;
  }
  /// count / total, 0..1; 0 if nothing was counted.
  double value() const { return total == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(total); }

  /// Visits both counts, to resume a run later.
  void visit_state(StateVisitor& state) {
    state.visit("count", count);
    state.visit("total", total);
  }

  friend bool operator==(const Share&, const Share&) = default;
};

/// Number of classes ranked before `label` when classes are sorted by falling score, equal scores by rising class: 0
/// for the class that argmax returns. A class also ranks before `label` if its score or that of `label` is NaN, so a
/// network that outputs NaN scores no hits. `label` must be a valid class.
template <class M>
Index rank_of(std::span<const M> scores, Label label) {
  const auto own = static_cast<std::size_t>(label);
  Index rank = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const bool behind = scores[k] < scores[own] || (scores[k] == scores[own] && k >= own);
    if (!behind && k != own) ++rank;
  }
  return rank;
}

/// True if the label is among the k best-scored classes, as ranked by `rank_of`; always true for k >= classes.
template <class M>
bool in_top(Index k, std::span<const M> scores, Label label) {
  return rank_of(scores, label) < k;
}

/// Throws, beginning with `where`, ShapeError unless there is a label for each sample, and DataError for a label that
/// is neither a class nor kNoLabel. Scores (N, classes).
template <class M>
void require_labels(const std::string& where, const Tensor<M>& scores, std::span<const Label> labels) {
  if (static_cast<Index>(labels.size()) != scores.count())
    fail<ShapeError>(where, concat(labels.size(), " labels"), concat("there are ", scores.count(), " samples"));
  for (const Label label : labels)
    if (label != kNoLabel && (label < 0 || label >= scores.shape().size()))
      fail<DataError>(where, concat("label ", label), concat("labels are 0..", scores.shape().size() - 1));
}

/// Top-k accuracy: fraction of the labelled samples whose label is among the k best-scored classes. Scores (N,
/// classes), N labels; samples with kNoLabel are skipped. Throws OptionError for k < 1, ShapeError if the counts
/// differ, DataError for a label that is not a class.
template <class M>
Share top_k(Index k, const Tensor<M>& scores, std::span<const Label> labels) {
  require_option(k >= 1, "top_k", "k", k, "must be at least 1");
  require_labels("top_k", scores, labels);
  Share share;
  for (Index n = 0; n < scores.count(); ++n)
    if (const Label label = labels[static_cast<std::size_t>(n)]; label != kNoLabel)
      share.add(in_top(k, row(scores, n), label));
  return share;
}

}  // namespace hcnn::metrics
