// Report section on the costs of mistakes.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hcnn/metrics/cost.hpp"
#include "hcnn/report/html.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/report_sections.hpp"
#include "hcnn/run/run_summary.hpp"

namespace hcnn::run {

/// All samples of one class that were predicted as another, and their cost.
struct CostlyPair {
  Label truth = 0;      ///< true class of the samples
  Label predicted = 0;  ///< predicted class
  Index count = 0;      ///< number of samples, at least 1
  double cost = 0;      ///< total cost of the samples, more than 0
};

/// Returns the `most` pairs of classes with the highest total cost; among equal costs the lower classes first.
inline std::vector<CostlyPair> costly_pairs(const metrics::ConfusionMatrix& confusion, const CostMatrix& costs,
                                            std::size_t most = 12) {
  std::vector<CostlyPair> pairs;
  for (Label truth = 0; truth < costs.classes(); ++truth)
    for (Label predicted = 0; predicted < costs.classes(); ++predicted) {
      const Index count = confusion(truth, predicted);
      const double cost = static_cast<double>(count) * costs(truth, predicted);
      if (cost > 0) pairs.push_back({truth, predicted, count, cost});
    }
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.cost > b.cost; });
  pairs.resize(std::min(pairs.size(), most));
  return pairs;
}

/// Adds the average cost of a prediction on each part, and the most costly mistakes on the shown part; adds nothing
/// without costs.
inline void add_costs(report::HtmlReport& page, const RunSummary& run) {
  const auto& [part, shown] = run.shown();
  if (!run.costs || !shown) return;
  const metrics::HeadResult& head = shown->heads.front();
  TableRows rows;
  for (const auto& [name, result] : run.parts()) {
    const auto& confusion = result->heads.front().confusion;
    rows.push_back({name, decimal(metrics::mean_cost(confusion, *run.costs), 4),
                    decimal(metrics::total_cost(confusion, *run.costs), 2)});
  }
  page.heading("Costs of the predictions of head " + head.level);
  page.table({"part", "average of all predictions", "sum"}, rows);
  rows.clear();
  const ClassOrder classes = class_order(head, run.taxonomy ? &*run.taxonomy : nullptr);
  const double all = metrics::total_cost(head.confusion, *run.costs);
  for (const CostlyPair& pair : costly_pairs(head.confusion, *run.costs))
    rows.push_back({classes.names[static_cast<std::size_t>(pair.truth)],
                    classes.names[static_cast<std::size_t>(pair.predicted)], std::to_string(pair.count),
                    decimal((*run.costs)(pair.truth, pair.predicted), 2), decimal(pair.cost, 2),
                    percent(pair.cost / all)});
  page.paragraph(concat("The mistakes that cost most on the ", part, " part:"));
  if (rows.empty())
    page.paragraph("None.");
  else
    page.table({"true", "predicted", "count", "cost each", "sum", "share of all costs"}, rows, "sortable");
}

}  // namespace hcnn::run
