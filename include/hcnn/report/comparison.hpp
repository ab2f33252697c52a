// Several runs in one plot: overlaid curves, severities side by side, accuracy against severity.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/metrics/history.hpp"
#include "hcnn/report/bars.hpp"
#include "hcnn/report/plot.hpp"
#include "hcnn/report/scatter.hpp"

namespace hcnn::report {

/// The data of one run for the comparison plots.
struct ComparedRun {
  std::string name = {};               ///< short name, used in every legend
  metrics::History history = {};       ///< metrics of its epochs; may be empty
  std::vector<Index> severities = {};  ///< number of samples of severity 0, 1, ...; empty: not measured
  double accuracy = 0;                 ///< accuracy of the finest head, 0..1
  double hd1 = 0;                      ///< mean severity over all samples
  double ms = 0;                       ///< mean severity of the mistakes
};

/// A panel for one column of the histories: a curve for each run that has it, run i in the colour of series i.
inline Panel compared_panel(const std::vector<ComparedRun>& runs, std::string_view column, Panel panel,
                            double factor = 1) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const metrics::History& history = runs[i].history;
    if (history.empty() || !history.has(column)) continue;
    Series series{.name = runs[i].name,
                  .values = history.get(column),
                  .colour = i,
                  .first = static_cast<double>(history[0].epoch)};
    for (double& value : series.values) value *= factor;
    panel.series.push_back(std::move(series));
  }
  return panel;
}

/// Panels for training and validation loss, validation accuracy of every head, mean severity and learning rate, with
/// all runs overlaid; leaves out what no run measured.
inline std::vector<Panel> comparison_panels(const std::vector<ComparedRun>& runs) {
  std::vector<Panel> panels = {
      compared_panel(runs, "train.loss", {.title = "Training loss", .y_label = "nats per sample"}),
      compared_panel(runs, "val.loss", {.title = "Validation loss", .y_label = "nats per sample"})};
  std::vector<std::string> accuracies;
  for (const ComparedRun& run : runs)
    for (const std::string& column : run.history.columns())
      if (column.starts_with("val.") && column.ends_with(".top1") &&
          std::find(accuracies.begin(), accuracies.end(), column) == accuracies.end())
        accuracies.push_back(column);
  for (const std::string& column : accuracies)
    panels.push_back(compared_panel(
        runs, column, {.title = "Validation accuracy, " + column.substr(4, column.size() - 9), .y_label = "top-1, %"},
        100));
  panels.push_back(compared_panel(runs, "val.hd1", {.title = "Average severity (HD@1)", .y_label = "levels"}));
  panels.push_back(compared_panel(runs, "learning_rate", {.title = "Learning rate", .y_label = "rate"}));
  panels.back().logarithmic = wants_logarithm(panels.back().series);
  std::erase_if(panels, [](const Panel& panel) { return panel.series.empty(); });
  return panels;
}

/// Bars with the percentage of samples of each severity, runs side by side. Throws DataError if a run's number of
/// severities is not that of `names`.
inline io::Image severity_bars(const std::vector<ComparedRun>& runs, const std::vector<std::string>& names,
                               const BarsOptions& options = {.title = "Severity of the predictions",
                                                             .y_label = "share of the samples, %",
                                                             .decimals = 1}) {
  std::vector<BarSeries> series;
  for (const ComparedRun& run : runs) {
    BarSeries one{.name = run.name};
    Index total = 0;
    for (const Index count : run.severities) total += count;
    for (const Index count : run.severities)
      one.values.push_back(total == 0 ? 0 : 100 * static_cast<double>(count) / static_cast<double>(total));
    series.push_back(std::move(one));
  }
  return bars(names, series, options);
}

/// Accuracy of the runs against the severity of their mistakes: right and down is better.
inline io::Image severity_scatter(const std::vector<ComparedRun>& runs,
                                  const ScatterOptions& options = {.title = "Accuracy and severity of the mistakes",
                                                                   .x_label = "top-1 accuracy of the finest head, %",
                                                                   .y_label = "mistake severity (MS), levels"}) {
  std::vector<ScatterPoint> points;
  for (const ComparedRun& run : runs) points.push_back({run.name, 100 * run.accuracy, run.ms});
  return scatter(points, options);
}

}  // namespace hcnn::report
