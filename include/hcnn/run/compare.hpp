// Reads finished runs from their folders for comparison.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/io/json_object.hpp"
#include "hcnn/report/comparison.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/run/severity_names.hpp"

namespace hcnn::run {

/// Contents of a run folder.
struct FinishedRun {
  std::filesystem::path folder = {};                        ///< path as given
  io::Json config = {};                                     ///< content of config.json
  io::Json metrics = {};                                    ///< content of metrics.json
  std::string part = {};                                    ///< measured part: "test" if present, else "val"
  std::vector<std::pair<std::string, double>> levels = {};  ///< top-1 accuracy of each head, 0..1, finest first
  std::vector<std::string> severities = {};                 ///< meaning of severity 0, 1, ...; empty: not measured
  report::ComparedRun figures = {};                         ///< data for the plots
};

/// Reads heads, accuracies, severities and their names from the metrics of the measured part.
inline void read_levels(FinishedRun& run, const io::Json& part, const std::string& where) {
  for (const auto& [level, figures] : part.items())
    if (figures.is_object() && figures.contains("top1"))
      run.levels.emplace_back(level, io::JsonObject(figures, where + '.' + printable(level)).number("top1", 0, 1));
  if (run.levels.empty()) fail<FormatError>(where, "no head with a top1", "one at least is needed");
  run.figures.accuracy = run.levels.front().second;
  if (!part.contains("severity") || !part.contains("from_fine") || !part["from_fine"].is_object()) return;
  io::JsonObject severity(part["severity"], where + ".severity");
  run.figures.severities = severity.integers("counts", 100, 0, Index{1} << 50);
  run.figures.hd1 = severity.number("hd1", 0, 100);
  run.figures.ms = severity.number("ms", 0, 100);
  std::vector<std::string> levels;
  for (const auto& [level, figures] : part["from_fine"].items()) levels.push_back(level);
  if (levels.empty()) fail<FormatError>(where, "no level in from_fine", "at least one is needed");
  run.severities = severity_names(levels);
  if (run.severities.size() != run.figures.severities.size())
    fail<FormatError>(where, concat(run.figures.severities.size(), " severities"),
                      concat(run.severities.size(), " for these levels"));
}

/// Reads config.json, history.csv and metrics.json of a finished run. Throws Error, a single line naming the file and
/// what is wrong with it.
inline FinishedRun read_run(const std::filesystem::path& path) {
  const RunFolder folder = RunFolder::open_existing(path);
  FinishedRun run{.folder = path};
  run.config = io::read_json(folder.config());
  run.metrics = io::read_json(folder.metrics());
  run.figures.history = read_history(folder.history());
  if (!run.config.is_object()) fail<FormatError>(io::printable_path(folder.config()), "no object", "one is needed");
  const std::string where = io::printable_path(folder.metrics());
  io::JsonObject metrics(run.metrics, where);
  run.part = run.metrics.contains("test") ? "test" : "val";
  const io::Json& part = metrics.member(run.part);
  if (!part.is_object()) fail<FormatError>(where, run.part + " is no object", "it must be");
  read_levels(run, part, where + ": " + run.part);
  return run;
}

/// Reads several runs and names each after its folder, or its path if two folders have the same name. Throws as
/// `read_run`, and FormatError if severities mean different things.
inline std::vector<FinishedRun> read_runs(const std::vector<std::filesystem::path>& paths) {
  const auto short_name = [](const std::filesystem::path& path) {
    const std::filesystem::path clean = (std::filesystem::current_path() / path / "").lexically_normal();
    return clean.parent_path().filename().string();
  };
  const auto listed = [](const std::vector<std::string>& severities) {
    return joined(severities, [](const std::string& severity) { return printable(severity); });
  };
  std::vector<FinishedRun> runs;
  for (const std::filesystem::path& path : paths) {
    runs.push_back(read_run(path));
    const auto same = [&](const std::filesystem::path& other) { return short_name(other) == short_name(path); };
    const bool alone = std::count_if(paths.begin(), paths.end(), same) == 1;
    runs.back().figures.name = alone ? short_name(path) : path.string();
    const auto& [first, last] = std::pair(runs.front().severities, runs.back().severities);
    if (first != last)
      fail<FormatError>(io::printable_path(path), "severities of another label tree (" + listed(last) + ")",
                        "those of " + io::printable_path(paths.front()) + " are needed (" + listed(first) + ")");
  }
  return runs;
}

}  // namespace hcnn::run
