// The results of a run on disk: metrics.json, tables, pictures and the report.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/io/image.hpp"
#include "hcnn/metrics/hierarchical.hpp"
#include "hcnn/report/html.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/run/run_summary.hpp"

namespace hcnn::run {

/// Cells of a table, row by row.
using TableRows = std::vector<std::vector<std::string>>;

/// 0.5364 -> "53.64 %".
inline std::string percent(double share) { return report::decimal(100 * share, 2) + " %"; }

/// The members of an object as rows; objects inside it with dotted names.
inline void add_facts(TableRows& rows, const io::Json& object, const std::string& prefix = "") {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object())
      add_facts(rows, value, prefix + key + '.');
    else
      rows.push_back({prefix + key, value.is_string()
                                        ? value.get<std::string>()
                                        : value.dump(-1, ' ', false, io::Json::error_handler_t::replace)});
  }
}

/// What was run: the configuration, then what it came to.
inline void add_configuration(report::HtmlReport& page, const RunSummary& run) {
  TableRows rows;
  add_facts(rows, run.config);
  page.heading("Configuration").table({}, rows);
  rows = {{"epochs done", concat(run.history.size(), " of ", run.epochs)},
          {"training time", report::decimal(run.seconds, 1) + " s"},
          {"parameters", concat(with_commas(run.parameters_total), ", of which ", with_commas(run.parameters_trainable),
                                " are trained; running statistics: ", with_commas(run.buffers))}};
  for (const auto& [key, value] : {std::pair{"recipe", &run.recipe},
                                   {"network", &run.network},
                                   {"precision", &run.precision},
                                   {"instruction set", &run.isa},
                                   {"commit", &run.commit}})
    if (!value->empty()) rows.push_back({key, *value});
  page.heading("Run").table({}, rows);
}

/// A table with a row for each name and a column for each part.
class TableByPart {
 public:
  /// @param corner what the names of the rows are
  explicit TableByPart(const char* corner) : header_{corner} {}

  /// Sets a cell; rows and columns come in the order in which they are first named.
  void set(const std::string& row, const std::string& column, const std::string& text) {
    const auto found = std::find(header_.begin() + 1, header_.end(), column);
    const auto c = static_cast<std::size_t>(found - header_.begin());
    if (found == header_.end()) header_.push_back(column);
    auto line = std::find_if(rows_.begin(), rows_.end(), [&](const auto& cells) { return cells[0] == row; });
    if (line == rows_.end()) line = rows_.insert(line, {row});
    line->resize(std::max(line->size(), c + 1));
    (*line)[c] = text;
  }
  /// Appends caption and table to the page; nothing where no cell was set.
  void write(report::HtmlReport& page, std::string_view caption = {}) {
    if (rows_.empty()) return;
    for (auto& row : rows_) row.resize(header_.size());
    if (!caption.empty()) page.paragraph(caption);
    page.table(header_, rows_);
  }

 private:
  std::vector<std::string> header_;
  TableRows rows_;
};

/// Accuracy of each head on each part, of the lifted prediction, and the agreement of the heads.
inline void add_accuracies(report::HtmlReport& page, const RunSummary& run) {
  TableByPart accuracy("head"), lifted("level"), agreement("head");
  for (const auto& [part, result] : run.parts()) {
    for (const auto& head : result->heads) {
      accuracy.set(head.level, part + " top-1", percent(head.top1.value()));
      accuracy.set(head.level, part + " top-5", percent(head.top5.value()));
    }
    accuracy.set("samples", part + " top-1", std::to_string(result->samples));
    for (const auto& [level, share] : result->from_fine) lifted.set(level, part, percent(share.value()));
    for (const auto& [level, share] : result->agreement) agreement.set(level, part, percent(share.value()));
    if (!result->agreement.empty()) agreement.set("all of them", part, percent(result->consistent.value()));
  }
  page.heading("Accuracy");
  accuracy.write(page);
  lifted.write(page, "Top-1 of the finest head's prediction, lifted through the label tree:");
  agreement.write(page, "How often a coarser head predicts the ancestor of the finest head's prediction:");
}

/// Samples per severity, HD@1 and MS of each part; nothing without a label tree.
inline void add_severities(report::HtmlReport& page, const RunSummary& run) {
  TableRows rows;
  std::string finest;
  for (const auto& [part, result] : run.parts()) {
    if (result->severity.total() == 0) continue;
    finest = result->from_fine.front().level;
    rows.push_back({part});
    for (const Index count : result->severity.counts()) rows.back().push_back(std::to_string(count));
    rows.back().push_back(report::decimal(result->severity.hd1(), 4));
    rows.back().push_back(report::decimal(result->severity.ms(), 4));
  }
  if (rows.empty() || !run.taxonomy) return;
  const Taxonomy& tree = *run.taxonomy;
  const Index level = tree.level_index(finest);
  std::vector<std::string> header = {"part", "0: right"};
  for (Index above = level + 1; above < tree.levels(); ++above)
    header.push_back(concat(above - level, ": same ", tree.level_name(above)));
  header.push_back(concat(tree.levels() - level, ": different ", tree.level_name(tree.levels() - 1)));
  header.insert(header.end(), {"HD@1", "MS"});
  page.heading("Severity of the mistakes of head " + finest).table(header, rows);
  page.paragraph(
      "Severity is the height of the lowest common ancestor of the true and the predicted class. HD@1 is its "
      "average over all samples, MS over the mistakes; guessing has an MS of " +
      report::decimal(metrics::chance_ms(tree, level), 3) + ".");
}

/// Precision, recall and F1 of each class of a head.
inline void add_classes(report::HtmlReport& page, const metrics::HeadResult& head, const Taxonomy* taxonomy) {
  io::CsvTable table = per_class_table(head, taxonomy);
  for (auto& row : table.rows)
    for (std::size_t i = 2; i < row.size(); ++i) row[i] = percent(parse_number(row[i], "per class"));
  page.heading("Classes of " + head.level).table(table.header, table.rows);
}

/// The layers, their shapes, parameters and work.
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

/// Writes metrics.json, curves.png, report.html and, for each head on the test part (without one, on the validation
/// part), confusion_<level>.png, confusion_<level>.csv and per_class_<level>.csv. Error as `io::write_file`.
inline void write_results(const RunFolder& folder, const RunSummary& run) {
  io::write_json(folder.metrics(), metrics_json(run));
  report::HtmlReport page(run.title);
  add_configuration(page, run);
  add_accuracies(page, run);
  add_severities(page, run);

  if (!run.history.empty()) {
    const std::string curves = io::encode_png(training_curves(run.history, run.title));
    io::write_file(folder.curves(), curves);
    page.heading("Training")
        .figure(curves, "Dashed: training batches, as they were trained on. Solid: validation data.");
  }
  const Taxonomy* tree = run.taxonomy ? &*run.taxonomy : nullptr;
  const auto& [part, result] =
      run.test ? std::pair("test", &*run.test) : std::pair("val", run.val ? &*run.val : nullptr);
  if (result) {
    page.heading(concat("Confusion on the ", part, " part"));
    for (const auto& head : result->heads) {
      const std::string picture =
          io::encode_png(confusion_picture(head, tree, concat(head.level, ", ", part, " part")));
      io::write_file(folder.confusion_picture(head.level), picture);
      io::write_csv(folder.confusion_table(head.level), confusion_table(head, tree));
      io::write_csv(folder.per_class(head.level), per_class_table(head, tree));
      page.figure(picture,
                  concat("Confusion of head ", head.level, ": rows are true classes, columns predicted ones."));
    }
    for (const auto& head : result->heads) add_classes(page, head, tree);
  }
  add_layers(page, run.layers);
  page.write(folder.report());
}

}  // namespace hcnn::run
