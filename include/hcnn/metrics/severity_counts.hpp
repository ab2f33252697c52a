// Severity of mistakes in a label tree: counts per severity, HD@1, mistake severity and its chance level.
#pragma once

#include <span>
#include <vector>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn::metrics {

/// Number of samples per severity of their prediction: 0 correct, 1 same parent, 2 same grandparent, ..., `highest`
/// only the root in common. Source of both averages: Bertinetto et al. 2020, "Making Better Mistakes",
/// arXiv:1912.09393.
class SeverityCounts {
 public:
  /// @param highest greatest possible severity: the number of levels from the predicted one to the coarsest
  explicit SeverityCounts(int highest = 0) {
    if (highest < 0) fail<DataError>("SeverityCounts", concat("highest severity ", highest), "must be at least 0");
    counts_.assign(static_cast<std::size_t>(highest) + 1, 0);
  }

  /// Counts one sample. Throws DataError for a severity outside 0..highest.
  void add(int severity) {
    if (severity < 0 || severity > highest())
      fail<DataError>("SeverityCounts", concat("severity ", severity), concat("severities are 0..", highest()));
    ++counts_[static_cast<std::size_t>(severity)];
  }

  /// Greatest possible severity.
  int highest() const { return static_cast<int>(counts_.size()) - 1; }
  /// Number of samples of severity 0 .. highest.
  const std::vector<Index>& counts() const { return counts_; }
  /// Number of samples counted.
  Index total() const {
    Index sum = 0;
    for (const Index count : counts_) sum += count;
    return sum;
  }
  /// Number of mistakes.
  Index mistakes() const { return total() - counts_.front(); }
  /// Sum of the severities of all samples.
  Index sum() const {
    Index sum = 0;
    for (std::size_t severity = 0; severity < counts_.size(); ++severity)
      sum += static_cast<Index>(severity) * counts_[severity];
    return sum;
  }
  /// Hierarchical distance@1, the average severity of all samples: sum / total; NaN without samples, e.g. if the labels
  /// belong to no tree.
  double hd1() const { return static_cast<double>(sum()) / static_cast<double>(total()); }
  /// Mistake severity, the average severity of the mistakes: sum / mistakes; 0 without mistakes, NaN without samples.
  /// It can fall because easy mistakes were added: read it together with the accuracy and HD@1.
  double ms() const {
    return mistakes() > 0 ? static_cast<double>(sum()) / static_cast<double>(mistakes()) : 0 * hd1();
  }

  /// Visits the counts, to resume a run later.
  void visit_state(StateVisitor& state) { state.visit("counts", std::span<Index>(counts_)); }

  friend bool operator==(const SeverityCounts&, const SeverityCounts&) = default;

 private:
  std::vector<Index> counts_;
};

/// Mistake severity of guessing: the mean severity over all ordered pairs of different classes of the level; 0 if there
/// is only one class. 2.838 for CIFAR-100's fine classes. Takes K^2 operations for K classes.
inline double chance_ms(const Taxonomy& taxonomy, Index level = 0) {
  SeverityCounts pairs(static_cast<int>(taxonomy.levels() - level));
  const auto classes = static_cast<Label>(taxonomy.class_count(level));
  for (Label truth = 0; truth < classes; ++truth)
    for (Label predicted = 0; predicted < classes; ++predicted) pairs.add(taxonomy.severity(truth, predicted, level));
  return pairs.ms();
}

}  // namespace hcnn::metrics
