// Comparison of several finished runs on one page, with plots beside it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "hcnn/io/image.hpp"
#include "hcnn/run/compare.hpp"
#include "hcnn/run/report.hpp"

namespace hcnn::run {

/// Adds a row for each run: accuracy of every head, HD@1, MS, epochs and time.
inline void add_results(report::HtmlReport& page, const std::vector<FinishedRun>& runs) {
  TableByPart table("run");
  for (const FinishedRun& run : runs) {
    const std::string& name = run.figures.name;
    table.set(name, "part", run.part);
    for (const auto& [level, top1] : run.levels) table.set(name, level + " top-1", percent(top1));
    if (!run.severities.empty()) {
      table.set(name, "HD@1", decimal(run.figures.hd1, 4));
      table.set(name, "MS", decimal(run.figures.ms, 4));
    }
    table.set(name, "epochs", std::to_string(run.figures.history.size()));
    const io::Json seconds = run.metrics.value("seconds", io::Json());
    if (seconds.is_number()) table.set(name, "seconds", decimal(seconds.get<double>(), 0));
  }
  page.heading("Results");
  table.write(page, {}, "sortable");
}

/// Adds a row for each setting and a column for each run.
inline void add_settings(report::HtmlReport& page, const std::vector<FinishedRun>& runs) {
  TableByPart table("setting");
  for (const FinishedRun& run : runs) {
    TableRows facts;
    add_facts(facts, run.config);
    for (const auto& fact : facts) table.set(fact[0], run.figures.name, fact[1]);
  }
  page.heading("Settings").place("settings");
  table.write(page, {}, "settings");
}

/// Data for the scripts of the page.
inline io::Json comparison_data(const std::vector<FinishedRun>& runs, const std::vector<report::Panel>& panels) {
  io::Json bars = io::Json::array(), points = io::Json::array();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const report::ComparedRun& run = runs[i].figures;
    bars.push_back({{"name", run.name}, {"counts", run.severities}});
    points.push_back({{"name", run.name}, {"colour", i}, {"accuracy", run.accuracy}, {"hd1", run.hd1}, {"ms", run.ms}});
  }
  return {{"curves", panels_json(panels)},
          {"severity", {{"names", runs.front().severities}, {"bars", bars}}},
          {"points", points},
          {"tree", io::Json::array()}};
}

/// Writes the page `out` and, beside it, <stem>_curves.png (if a run has epochs), <stem>_severity.png and
/// <stem>_scatter.png (if severity was measured). Throws OptionError for fewer than two runs, Error if one of the files
/// exists already, and as `io::write_file`.
inline void write_comparison(const std::filesystem::path& out, const std::vector<FinishedRun>& runs) {
  if (runs.size() < 2) fail<OptionError>("comparison", concat(runs.size(), " runs"), "at least 2 are needed");
  const auto beside = [&](const char* name) { return out.parent_path() / (out.stem().string() + '_' + name + ".png"); };
  std::error_code error;
  for (const std::filesystem::path& file : {out, beside("curves"), beside("severity"), beside("scatter")})
    if (std::filesystem::exists(file, error))
      fail<Error>(io::printable_path(file), "it is there already", "a new file is needed: nothing is overwritten");
  std::vector<report::ComparedRun> figures;
  for (const FinishedRun& run : runs) figures.push_back(run.figures);
  report::HtmlReport page(concat("Comparison of ", runs.size(), " runs"));
  add_results(page, runs);
  const auto add_picture = [&](const char* name, const io::Image& image, const char* caption) {
    const std::string picture = io::encode_png(image);
    io::write_file(beside(name), picture);
    page.begin_fold("picture").figure(picture, caption).end_fold();
  };
  const std::vector<report::Panel> panels = report::comparison_panels(figures);
  page.heading("Curves").place("curves");
  if (!panels.empty()) add_picture("curves", report::curves(panels), "Curves of all runs.");
  if (!runs.front().severities.empty()) {
    page.heading("Severity").place("severity");
    add_picture("severity", report::severity_bars(figures, runs.front().severities), "Share of each severity.");
    page.heading("Accuracy and severity").place("scatter");
    add_picture("scatter", report::severity_scatter(figures), "To the right and below is better.");
  }
  add_settings(page, runs);
  make_interactive(page, comparison_data(runs, panels));
  page.write(out);
}

}  // namespace hcnn::run
