// Metrics with their confidence intervals, as text for programs and reports.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "hcnn/metrics/outcomes.hpp"
#include "hcnn/report/html.hpp"
#include "hcnn/run/report_sections.hpp"
#include "hcnn/run/run_summary.hpp"

namespace hcnn::run {

/// A metric as text: fractions in percent, severities in levels.
struct FigureText {
  std::string name;      ///< name, e.g. "fine top-1", "HD@5"
  std::string value;     ///< value, e.g. "71.96 %", "0.5779"
  std::string interval;  ///< interval, e.g. "71.07 to 72.84 %", "0.5571 to 0.5988"
};

/// Display name of a metric of `metrics::Outcomes`, e.g. "HD@5" for "severity.hd5".
inline std::string figure_title(const std::string& name) {
  if (name == "severity.ms") return "MS";
  if (name.starts_with("severity.hd")) return "HD@" + name.substr(11);
  if (name == "agreement.all") return "all heads agree";
  const std::string share = name.substr(0, name.size() - std::min(name.size(), std::string(".top1").size()));
  const std::string lifted = "from_fine.";
  return share.starts_with(lifted) ? share.substr(lifted.size()) + " of the finest prediction" : share + " top-1";
}

/// Every metric with its 95 % bootstrap interval.
inline std::vector<FigureText> figure_texts(const metrics::Outcomes& outcomes) {
  const auto intervals = metrics::bootstrap_intervals(outcomes.figures());
  std::vector<FigureText> texts;
  for (std::size_t f = 0; f < intervals.size(); ++f) {
    const metrics::SampleRatio& figure = outcomes.figures()[f];
    const bool levels = figure.name.starts_with("severity.");
    const auto number = [&](double value) { return levels ? decimal(value, 4) : decimal(100 * value, 2); };
    const std::string unit = levels ? "" : " %";
    texts.push_back({figure_title(figure.name), number(figure.value()) + unit,
                     number(intervals[f].low) + " to " + number(intervals[f].high) + unit});
  }
  return texts;
}

/// Adds the metrics of the shown part with their intervals; adds nothing if outcomes were not measured.
inline void add_intervals(report::HtmlReport& page, const RunSummary& run) {
  if (!run.outcomes || !run.shown().second || run.outcomes->figures().empty()) return;
  TableRows rows;
  for (const auto& [name, value, interval] : figure_texts(*run.outcomes)) rows.push_back({name, value, interval});
  page.heading("Intervals on the " + run.shown().first + " part").table({"figure", "value", "95 % interval"}, rows);
  page.paragraph(
      "Bootstrap: the samples drawn anew, with replacement, 1,000 times. It tells what other images would do; other "
      "seeds of the training move the figures too. HD@k is the mean severity of the k likeliest classes.");
}

}  // namespace hcnn::run
