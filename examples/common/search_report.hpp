// What a search leaves behind: trials.csv, a picture and a page.
#pragma once

#include <cmath>
#include <hcnn/report.hpp>
#include <limits>

#include "examples/common/child_training.hpp"
#include "examples/common/search_options.hpp"

namespace examples {

/// One training of a search.
struct Trial {
  Index number = 0;        ///< of its point, from 1
  std::size_t rung = 0;    ///< round of successive halving, from 0
  Index epochs = 0;        ///< that it is trained for
  run::SearchPoint point;  ///< values of the axes
  double metric = std::numeric_limits<double>::quiet_NaN();
  double seconds = std::numeric_limits<double>::quiet_NaN();  ///< of the training, wall clock
  std::string status = {};                                    ///< "finished", "failed: <reason>" or, not ended yet, ""

  /// Run folder inside the folder of the search: "trials/007", of the second round "trials/007_rung_2".
  std::string folder() const {
    std::string digits = std::to_string(number);
    digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
    return "trials/" + digits + (rung == 0 ? "" : concat("_rung_", rung + 1));
  }
};

/// A search that has begun: what its files show.
struct SearchResult {
  SearchOptions options;
  std::vector<run::SearchAxis> axes;
  std::vector<Trial> trials;  ///< of all rounds, in the order of their numbers within a round
};

/// The trial with the best metric among those of the most epochs; null where none has one.
inline const Trial* best_trial(const SearchResult& result) {
  const Trial* best = nullptr;
  const bool lowest = lowest_is_best(result.options.metric);
  for (const Trial& trial : result.trials) {
    if (std::isnan(trial.metric)) continue;
    const bool better = best && (lowest ? trial.metric < best->metric : trial.metric > best->metric);
    if (!best || trial.rung > best->rung || (trial.rung == best->rung && better)) best = &trial;
  }
  return best;
}

/// The row of a trial in trials.csv.
inline std::vector<std::string> trial_row(const Trial& trial, const std::vector<run::SearchAxis>& axes) {
  std::vector<std::string> row = {std::to_string(trial.number)};
  for (std::size_t i = 0; i < axes.size(); ++i) row.push_back(run::value_text(axes[i], trial.point[i]));
  row.insert(row.end(), {std::to_string(trial.epochs), run::number_text(trial.metric), run::number_text(trial.seconds),
                         trial.status, trial.folder()});
  return row;
}

/// trials.csv: a row for each trial that has ended.
inline io::CsvTable trials_table(const SearchResult& result) {
  io::CsvTable table{{"trial"}, {}};
  for (const run::SearchAxis& axis : result.axes) table.header.push_back(axis.name);
  table.header.insert(table.header.end(), {"epochs", result.options.metric, "seconds", "status", "folder"});
  for (const Trial& trial : result.trials)
    if (!trial.status.empty()) table.rows.push_back(trial_row(trial, result.axes));
  return table;
}

/// Takes from an earlier trials.csv how the trial ended; nothing where it has no such trial.
inline void recall(Trial& trial, const io::CsvTable& table, const std::vector<run::SearchAxis>& axes,
                   const std::string& where) {
  const std::vector<std::string> mine = trial_row(trial, axes);
  const std::size_t measured = axes.size() + 2;  // columns before the metric
  for (const auto& row : table.rows) {
    if (row.size() != mine.size() || row.back() != mine.back()) continue;
    if (!std::equal(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(measured), mine.begin()))
      fail<FormatError>(where, "other values in the row of " + row.back(), "search.json leads to other trials");
    trial.metric = run::parse_number(row[measured], where);
    trial.seconds = run::parse_number(row[measured + 1], where);
    trial.status = row[measured + 2];
  }
}

/// The command that repeats a trial in a run folder of its own.
inline std::string repeat_command(const SearchResult& result, const Trial& trial) {
  const SearchOptions& options = result.options;
  return shell_command(options.program, trial_arguments(options, options.data, result.axes, trial.point, trial.epochs));
}

/// The metric over each option, a panel for each. Values far apart stand on a logarithmic axis.
inline io::Image search_picture(const SearchResult& result) {
  report::PointPanelsOptions look{.title = "Search: " + result.options.program, .y_label = result.options.metric};
  std::vector<report::PointPanel> panels;
  for (const run::SearchAxis& axis : result.axes)
    panels.push_back(
        {.x_label = axis.name,
         .logarithmic = axis.logarithmic || (!axis.values.empty() && report::wants_logarithm(axis.low, axis.high))});
  const Trial* best = best_trial(result);
  for (const Trial& trial : result.trials) {
    if (trial.status.empty()) continue;
    if (&trial == best) look.ringed = {look.ys.size()};
    look.ys.push_back(trial.metric);
    look.groups.push_back(trial.rung);
    for (std::size_t i = 0; i < panels.size(); ++i) panels[i].xs.push_back(trial.point[i]);
    if (trial.rung == look.names.size())
      look.names.push_back(concat(trial.epochs, trial.epochs == 1 ? " epoch" : " epochs"));
  }
  look.ring_name = "the best trial";
  return report::point_panels(panels, look);
}

/// Writes report.html with picture, best trial and all trials, and search.png.
inline void write_search_report(const std::filesystem::path& folder, const SearchResult& result) {
  const SearchOptions& options = result.options;
  const bool lowest = lowest_is_best(options.metric);
  report::HtmlReport page("Search: " + options.program);
  std::vector<std::vector<std::string>> facts = {{"method", options.method}, {"data", options.data}};
  for (const std::string& range : options.ranges) facts.push_back({"range", range});
  for (const std::string& values : options.values) facts.push_back({"values", values});
  facts.push_back(
      {"metric", concat(options.metric, " after the last epoch, the ", lowest ? "lowest" : "highest", " is the best")});
  facts.push_back({"epochs", std::to_string(options.epochs)});
  if (options.method != "grid") facts.push_back({"random points", std::to_string(options.trials.value_or(20))});
  if (options.method == "halving") facts.push_back({"eta", std::to_string(options.eta)});
  facts.push_back({"seed", std::to_string(options.seed)});
  if (!options.passed.empty()) facts.push_back({"given to every trial", shell_command("", options.passed)});
  page.table({}, facts);

  page.heading("Best trial");
  if (const Trial* best = best_trial(result)) {
    facts = {{options.metric, decimal(best->metric, 4)}};
    for (std::size_t i = 0; i < result.axes.size(); ++i)
      facts.push_back({result.axes[i].name, run::value_text(result.axes[i], best->point[i])});
    facts.push_back({"folder", best->folder()});
    facts.push_back({"to repeat it", repeat_command(result, *best)});
    page.table({}, facts);
  } else {
    page.paragraph("No trial has a figure.");
  }
  const std::string picture = io::encode_png(search_picture(result));
  io::write_file(folder / "search.png", picture);
  page.figure(picture, options.metric + " over each option, a point for each trial.");

  io::CsvTable table = trials_table(result);
  const auto shorten = [](std::string& number, int decimals) {
    if (!number.empty()) number = decimal(run::parse_number(number, "trials.csv"), decimals);
  };
  for (auto& row : table.rows) {
    shorten(row[result.axes.size() + 2], 4);  // the metric
    shorten(row[result.axes.size() + 3], 1);  // seconds
  }
  page.heading("All trials").table(table.header, table.rows);
  page.write(folder / "report.html");
}

}  // namespace examples
