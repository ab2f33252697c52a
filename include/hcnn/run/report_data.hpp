// Data of a run for the scripts of the report page, as JSON.
#pragma once

#include <string>
#include <vector>

#include "hcnn/exchange/taxonomy_json.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/run/confused_pairs.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/run_summary.hpp"

namespace hcnn::run {

/// Panels with their curves, for share/hcnn/report/curves.js; values that are not finite become null.
inline io::Json panels_json(const std::vector<report::Panel>& panels) {
  io::Json list = io::Json::array();
  for (const report::Panel& panel : panels) {
    io::Json series = io::Json::array();
    for (const report::Series& one : panel.series)
      series.push_back({{"name", one.name},
                        {"values", one.values},
                        {"colour", one.colour},
                        {"dashed", one.dashed},
                        {"first", one.first}});
    list.push_back({{"title", panel.title},
                    {"x_label", panel.x_label},
                    {"y_label", panel.y_label},
                    {"logarithmic", panel.logarithmic},
                    {"series", std::move(series)}});
  }
  return list;
}

/// Confusion matrix of a head: names, order in the tree, supports, and the counts in row-major order.
inline io::Json head_json(const metrics::HeadResult& head, const Taxonomy* tree) {
  const ClassOrder classes = class_order(head, tree);
  io::Json counts = io::Json::array(), supports = io::Json::array();
  const auto size = static_cast<Label>(head.confusion.classes());
  for (Label truth = 0; truth < size; ++truth) {
    supports.push_back(head.confusion.support(truth));
    for (Label predicted = 0; predicted < size; ++predicted) counts.push_back(head.confusion(truth, predicted));
  }
  return {{"level", head.level},
          {"classes", classes.names},
          {"order", classes.order},
          {"supports", supports},
          {"counts", counts}};
}

/// Calibration of the inspected heads; a bin is [count, accuracy, confidence].
inline io::Json calibration_json(const metrics::EvaluationResult& result, const metrics::Inspection& inspection) {
  io::Json heads = io::Json::array();
  for (const auto& head : result.heads) {
    const metrics::HeadInspection* inspected = inspection.find(head.level);
    if (!inspected) continue;
    io::Json bins = io::Json::array();
    for (const metrics::CalibrationBin& bin : inspected->calibration.bins())
      bins.push_back({bin.count, bin.accuracy(), bin.confidence()});
    heads.push_back({{"level", head.level}, {"error", inspected->calibration.expected_error()}, {"bins", bins}});
  }
  return heads;
}

/// Everything report.html shows interactively. What the run lacks stays empty.
inline io::Json report_data(const RunSummary& run) {
  const Taxonomy* tree = run.taxonomy ? &*run.taxonomy : nullptr;
  const auto& [part, result] = run.shown();
  io::Json data = {{"curves", panels_json(training_panels(run.history))},
                   {"part", part},
                   {"tree", tree ? exchange::taxonomy_json(*tree)["levels"] : io::Json::array()}};
  data["heads"] = io::Json::array();
  if (result)
    for (const auto& head : result->heads) data["heads"].push_back(head_json(head, tree));
  if (result && run.inspection) data["calibration"] = calibration_json(*result, *run.inspection);
  io::Json bars = io::Json::array();
  for (const auto& [name, figures] : run.parts()) {
    if (!tree || figures->severity.total() == 0) continue;
    data["severity"]["names"] = severity_names(*tree, tree->level_index(figures->from_fine.front().level));
    bars.push_back({{"name", name}, {"counts", figures->severity.counts()}});
  }
  if (!bars.empty()) data["severity"]["bars"] = std::move(bars);
  return data;
}

}  // namespace hcnn::run
