// Plots and tables of a run: curves, confusion matrices sorted by the label tree, per-class metrics.
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

/// Adds the columns `train.<name>` (dashed) and `val.<name>` (solid), if the history has them, times `factor`.
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

/// Panels of loss, accuracy of every head, average severity (if measured) and learning rate over the epochs. The
/// training values are those of the batches as seen during training.
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

/// The panels as an image.
inline io::Image training_curves(const metrics::History& history, const std::string& title) {
  return report::curves(training_panels(history), {.title = title});
}

/// Names and display order of a head's classes in plots and tables.
struct ClassOrder {
  std::vector<std::string> names;          ///< names of class 0, 1, 2, ...
  std::vector<Label> order;                ///< classes sorted so that neighbours in the label tree are adjacent
  std::vector<report::ClassGroup> groups;  ///< groups of classes with one parent, along the order; empty without
                                           ///< parents
};

/// Classes sorted by their ancestors, coarsest first: all fine classes of a superclass, all superclasses of a group.
/// Without a taxonomy of this level: 0, 1, 2, ..., with their numbers as names.
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
  for (Index coarser = level + 1; coarser < taxonomy->levels(); ++coarser)  // the last sort dominates
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

/// The head's confusion matrix as an image, sorted by `class_order`.
inline io::Image confusion_picture(const metrics::HeadResult& head, const Taxonomy* taxonomy,
                                   const std::string& title) {
  const ClassOrder classes = class_order(head, taxonomy);
  return report::confusion(
      head.confusion, classes.names,
      {.title = title, .order = {classes.order.begin(), classes.order.end()}, .groups = classes.groups});
}

/// The head's confusion matrix as a table of counts: true classes in rows, predicted ones in columns, same order.
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

/// Class, support (samples), precision, recall and F1 (fractions 0..1) of each class, in the same order.
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
