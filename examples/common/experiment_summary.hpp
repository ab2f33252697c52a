// What several seeds of one measurement say together: means with intervals; and accuracy against time.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>
#include <map>
#include <optional>

#include "examples/common/experiment.hpp"
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

/// What is summarised: the figures of the fine head's predictions, and of the coarser heads where there are some.
inline const std::vector<SummaryColumn>& summary_columns() {
  static const std::vector<SummaryColumn> columns = {
      {"fine %", {"from_fine", "fine", "top1"}, 100, 2},
      {"superclass % of fine", {"from_fine", "superclass", "top1"}, 100, 2},
      {"group % of fine", {"from_fine", "group", "top1"}, 100, 2},
      {"superclass % of its head", {"superclass", "top1"}, 100, 2},
      {"group % of its head", {"group", "top1"}, 100, 2},
      {"MS", {"severity", "ms"}, 1, 4},
      {"HD@1", {"severity", "hd1"}, 1, 4},
      {"HD@5", {"severity", "hd5"}, 1, 4},
      {"HD@20", {"severity", "hd20"}, 1, 4},
      {"heads agree %", {"agreement", "all"}, 100, 2}};
  return columns;
}

/// The number in the figures of a part; nothing where they lack it.
inline std::optional<double> value_in(const io::Json& figures, const SummaryColumn& column) {
  const io::Json* at = &figures;
  for (const char* key : column.path) at = at && at->contains(key) ? &(*at)[key] : nullptr;
  return at && at->is_number() ? std::optional(column.factor * at->get<double>()) : std::nullopt;
}

/// "71.96 (71.20 to 72.72)": mean and 95 % interval of the mean over the seeds, Student's; one value is its own text;
/// "-" for none.
inline std::string mean_text(const std::vector<double>& values, int digits) {
  if (values.empty()) return "-";
  double mean = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  const std::string text = decimal(mean, digits);
  if (values.size() == 1) return text;
  const metrics::Interval interval = metrics::mean_interval(values);
  return text + " (" + decimal(interval.low, digits) + " to " + decimal(interval.high, digits) + ")";
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
  for (const double share : right) row.push_back(decimal(100 * share, 2));
  row.insert(row.end(), 2, "-");
  row.push_back(decimal(metrics::chance_ms(tree), 4));
  for (int rank = 0; rank < 3; ++rank) row.push_back(decimal(severity, 4));
  row.insert(row.end(), 4, "-");
  return row;
}

/// Cells that differ in their seed alone, with or without a rule of decision.
struct Measurement {
  std::string name, control;                ///< name of the one that it is compared with; "": none
  std::map<std::uint64_t, io::Json> seeds;  ///< figures of the part

  /// The column's numbers of all seeds that have one.
  std::vector<double> values(const SummaryColumn& column) const {
    std::vector<double> values;
    for (const auto& [seed, figures] : seeds)
      if (const auto value = value_in(figures, column)) values.push_back(*value);
    return values;
  }

  /// By how much the column exceeds that of another measurement, for each seed that both have.
  std::vector<double> beyond(const Measurement& other, const SummaryColumn& column) const {
    std::vector<double> differences;
    for (const auto& [seed, figures] : seeds)
      if (const auto found = other.seeds.find(seed); found != other.seeds.end())
        if (const auto a = value_in(figures, column), b = value_in(found->second, column); a && b)
          differences.push_back(*a - *b);
    return differences;
  }
};

/// The measurements of the finished runs, in the order of the cells, each followed by those with a rule of decision,
/// which are compared with the one without.
inline std::vector<Measurement> measurements(const Experiment& experiment, const std::vector<run::FinishedRun>& runs) {
  std::vector<Measurement> all;
  const auto add = [&](const std::string& name, const std::string& control, std::uint64_t seed,
                       const io::Json& figures) {
    auto found = std::find_if(all.begin(), all.end(), [&](const Measurement& one) { return one.name == name; });
    if (found == all.end()) found = all.insert(found, {name, control, {}});
    found->seeds[seed] = figures;
  };
  for (const run::FinishedRun& run : runs) {
    const std::string name = without_seed(run.figures.name);
    const std::uint64_t seed = run.metrics["seed"];
    add(name, experiment.cell(run.figures.name).control, seed, run.metrics[run.part]);
    const std::filesystem::path file = run.folder / "rules.json";
    const io::Json rules = std::filesystem::exists(file) ? io::read_json(file) : io::Json::object();
    for (const Ruling& ruling : experiment.rulings)
      if (rules.contains(ruling.name)) add(name + " + " + ruling.name, name, seed, rules[ruling.name]);
  }
  return all;
}

/// A row for each measurement, with its gain over its control on the same seeds; then what guessing reaches.
inline io::CsvTable summary_table(const Experiment& experiment, const std::vector<run::FinishedRun>& runs) {
  static const SummaryColumn fine = summary_columns().front(),
                             hd1 = {"HD@1", {"severity", "hd1"}, -1, 4};  // less is better
  io::CsvTable table{{"measurement", "seeds"}, {}};
  for (const SummaryColumn& column : summary_columns()) table.header.push_back(column.title);
  table.header.insert(table.header.end(), {"compared with", "fine % more", "HD@1 less"});
  const std::vector<Measurement> all = measurements(experiment, runs);
  for (const Measurement& one : all) {
    std::vector<std::string> row = {one.name, std::to_string(one.seeds.size())};
    for (const SummaryColumn& column : summary_columns()) row.push_back(mean_text(one.values(column), column.digits));
    const auto control =
        std::find_if(all.begin(), all.end(), [&](const Measurement& other) { return other.name == one.control; });
    if (control == all.end())
      row.insert(row.end(), 3, "-");
    else
      row.insert(row.end(), {control->name, mean_text(one.beyond(*control, fine), fine.digits),
                             mean_text(one.beyond(*control, hd1), hd1.digits)});
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
