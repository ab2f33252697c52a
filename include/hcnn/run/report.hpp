// Writes the results of a run to disk: metrics.json, tables, plots and the report.
#pragma once

#include <string>
#include <vector>

#include "hcnn/io/image.hpp"
#include "hcnn/run/cost_section.hpp"
#include "hcnn/run/intervals.hpp"
#include "hcnn/run/report_data.hpp"
#include "hcnn/run/report_sections.hpp"
#include "hcnn/run/run_folder.hpp"

namespace hcnn::run {

/// Adds the scripts and their data. If share/hcnn is not found, the page stays static and says so at its end: no
/// training run should end without a report.
inline void make_interactive(report::HtmlReport& page, const io::Json& data) {
  try {
    page.interactive(report::read_page_scripts(), data);
  } catch (const Error& error) {
    page.paragraph(std::string("Without interactive parts: ") + error.what());
  }
}

/// Writes the plots and tables of each head of the shown part into the folder and onto the page.
inline void write_confusion(const RunFolder& folder, report::HtmlReport& page, const RunSummary& run) {
  const auto& [part, result] = run.shown();
  if (!result) return;
  const Taxonomy* tree = run.taxonomy ? &*run.taxonomy : nullptr;
  page.heading(concat("Confusion on the ", part, " part")).place("confusion").begin_fold("pictures");
  for (const auto& head : result->heads) {
    const std::string picture = io::encode_png(confusion_picture(head, tree, concat(head.level, ", ", part, " part")));
    io::write_file(folder.confusion_picture(head.level), picture);
    io::write_csv(folder.confusion_table(head.level), confusion_table(head, tree));
    io::write_csv(folder.per_class(head.level), per_class_table(head, tree));
    page.figure(picture, concat("Confusion of head ", head.level, ": rows are true classes, columns predicted ones."));
  }
  page.end_fold();
}

/// Writes metrics.json, curves.png, report.html and, for each head on the test part (if there is none, on the
/// validation part), confusion_<level>.png, confusion_<level>.csv and per_class_<level>.csv. Throws Error as
/// `io::write_file`.
inline void write_results(const RunFolder& folder, const RunSummary& run) {
  io::write_json(folder.metrics(), metrics_json(run));
  report::HtmlReport page(run.title);
  add_accuracies(page, run);
  if (!run.history.empty()) {
    const std::string curves = io::encode_png(training_curves(run.history, run.title));
    io::write_file(folder.curves(), curves);
    add_curves(page, curves);
  }
  write_confusion(folder, page, run);
  add_confused_pairs(page, run);
  add_severities(page, run);
  add_intervals(page, run);
  add_costs(page, run);
  add_calibration(page, run);
  if (const auto* result = run.shown().second) {
    page.heading("Classes");
    for (const auto& head : result->heads) add_classes(page, head, run.taxonomy ? &*run.taxonomy : nullptr);
  }
  add_layers(page, run.layers);
  add_configuration(page, run);
  make_interactive(page, report_data(run));
  page.write(folder.report());
}

}  // namespace hcnn::run
