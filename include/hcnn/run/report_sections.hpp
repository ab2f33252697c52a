// Sections of a run's report: headings, tables and plots, and placeholders for the interactive parts.
#pragma once

#include <algorithm>
#include <array>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/io/image.hpp"
#include "hcnn/metrics/severity_counts.hpp"
#include "hcnn/report/html.hpp"
#include "hcnn/run/confused_pairs.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/run_summary.hpp"

namespace hcnn::run {

/// Table cells, row by row.
using TableRows = std::vector<std::vector<std::string>>;

/// Formats a fraction in percent: 0.5364 -> "53.64 %".
inline std::string percent(double share) { return decimal(100 * share, 2) + " %"; }

/// Appends the members of an object as rows; nested objects get dotted names.
inline void add_facts(TableRows& rows, const io::Json& object, const std::string& prefix = "") {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object())
      add_facts(rows, value, prefix + key + '.');
    else
      rows.push_back({prefix + key, value.is_string() ? value.get<std::string>() : io::compact_text(value)});
  }
}

/// Current date and time, e.g. "2026-01-31 23:59 UTC".
inline std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M UTC", &parts);
  return text.data();
}

/// Adds what was run and what it took, then every setting.
inline void add_configuration(report::HtmlReport& page, const RunSummary& run) {
  TableRows rows = {
      {"epochs done", concat(run.history.size(), " of ", run.epochs)},
      {"training time", decimal(run.seconds, 1) + " s"},
      {"parameters", concat(with_commas(run.parameters_total), ", of which ", with_commas(run.parameters_trainable),
                            " are trained; running statistics: ", with_commas(run.buffers))}};
  for (const auto& [key, value] : {std::pair{"recipe", &run.recipe},
                                   {"network", &run.network},
                                   {"precision", &run.precision},
                                   {"instruction set", &run.isa},
                                   {"commit", &run.commit}})
    if (!value->empty()) rows.push_back({key, *value});
  if (run.config.contains("command") && run.config["command"].is_string())
    rows.push_back({"to repeat it", run.config["command"].get<std::string>()});
  rows.push_back({"written", utc_now()});
  page.heading("Run").table({}, rows);
  rows.clear();
  add_facts(rows, run.config);
  page.heading("Configuration").table({}, rows);
}

/// Table with a row for each name and a column for each part.
class TableByPart {
 public:
  /// @param corner header of the column of row names
  explicit TableByPart(const char* corner) : header_{corner} {}

  /// Sets a cell; rows and columns are ordered by their first use.
  void set(const std::string& row, const std::string& column, const std::string& text) {
    const auto found = std::find(header_.begin() + 1, header_.end(), column);
    const auto c = static_cast<std::size_t>(found - header_.begin());
    if (found == header_.end()) header_.push_back(column);
    auto line = std::find_if(rows_.begin(), rows_.end(), [&](const auto& cells) { return cells[0] == row; });
    if (line == rows_.end()) line = rows_.insert(line, {row});
    line->resize(std::max(line->size(), c + 1));
    (*line)[c] = text;
  }
  /// Appends caption and table to the page; nothing if no cell was set. `kind` as in `HtmlReport::table`.
  void write(report::HtmlReport& page, std::string_view caption = {}, std::string_view kind = {}) {
    if (rows_.empty()) return;
    for (auto& row : rows_) row.resize(header_.size());
    if (!caption.empty()) page.paragraph(caption);
    page.table(header_, rows_, kind);
  }

 private:
  std::vector<std::string> header_;
  TableRows rows_;
};

/// Adds the accuracy of each head on each part, that of the finest prediction lifted to coarser levels, and the
/// agreement of the heads.
inline void add_accuracies(report::HtmlReport& page, const RunSummary& run) {
  TableByPart accuracy("head"), balanced("head"), lifted("level"), agreement("head");
  for (const auto& [part, result] : run.parts()) {
    for (const auto& head : result->heads) {
      accuracy.set(head.level, part + " top-1", percent(head.top1.value()));
      if (head.confusion.classes() > 5) accuracy.set(head.level, part + " top-5", percent(head.top5.value()));
      balanced.set(head.level, part + " balanced accuracy", percent(head.confusion.balanced_accuracy()));
      balanced.set(head.level, part + " macro F1", decimal(head.confusion.macro_f1(), 4));
    }
    accuracy.set("samples", part + " top-1", std::to_string(result->samples));
    for (const auto& [level, share] : result->from_fine) lifted.set(level, part, percent(share.value()));
    for (const auto& [level, share] : result->agreement) agreement.set(level, part, percent(share.value()));
    if (!result->agreement.empty()) agreement.set("all of them", part, percent(result->consistent.value()));
  }
  page.heading("Accuracy");
  accuracy.write(page,
                 "Of the weights that the training ended with, last.safetensors, without dropout and augmentation.");
  balanced.write(page, "Every class counted alike, however rare: mean recall (balanced accuracy) and mean F1:");
  lifted.write(page, "Top-1 of the finest head's prediction, lifted through the label tree:");
  agreement.write(page, "How often a coarser head predicts the ancestor of the finest head's prediction:");
}

/// Adds samples per severity, HD@1 and MS of each part; adds nothing without a label tree.
inline void add_severities(report::HtmlReport& page, const RunSummary& run) {
  TableRows rows;
  std::string finest;
  for (const auto& [part, result] : run.parts()) {
    if (result->severity.total() == 0) continue;
    finest = result->from_fine.front().level;
    rows.push_back({part});
    for (const Index count : result->severity.counts()) rows.back().push_back(std::to_string(count));
    rows.back().push_back(decimal(result->severity.hd1(), 4));
    rows.back().push_back(decimal(result->severity.ms(), 4));
  }
  if (rows.empty() || !run.taxonomy) return;
  const Taxonomy& tree = *run.taxonomy;
  const Index level = tree.level_index(finest);
  std::vector<std::string> header = severity_names(tree, level);
  header.insert(header.begin(), "part");
  header.insert(header.end(), {"HD@1", "MS"});
  page.heading("Severity of the mistakes of head " + finest).place("severity").table(header, rows);
  page.paragraph(
      "Severity is the height of the lowest common ancestor of the true and the predicted class. HD@1 is its "
      "average over all samples, MS over the mistakes; guessing has an MS of " +
      decimal(metrics::chance_ms(tree, level), 3) + ".");
}

/// Adds precision, recall and F1 of each class of a head.
inline void add_classes(report::HtmlReport& page, const metrics::HeadResult& head, const Taxonomy* taxonomy) {
  io::CsvTable table = per_class_table(head, taxonomy);
  for (auto& row : table.rows)
    for (std::size_t i = 2; i < row.size(); ++i) row[i] = percent(parse_number(row[i], "per class"));
  page.subheading("Classes of " + head.level).table(table.header, table.rows, "sortable");
}

/// Adds the layers with output shapes, parameters and multiply-adds.
inline void add_layers(report::HtmlReport& page, const Summary& layers) {
  if (layers.rows.empty()) return;
  TableRows rows;
  std::vector<SummaryRow> lines = layers.rows;
  lines.push_back(layers.total);
  lines.back().path = "total";
  for (const SummaryRow& row : lines)
    rows.push_back({row.path, row.layer, row.layer.empty() ? "" : to_string(row.output), with_commas(row.trainable),
                    with_commas(row.fixed), with_commas(row.multiply_adds), with_commas(row.bytes)});
  page.heading("Network");
  page.table({"path", "layer", "output", "parameters", "buffers", "multiply-adds", "bytes"}, rows);
  page.paragraph("Multiply-adds and bytes of one sample, forward.");
}

/// Adds the most frequent mistakes of each head, with samples of the true class that were mistaken for the other.
inline void add_confused_pairs(report::HtmlReport& page, const RunSummary& run) {
  const auto& [part, result] = run.shown();
  if (!result) return;
  page.heading("Most confused classes");
  for (const auto& head : result->heads) {
    const ClassOrder classes = class_order(head, run.taxonomy ? &*run.taxonomy : nullptr);
    TableRows rows;
    std::vector<std::vector<std::string>> pictures;
    for (const ConfusedPair& pair : confused_pairs(head, run.inspection ? run.inspection->find(head.level) : nullptr)) {
      rows.push_back(pair_row(pair, classes, head, run.taxonomy ? &*run.taxonomy : nullptr));
      pictures.emplace_back();
      if (run.images)
        for (const Index sample : pair.samples) pictures.back().push_back(thumbnail(*run.images, sample));
    }
    const bool examples = run.images && run.inspection;
    std::vector<std::string> header = {"true", "predicted", "count", "share", "severity"};
    if (examples) header.push_back("examples");
    page.subheading(concat("Level ", head.level, ", ", part, " part"));
    if (rows.empty())
      page.paragraph("No mistake.");
    else if (examples)
      page.gallery(header, rows, pictures);
    else
      page.table(header, rows);
  }
}

/// Adds the expected calibration error of each head, and its bins.
inline void add_calibration(report::HtmlReport& page, const RunSummary& run) {
  const auto& [part, result] = run.shown();
  if (!result || !run.inspection) return;
  TableRows errors, bins;
  for (const auto& head : result->heads) {
    const metrics::HeadInspection* inspected = run.inspection->find(head.level);
    if (!inspected) continue;
    errors.push_back({head.level, percent(inspected->calibration.expected_error())});
    for (const metrics::CalibrationBin& bin : inspected->calibration.bins())
      if (bin.count > 0)
        bins.push_back({head.level, std::to_string(bin.count), percent(bin.confidence()), percent(bin.accuracy())});
  }
  if (errors.empty()) return;
  page.heading(concat("Calibration on the ", part, " part")).place("calibration");
  page.table({"head", "expected calibration error"}, errors);
  page.paragraph("The mean distance between confidence and share predicted right, over 15 bins of equal width.");
  page.begin_fold("bins").table({"head", "samples", "mean confidence", "predicted right"}, bins).end_fold();
}

/// Adds loss, accuracies, severity and learning rate over the epochs; `picture` is a PNG file.
inline void add_curves(report::HtmlReport& page, const std::string& picture) {
  const char* caption = "Dashed: training batches, as they were trained on. Solid: validation data.";
  page.heading("Training").place("curves").begin_fold("picture").figure(picture, caption).end_fold();
}

}  // namespace hcnn::run
