// What several seeds of one measurement say together: means with intervals; and accuracy against time.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/transfer.hpp"

namespace examples {

/// "best_seed_3" -> "best"; another name as it is.
inline std::string without_seed(const std::string& cell) {
  const auto at = cell.rfind("_seed_");
  const bool number = at != std::string::npos && at + 6 < cell.size() &&
                      cell.find_first_not_of("0123456789", at + 6) == std::string::npos;
  return number ? cell.substr(0, at) : cell;
}

/// A column of the summary.
struct SummaryColumn {
  const char* title;
  std::vector<const char*> path;  ///< in the figures of a part
  double factor;
  int digits;
};

/// What is summarised: the figures of the fine head's predictions.
inline const std::vector<SummaryColumn>& summary_columns() {
  static const std::vector<SummaryColumn> columns = {
      {"fine %", {"from_fine", "fine", "top1"}, 100, 2},
      {"superclass % of fine", {"from_fine", "superclass", "top1"}, 100, 2},
      {"group % of fine", {"from_fine", "group", "top1"}, 100, 2},
      {"MS", {"severity", "ms"}, 1, 4},
      {"HD@1", {"severity", "hd1"}, 1, 4},
      {"HD@5", {"severity", "hd5"}, 1, 4},
      {"HD@20", {"severity", "hd20"}, 1, 4},
      {"heads agree %", {"agreement", "all"}, 100, 2}};
  return columns;
}

/// "71.96 (71.20 to 72.72)": mean and 95 % interval of the mean over the seeds, Student's; one value is its own text;
/// "-" for none.
inline std::string mean_text(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  const std::string text = report::decimal(mean, digits);
  if (values.size() == 1) return text;
  const metrics::Interval interval = metrics::mean_interval(values);
  return text + " (" + report::decimal(interval.low, digits) + " to " + report::decimal(interval.high, digits) + ")";
}

/// What drawing one of these classes of CIFAR-100 at random reaches: the same columns.
inline std::vector<std::string> chance_row(const std::string& part) {
  const Taxonomy tree = named_classes(cifar100_taxonomy(), part).taxonomy;
  const auto classes = static_cast<Label>(tree.class_count(0));
  const double pairs = static_cast<double>(classes) * static_cast<double>(classes);
  double severity = 0;
  std::vector<double> right(static_cast<std::size_t>(tree.levels()), 0.0);
  for (Label truth = 0; truth < classes; ++truth)
    for (Label drawn = 0; drawn < classes; ++drawn) {
      severity += tree.severity(truth, drawn) / pairs;
      for (Index level = 0; level < tree.levels(); ++level)
        right[static_cast<std::size_t>(level)] +=
            tree.ancestor(truth, 0, level) == tree.ancestor(drawn, 0, level) ? 1 / pairs : 0;
    }
  std::vector<std::string> row = {part == "all" ? "guessing" : "guessing, " + part + " classes", "-"};
  for (const double share : right) row.push_back(report::decimal(100 * share, 2));
  row.push_back(report::decimal(metrics::chance_ms(tree), 4));
  for (int rank = 0; rank < 3; ++rank) row.push_back(report::decimal(severity, 4));
  row.push_back("-");
  return row;
}

/// A row for each measurement, and one for it with each ruling, in their order; then what guessing reaches.
inline io::CsvTable summary_table(const std::vector<run::FinishedRun>& runs, const std::vector<std::string>& rulings) {
  io::CsvTable table{{"measurement", "seeds"}, {}};
  for (const SummaryColumn& column : summary_columns()) table.header.push_back(column.title);
  std::vector<std::pair<std::string, std::vector<io::Json>>> parts;  // figures of each seed
  const auto add = [&](const std::string& name, const io::Json& figures) {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.first == name; });
    (found == parts.end() ? parts.emplace_back(name, std::vector<io::Json>{}) : *found).second.push_back(figures);
  };
  for (const run::FinishedRun& run : runs) {
    const std::string name = without_seed(run.figures.name);
    add(name, run.metrics[run.part]);
    const std::filesystem::path file = run.folder / "rules.json";
    const io::Json rules = std::filesystem::exists(file) ? io::read_json(file) : io::Json::object();
    for (const std::string& ruling : rulings)
      if (rules.contains(ruling)) add(name + " + " + ruling, rules[ruling]);
  }
  for (const auto& [name, seeds] : parts) {
    std::vector<std::string> row = {name, std::to_string(seeds.size())};
    for (const SummaryColumn& column : summary_columns()) {
      std::vector<double> values;
      for (const io::Json& figures : seeds) {
        const io::Json* at = &figures;
        for (const char* key : column.path) at = at && at->contains(key) ? &(*at)[key] : nullptr;
        if (at && at->is_number()) values.push_back(column.factor * at->get<double>());
      }
      row.push_back(mean_text(values, column.digits));
    }
    table.rows.push_back(std::move(row));
  }
  for (const char* classes : {"all", "base", "novel"})
    if (std::any_of(runs.begin(), runs.end(),
                    [&](const auto& run) { return run.config.value("classes", "all") == classes; }))
      table.rows.push_back(chance_row(classes));
  return table;
}

/// Test accuracy of the finest head against the minutes of its training, a mark for each run.
inline io::Image minutes_picture(const std::vector<run::FinishedRun>& runs) {
  std::vector<report::ScatterPoint> points;
  for (const run::FinishedRun& run : runs)
    points.push_back({run.figures.name, run.metrics["seconds"].get<double>() / 60, 100 * run.figures.accuracy});
  return report::scatter(points,
                         {.title = "Accuracy against time", .x_label = "minutes of training", .y_label = "top-1, %"});
}

}  // namespace examples
