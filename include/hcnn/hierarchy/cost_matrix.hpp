// The cost of each mistake: the severity in a taxonomy, or any matrix of your own.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn {

/// K x K matrix: cost of predicting one class for another. It need not come from a tree, be symmetric or have a zero
/// diagonal.
class CostMatrix {
 public:
  /// K*K costs, row-major: row = true class, column = predicted class. Throws DataError unless K >= 1, there are K*K
  /// costs, and every cost is finite and not negative.
  CostMatrix(Index classes, std::vector<double> costs) : classes_(classes), costs_(std::move(costs)) {
    if (classes < 1) fail<DataError>("CostMatrix", concat(classes, " classes"), "at least 1 is needed");
    const auto size = static_cast<Index>(costs_.size());
    if (size % classes != 0 || size / classes != classes)
      fail<DataError>("CostMatrix", concat(size, " costs"), concat(classes, " x ", classes, " are needed"));
    for (Index i = 0; i < size; ++i)
      if (const double cost = costs_.data()[i]; !std::isfinite(cost) || cost < 0)
        fail<DataError>("CostMatrix", concat("cost ", cost, " in row ", i / classes, ", column ", i % classes),
                        "costs must be finite and not negative");
  }
  /// From K rows of K costs: `CostMatrix{{{0, 1}, {5, 0}}}`.
  explicit CostMatrix(const std::vector<std::vector<double>>& rows)
      : CostMatrix(static_cast<Index>(rows.size()), joined(rows)) {}

  /// Number of classes, K.
  Index classes() const { return classes_; }
  /// Cost of predicting `predicted` for a sample of class `truth`; labels are not checked.
  double operator()(Label truth, Label predicted) const { return costs_.data()[truth * classes_ + predicted]; }
  /// All costs, row-major: row = true class.
  const std::vector<double>& values() const { return costs_; }

  friend bool operator==(const CostMatrix&, const CostMatrix&) = default;

 private:
  static std::vector<double> joined(const std::vector<std::vector<double>>& rows) {
    std::vector<double> costs;
    for (const auto& row : rows) {
      if (row.size() != rows.size())
        fail<DataError>("CostMatrix", concat("row of ", row.size(), " costs"), concat(rows.size(), " rows are given"));
      costs.insert(costs.end(), row.begin(), row.end());
    }
    return costs;
  }

  Index classes_;
  std::vector<double> costs_;
};

/// Severity of every pair of classes of a level: S[y, k] = `Taxonomy::severity(y, k, level)`. Throws DataError for a
/// level that does not exist and for a wrong number of weights.
/// @param weights if not empty, weights[h] replaces severity h; one for each of 0 .. levels() - level
inline CostMatrix severity_matrix(const Taxonomy& taxonomy, Index level = 0, const std::vector<double>& weights = {}) {
  const auto severities = static_cast<std::size_t>(taxonomy.levels() - level + 1);
  const auto classes = static_cast<Label>(taxonomy.class_count(level));
  if (!weights.empty() && weights.size() != severities)
    fail<DataError>("severity_matrix", concat(weights.size(), " weights"),
                    concat(severities, " are needed, for severities 0..", severities - 1));
  std::vector<double> costs;
  for (Label truth = 0; truth < classes; ++truth)
    for (Label predicted = 0; predicted < classes; ++predicted) {
      const int severity = taxonomy.severity(truth, predicted, level);
      costs.push_back(weights.empty() ? severity : weights[static_cast<std::size_t>(severity)]);
    }
  return CostMatrix(classes, std::move(costs));
}

}  // namespace hcnn
