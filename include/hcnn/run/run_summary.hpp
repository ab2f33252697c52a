// Settings and results of a whole run, and metrics.json.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/data/dataset.hpp"
#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/layers/summary.hpp"
#include "hcnn/metrics/cost.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/history.hpp"
#include "hcnn/metrics/inspection.hpp"
#include "hcnn/metrics/outcomes.hpp"

namespace hcnn::run {

/// Everything about a run that metrics.json and the report contain. Programs fill it; empty fields are left out.
struct RunSummary {
  std::string title = {};                ///< title of the report
  io::Json config = io::Json::object();  ///< content of config.json, shown in the report
  std::string recipe = {};               ///< name of the settings
  std::string network = {};              ///< name of the network
  std::optional<double> split = {};      ///< fraction of the training images used for training, 0..1
  Index epochs = 0;                      ///< number of epochs requested
  std::uint64_t seed = 0;                ///< seed of all randomness
  std::string precision = {};            ///< "fp32" or "bf16"
  std::string isa = {};                  ///< instruction set of the kernels
  std::string commit = {};               ///< commit of the source
  int threads = 0;                       ///< threads used; 0: unknown
  double seconds = 0;                    ///< wall-clock seconds of the training

  Index parameters_total = 0;      ///< number of parameter values, without buffers
  Index parameters_trainable = 0;  ///< number of parameter values that are not frozen
  Index buffers = 0;               ///< number of buffer values, e.g. running statistics
  Summary layers = {};             ///< `summary(model)`, shown in the report

  metrics::History history = {};                        ///< records of the finished epochs
  std::optional<metrics::EvaluationResult> train = {};  ///< results on the training images, in evaluation mode, without
                                                        ///< augmentation
  std::optional<metrics::EvaluationResult> val = {};    ///< results on the images held back from training
  std::optional<metrics::EvaluationResult> test = {};   ///< results on the official test images
  std::optional<Taxonomy> taxonomy = {};                ///< class names, and the tree for severities

  std::optional<CostMatrix> costs = {};  ///< costs of the finest head's mistakes; none: the report shows severities
                                         ///< only

  std::optional<metrics::Inspection> inspection = {};  ///< inspection of the `shown` part
  std::optional<metrics::Outcomes> outcomes = {};      ///< outcomes of the `shown` part; none: no HD@k and no intervals
  std::optional<data::Dataset> images = {};            ///< images `inspection` was run on; none: no examples in the
                                                       ///< report

  /// The part shown in confusion matrices and class tables, with its name: test, else val, else null.
  std::pair<std::string, const metrics::EvaluationResult*> shown() const {
    if (test) return {"test", &*test};
    return {"val", val ? &*val : nullptr};
  }
  /// The available parts, with their names.
  std::vector<std::pair<std::string, const metrics::EvaluationResult*>> parts() const {
    std::vector<std::pair<std::string, const metrics::EvaluationResult*>> list;
    if (train) list.emplace_back("train", &*train);
    if (val) list.emplace_back("val", &*val);
    if (test) list.emplace_back("test", &*test);
    return list;
  }
};

/// Metrics of one part: "<level>": {"top1", "top5", "balanced_accuracy", "macro_f1"} for each head; with a label tree
/// also "from_fine": {"<level>": {"top1"}} (finest prediction lifted), "severity": {"counts", "hd1", "ms"} and, with
/// several heads, "agreement": {"<coarser level>", "all"}. Accuracies and agreements are fractions 0..1.
inline io::Json evaluation_json(const metrics::EvaluationResult& result) {
  io::Json json = {{"samples", result.samples}};
  for (const auto& head : result.heads)
    json[head.level] = {{"top1", head.top1.value()},
                        {"top5", head.top5.value()},
                        {"balanced_accuracy", head.confusion.balanced_accuracy()},
                        {"macro_f1", head.confusion.macro_f1()}};
  for (const auto& [level, share] : result.from_fine) json["from_fine"][level]["top1"] = share.value();
  if (result.severity.total() > 0)
    json["severity"] = {
        {"counts", result.severity.counts()}, {"hd1", result.severity.hd1()}, {"ms", result.severity.ms()}};
  for (const auto& [level, share] : result.agreement) json["agreement"][level] = share.value();
  if (!result.agreement.empty()) json["agreement"]["all"] = result.consistent.value();
  return json;
}

/// Adds what is computed from the outcomes of single samples to the metrics of a part: "severity": {"hd5", "hd20"} and
/// "intervals": {"fine.top1": [low, high], ...}, 95 % bootstrap intervals of every metric, under its path in the
/// object.
inline void add_outcomes(io::Json& json, const metrics::Outcomes& outcomes) {
  const auto intervals = metrics::bootstrap_intervals(outcomes.figures());
  for (std::size_t f = 0; f < intervals.size(); ++f)
    json["intervals"][outcomes.figures()[f].name] = {intervals[f].low, intervals[f].high};
  for (const Index rank : outcomes.ranks())
    if (const auto value = outcomes.find(concat("severity.hd", rank))) json["severity"][concat("hd", rank)] = *value;
}

/// Content of metrics.json: settings of the run, "parameters", "loss" of the first and last epoch, and
/// `evaluation_json` of each part under its name, with "calibration": {"<level>": expected error} if inspected, what
/// `add_outcomes` adds if there are outcomes, and "mean_cost" if there are costs.
inline io::Json metrics_json(const RunSummary& run) {
  io::Json json = io::Json::object();
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  text("recipe", run.recipe);
  text("network", run.network);
  if (run.split) json["split"] = *run.split;
  json["epochs"] = run.epochs;
  json["epochs_done"] = run.history.size();
  json["seed"] = run.seed;
  text("precision", run.precision);
  text("isa", run.isa);
  text("commit", run.commit);
  if (run.threads > 0) json["threads"] = run.threads;
  json["seconds"] = run.seconds;
  json["parameters"] = {
      {"total", run.parameters_total}, {"trainable", run.parameters_trainable}, {"buffers", run.buffers}};
  for (const std::string part : {"train", "val"})
    if (run.history.has(part + ".loss")) {
      const std::vector<double> loss = run.history.get(part + ".loss");
      json["loss"][part] = {{"first", loss.front()}, {"last", loss.back()}};
    }
  for (const auto& [name, result] : run.parts()) {
    json[name] = evaluation_json(*result);
    if (run.costs) json[name]["mean_cost"] = metrics::mean_cost(result->heads.front().confusion, *run.costs);
  }
  if (const auto& [name, result] = run.shown(); result && run.inspection)
    for (const auto& head : result->heads)
      if (const auto* inspected = run.inspection->find(head.level))
        json[name]["calibration"][head.level] = inspected->calibration.expected_error();
  if (const auto& [name, result] = run.shown(); result && run.outcomes) add_outcomes(json[name], *run.outcomes);
  return json;
}

}  // namespace hcnn::run
