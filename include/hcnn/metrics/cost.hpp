// Cost of predictions: confusion counts times a cost matrix.
#pragma once

#include "hcnn/core/check.hpp"
#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/metrics/confusion_matrix.hpp"

namespace hcnn::metrics {

/// Sum of the costs of all counted predictions: sum over y, k of count(y, k) * cost(y, k). Throws ShapeError if the
/// numbers of classes differ.
inline double total_cost(const ConfusionMatrix& confusion, const CostMatrix& costs) {
  if (confusion.classes() != costs.classes())
    fail<ShapeError>("total_cost", concat("costs of ", costs.classes(), " classes"),
                     concat("the confusion matrix has ", confusion.classes()));
  double sum = 0;
  for (Label truth = 0; truth < costs.classes(); ++truth)
    for (Label predicted = 0; predicted < costs.classes(); ++predicted)
      sum += static_cast<double>(confusion(truth, predicted)) * costs(truth, predicted);
  return sum;
}

/// Average cost of a prediction, correct ones included: total_cost / total; 0 without samples. With the severities of a
/// label tree as costs it is HD@1. Throws as `total_cost`.
inline double mean_cost(const ConfusionMatrix& confusion, const CostMatrix& costs) {
  const double sum = total_cost(confusion, costs);
  return confusion.total() == 0 ? 0.0 : sum / static_cast<double>(confusion.total());
}

}  // namespace hcnn::metrics
