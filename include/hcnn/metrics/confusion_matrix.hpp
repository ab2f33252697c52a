// Confusion matrix, and the per-class metrics derived from it.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/core/snapshot.hpp"
#include "hcnn/core/targets.hpp"

namespace hcnn::metrics {

/// K x K counts of samples: row = true class, column = predicted class.
class ConfusionMatrix {
 public:
  /// Starts with all counts 0. Throws DataError for less than one class.
  explicit ConfusionMatrix(Index classes) : classes_(classes) {
    if (classes < 1) fail<DataError>("ConfusionMatrix", concat(classes, " classes"), "at least 1 is needed");
    counts_.assign(static_cast<std::size_t>(classes * classes), 0);
  }

  /// Counts one sample. Throws DataError for a label that is not a class.
  void add(Label truth, Label predicted) {
    for (const Label label : {truth, predicted}) require_class(label);
    ++counts_.data()[truth * classes_ + predicted];
  }

  /// Throws DataError unless the label is one of the classes.
  void require_class(Label label) const {
    if (label < 0 || label >= classes_)
      fail<DataError>("ConfusionMatrix", concat("class ", label), concat("classes are 0..", classes_ - 1));
  }

  /// Number of classes K.
  Index classes() const { return classes_; }
  /// Number of samples of class `truth` predicted as `predicted`; labels are not checked.
  Index operator()(Label truth, Label predicted) const { return counts_.data()[truth * classes_ + predicted]; }
  /// Number of samples counted.
  Index total() const { return std::accumulate(counts_.begin(), counts_.end(), Index{0}); }
  /// Number of samples predicted correctly.
  Index correct() const {
    Index sum = 0;
    for (Label k = 0; k < classes_; ++k) sum += (*this)(k, k);
    return sum;
  }
  /// Number of samples of the class: the sum of its row.
  Index support(Label label) const {
    Index sum = 0;
    for (Label k = 0; k < classes_; ++k) sum += (*this)(label, k);
    return sum;
  }
  /// Number of samples predicted as the class: the sum of its column.
  Index predictions(Label label) const {
    Index sum = 0;
    for (Label k = 0; k < classes_; ++k) sum += (*this)(k, label);
    return sum;
  }

  // Each of these is a fraction 0..1, or 0 if its divisor is 0.

  /// correct / total.
  double accuracy() const { return ratio(correct(), total()); }
  /// Fraction of the class's samples that are predicted as it: correct / support.
  double recall(Label label) const { return ratio((*this)(label, label), support(label)); }
  /// Fraction of the predictions of the class that are correct: correct / predictions.
  double precision(Label label) const { return ratio((*this)(label, label), predictions(label)); }
  /// Harmonic mean of precision and recall: 2 correct / (support + predictions).
  double f1(Label label) const { return ratio(2 * (*this)(label, label), support(label) + predictions(label)); }
  /// Mean recall of the classes that have samples: unlike accuracy it counts rare classes as much as common ones.
  double balanced_accuracy() const {
    return mean([&](Label k) { return support(k) > 0; }, [&](Label k) { return recall(k); });
  }
  /// Mean F1 of the classes that occur, as true class or as prediction.
  double macro_f1() const {
    return mean([&](Label k) { return support(k) + predictions(k) > 0; }, [&](Label k) { return f1(k); });
  }

  /// The same counts with class order[i] in row and column i, e.g. fine classes sorted by superclass. Throws DataError
  /// unless `order` holds every class exactly once.
  ConfusionMatrix reordered(std::span<const Label> order) const {
    std::vector<bool> seen(static_cast<std::size_t>(classes_), false);
    for (const Label label : order) {
      require_class(label);
      seen[static_cast<std::size_t>(label)] = true;
    }
    if (static_cast<Index>(order.size()) != classes_ || std::find(seen.begin(), seen.end(), false) != seen.end())
      fail<DataError>("ConfusionMatrix", concat("an order of ", order.size(), " classes"),
                      concat("each of ", classes_, " classes once is needed"));
    ConfusionMatrix result(classes_);
    auto next = result.counts_.begin();
    for (const Label truth : order)
      for (const Label predicted : order) *next++ = (*this)(truth, predicted);
    return result;
  }

  /// Visits the counts, to resume a run later.
  void visit_state(StateVisitor& state) { state.visit("counts", std::span<Index>(counts_)); }

  friend bool operator==(const ConfusionMatrix&, const ConfusionMatrix&) = default;

 private:
  // Mean of value(k) over the classes k that count; 0 where none does.
  template <class Counts, class Value>
  double mean(const Counts& counts, const Value& value) const {
    double sum = 0;
    Index counted = 0;
    for (Label k = 0; k < classes_; ++k)
      if (counts(k)) {
        sum += value(k);
        ++counted;
      }
    return counted == 0 ? 0.0 : sum / static_cast<double>(counted);
  }
  static double ratio(Index count, Index divisor) {
    return divisor == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(divisor);
  }

  Index classes_;
  std::vector<Index> counts_;
};

}  // namespace hcnn::metrics
