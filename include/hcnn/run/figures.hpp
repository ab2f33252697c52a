// Pictures and tables of a run: curves, confusion matrices in the order of the label tree, figures per class.
#pragma once

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/io/csv.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/history.hpp"
#include "hcnn/report/confusion_plot.hpp"
#include "hcnn/report/plot.hpp"
#include "hcnn/run/history_file.hpp"

namespace hcnn::run {

/// Column `train.<name>` dashed and `val.<name>` solid, each where the history has it, times `factor`.
inline void add_series(report::Panel& panel, const metrics::History& history, const std::string& name,
                       const std::string& label, std::size_t colour, double factor = 1) {
  for (const std::string part : {"train", "val"}) {
    if (!history.has(part + '.' + name)) continue;
    report::Series series{.name = label.empty() ? part : label + ", " + part,
                          .values = history.get(part + '.' + name),
                          .colour = colour,
                          .dashed = part == "train",
                          .first = static_cast<double>(history[0].epoch)};
    for (double& value : series.values) value *= factor;
    panel.series.push_back(std::move(series));
  }
}

/// Panels of loss, accuracy of every head, average severity (where it was measured) and learning rate over the epochs.
/// The figures of the training part are those of the batches as they were trained on.
inline std::vector<report::Panel> training_panels(const metrics::History& history) {
  report::Panel loss{.title = "Loss", .y_label = "nats per sample"};
  report::Panel accuracy{.title = "Accuracy", .y_label = "top-1, %"};
  report::Panel severity{.title = "Average severity (HD@1)", .y_label = "levels"};
  report::Panel rate{.title = "Learning rate", .y_label = "rate"};
  if (!history.empty()) {
    add_series(loss, history, "loss", "", 0);
    std::size_t colour = 0;
    for (const std::string& column : history.columns())
      if (column.starts_with("train.") && column.ends_with(".top1")) {
        const std::string level = column.substr(6, column.size() - 11);
        add_series(accuracy, history, level + ".top1", level, colour++, 100);
      }
    add_series(severity, history, "hd1", "", 1);
    rate.series.push_back({.name = "first step of the epoch",
                           .values = history.get("learning_rate"),
                           .colour = 6,
                           .first = static_cast<double>(history[0].epoch)});
    rate.logarithmic = report::wants_logarithm(rate.series);
  }
  std::vector<report::Panel> panels = {loss, accuracy};
  if (!severity.series.empty()) panels.push_back(severity);
  panels.push_back(rate);
  return panels;
}

/// The panels as a picture.
inline io::Image training_curves(const metrics::History& history, const std::string& title) {
  return report::curves(training_panels(history), {.title = title});
}

/// The classes of a head as its pictures and tables show them.
struct ClassOrder {
  std::vector<std::string> names;          ///< of class 0, 1, 2, ...
  std::vector<Label> order;                ///< neighbours in the label tree side by side
  std::vector<report::ClassGroup> groups;  ///< classes with one parent, along the order; empty without parents
};

/// Classes sorted by their ancestors, coarsest first: all fine classes of a superclass, all superclasses of a group.
/// Without a taxonomy of this level: 0, 1, 2, ..., named by their numbers.
inline ClassOrder class_order(const metrics::HeadResult& head, const Taxonomy* taxonomy) {
  ClassOrder classes;
  classes.order.resize(static_cast<std::size_t>(head.confusion.classes()));
  std::iota(classes.order.begin(), classes.order.end(), Label{0});
  if (!taxonomy || !taxonomy->has_level(head.level)) {
    for (const Label label : classes.order) classes.names.push_back(std::to_string(label));
    return classes;
  }
  const Index level = taxonomy->level_index(head.level);
  classes.names = taxonomy->classes(level);
  for (Index coarser = level + 1; coarser < taxonomy->levels(); ++coarser)  // the last sort is the strongest
    std::stable_sort(classes.order.begin(), classes.order.end(), [&](Label a, Label b) {
      return taxonomy->ancestor(a, level, coarser) < taxonomy->ancestor(b, level, coarser);
    });
  if (level + 1 == taxonomy->levels()) return classes;
  for (const Label label : classes.order) {
    const std::string& parent = taxonomy->class_name(level + 1, taxonomy->parent(level, label));
    if (classes.groups.empty() || classes.groups.back().name != parent) classes.groups.push_back({parent, 0});
    ++classes.groups.back().size;
  }
  return classes;
}

/// The head's confusion matrix as a picture, sorted by `class_order`.
inline io::Image confusion_picture(const metrics::HeadResult& head, const Taxonomy* taxonomy,
                                   const std::string& title) {
  const ClassOrder classes = class_order(head, taxonomy);
  return report::confusion(
      head.confusion, classes.names,
      {.title = title, .order = {classes.order.begin(), classes.order.end()}, .groups = classes.groups});
}

/// The same counts as a table: a row for each true class, a column for each predicted one, sorted as in the picture.
inline io::CsvTable confusion_table(const metrics::HeadResult& head, const Taxonomy* taxonomy) {
  const ClassOrder classes = class_order(head, taxonomy);
  io::CsvTable table{{"true class"}, {}};
  for (const Label label : classes.order) table.header.push_back(classes.names[static_cast<std::size_t>(label)]);
  for (const Label truth : classes.order) {
    table.rows.push_back({classes.names[static_cast<std::size_t>(truth)]});
    for (const Label predicted : classes.order)
      table.rows.back().push_back(std::to_string(head.confusion(truth, predicted)));
  }
  return table;
}

/// Class, support (samples), precision, recall and F1 (fractions 0..1) of each class, sorted as in the picture.
inline io::CsvTable per_class_table(const metrics::HeadResult& head, const Taxonomy* taxonomy) {
  const ClassOrder classes = class_order(head, taxonomy);
  io::CsvTable table{{"class", "support", "precision", "recall", "f1"}, {}};
  for (const Label label : classes.order)
    table.rows.push_back({classes.names[static_cast<std::size_t>(label)], std::to_string(head.confusion.support(label)),
                          number_text(head.confusion.precision(label)), number_text(head.confusion.recall(label)),
                          number_text(head.confusion.f1(label))});
  return table;
}

}  // namespace hcnn::run
