// Plots of confusion matrices.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/metrics/confusion_matrix.hpp"
#include "hcnn/report/axis.hpp"

namespace hcnn::report {

/// Neighbouring classes that belong together.
struct ClassGroup {
  std::string name = {};  ///< name of the group; may be empty
  Index size = 0;         ///< number of classes
};

/// Options of `confusion`.
struct ConfusionOptions {
  std::string title = {};               ///< title above the plot
  std::vector<Index> order = {};        ///< classes from top to bottom, each once; empty: 0, 1, 2, ..
  std::vector<ClassGroup> groups = {};  ///< groups along the order, separated by lines; empty: none
  Index print_counts_up_to = 20;        ///< largest number of classes for which counts are written into the cells
};

/// Colour of a fraction from 0 (white) to 1 (dark blue). The scale follows the square root, so that 1 % can be told
/// from 0.
inline Colour share_colour(double share) {
  constexpr std::array<Colour, 5> kStops = {
      {{255, 255, 255}, {205, 225, 242}, {116, 173, 216}, {36, 101, 172}, {9, 35, 84}}};
  const double position = std::sqrt(std::clamp(share, 0.0, 1.0)) * (kStops.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(position), kStops.size() - 2);
  const double part = position - static_cast<double>(below);
  const auto mix = [part](std::uint8_t a, std::uint8_t b) {
    return static_cast<std::uint8_t>(std::lround(a + part * (static_cast<double>(b) - a)));
  };
  const Colour a = kStops[below], b = kStops[below + 1];
  return {mix(a.red, b.red), mix(a.green, b.green), mix(a.blue, b.blue)};
}

/// Throws DataError unless names, order and groups fit the number of classes.
inline void check_confusion(Index classes, const std::vector<std::string>& names, const ConfusionOptions& options) {
  if (static_cast<Index>(names.size()) != classes)
    fail<DataError>("confusion", concat(names.size(), " class names"), concat("the matrix has ", classes, " classes"));
  std::vector<Index> order = options.order, every(names.size());
  std::iota(every.begin(), every.end(), Index{0});
  std::sort(order.begin(), order.end());
  if (!order.empty() && order != every)
    fail<DataError>("confusion", "an order that is none", "every class must come once");
  Index grouped = 0;
  for (const ClassGroup& group : options.groups) grouped += group.size;
  if (!options.groups.empty() && grouped != classes)
    fail<DataError>("confusion", concat("groups of ", grouped, " classes together"), concat("there are ", classes));
}

/// Layout of a confusion plot, in pixels.
struct ConfusionLayout {
  Index classes;          ///< rows and columns of the matrix
  double cell;            ///< side of a cell
  double label_size;      ///< size of class names
  double text_size = 20;  ///< size of all other text
  Frame matrix;           ///< where the cells are
  double bar_left;        ///< left edge of the colour bar
  Index width;            ///< width of the whole plot
  Index height;           ///< height of the whole plot

  /// True if class names are large enough to read.
  bool names_classes() const { return cell >= 8; }
};

/// Computes a layout with room for the longest class name, group names and the colour bar.
inline ConfusionLayout confusion_layout(const std::vector<std::string>& names, const ConfusionOptions& options) {
  ConfusionLayout layout{};
  layout.classes = static_cast<Index>(names.size());
  layout.text_size = 20;
  constexpr double kMostSide = 4000;  // of the matrix: else 1,000 classes would make an image of 200 million pixels
  layout.cell = layout.classes <= 10   ? 76
                : layout.classes <= 20 ? 54
                : layout.classes <= 50 ? 24
                                       : std::min(13.0, kMostSide / static_cast<double>(layout.classes));
  layout.label_size = std::min(18.0, 0.9 * layout.cell);
  double label = 0, group = 0;
  if (layout.names_classes())
    for (const std::string& name : names) label = std::max(label, text_width(name, layout.label_size));
  for (const ClassGroup& one : options.groups) group = std::max(group, text_width(one.name, 0.8 * layout.text_size));
  label = std::min(label, 400.0);
  const double side = layout.cell * static_cast<double>(layout.classes);
  layout.matrix.from = {label + 70, options.title.empty() ? 20.0 : 70.0};
  layout.matrix.to = {layout.matrix.from.x + side, layout.matrix.from.y + side};
  layout.bar_left = layout.matrix.to.x + (group > 0 ? group + 50 : 40);
  layout.width = static_cast<Index>(layout.bar_left + 150);
  layout.height = static_cast<Index>(layout.matrix.to.y + label + 70);
  return layout;
}

/// Draws the cells: the colour is the fraction of the row, the number the count.
inline void draw_cells(Canvas& canvas, const ConfusionLayout& layout, const metrics::ConfusionMatrix& counts,
                       const std::vector<Index>& order, bool print) {
  const double widest = text_width(std::to_string(counts.total()), 1);  // no count is longer
  const double size = std::min(18.0, 0.9 * layout.cell / widest);
  for (Index row = 0; row < layout.classes; ++row) {
    const auto truth = static_cast<Label>(order[static_cast<std::size_t>(row)]);
    const auto support = static_cast<double>(counts.support(truth));
    for (Index column = 0; column < layout.classes; ++column) {
      const Index count = counts(truth, static_cast<Label>(order[static_cast<std::size_t>(column)]));
      const double share = support > 0 ? static_cast<double>(count) / support : 0;
      const Point corner{layout.matrix.from.x + layout.cell * static_cast<double>(column),
                         layout.matrix.from.y + layout.cell * static_cast<double>(row)};
      canvas.rect(corner, {corner.x + layout.cell, corner.y + layout.cell}, share_colour(share));
      if (print)
        canvas.text({corner.x + layout.cell / 2, corner.y + layout.cell / 2}, std::to_string(count),
                    {.size = size,
                     .colour = share > 0.25 ? Colour{255, 255, 255}
                               : count > 0  ? kInk
                                            : Colour{190, 194, 198},
                     .align = Align::centre});
    }
  }
}

/// Draws class names along both sides, group names and the lines between groups.
inline void draw_class_names(Canvas& canvas, const ConfusionLayout& layout, const std::vector<std::string>& names,
                             const std::vector<Index>& order, const std::vector<ClassGroup>& groups) {
  const Frame& matrix = layout.matrix;
  for (Index i = 0; layout.names_classes() && i < layout.classes; ++i) {
    const std::string& name = names[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
    const double middle = layout.cell * (static_cast<double>(i) + 0.5);
    canvas.text({matrix.from.x - 8, matrix.from.y + middle}, name, {.size = layout.label_size, .align = Align::right});
    canvas.text({matrix.from.x + middle, matrix.to.y + 8}, name,
                {.size = layout.label_size, .align = Align::right, .upwards = true});
  }
  double begin = 0;
  for (const ClassGroup& group : groups) {
    const double end = begin + layout.cell * static_cast<double>(group.size);
    canvas.text({matrix.to.x + 12, matrix.from.y + (begin + end) / 2}, group.name, {.size = 0.8 * layout.text_size});
    if (end < matrix.to.x - matrix.from.x - 1) {
      canvas.line({{matrix.from.x, matrix.from.y + end}, {matrix.to.x, matrix.from.y + end}}, 1.2, kFrameColour);
      canvas.line({{matrix.from.x + end, matrix.from.y}, {matrix.from.x + end, matrix.to.y}}, 1.2, kFrameColour);
    }
    begin = end;
  }
}

/// Draws the colour scale.
inline void draw_colour_bar(Canvas& canvas, const ConfusionLayout& layout) {
  const double height = std::min(layout.matrix.to.y - layout.matrix.from.y, 640.0);
  const Frame bar{{layout.bar_left, layout.matrix.from.y}, {layout.bar_left + 26, layout.matrix.from.y + height}};
  for (double y = 0; y < height; ++y) {
    const double position = 1 - (y + 0.5) / height;
    canvas.rect({bar.from.x, bar.from.y + y}, {bar.to.x, bar.from.y + y + 1}, share_colour(position * position));
  }
  draw_border(canvas, bar);
  for (const int percent : {0, 1, 5, 10, 25, 50, 75, 100}) {
    const double y = bar.y(std::sqrt(percent / 100.0));
    canvas.line({{bar.to.x, y}, {bar.to.x + 6, y}}, 1.2, kFrameColour);
    canvas.text({bar.to.x + 10, y}, std::to_string(percent) + " %", {.size = 0.8 * layout.text_size});
  }
  canvas.text({bar.to.x + 84, (bar.from.y + bar.to.y) / 2}, "share of the true class (row)",
              {.size = 0.9 * layout.text_size, .align = Align::centre, .upwards = true});
}

/// Plots a confusion matrix: rows are true classes, columns predicted ones, colours the fraction of the row. Throws
/// DataError if names, order or groups do not fit the matrix.
inline io::Image confusion(const metrics::ConfusionMatrix& counts, const std::vector<std::string>& names,
                           const ConfusionOptions& options = {}) {
  check_confusion(counts.classes(), names, options);
  std::vector<Index> order = options.order;
  if (order.empty()) {
    order.resize(names.size());
    std::iota(order.begin(), order.end(), Index{0});
  }
  const ConfusionLayout layout = confusion_layout(names, options);
  Canvas canvas(layout.width, layout.height);
  const Frame& matrix = layout.matrix;
  draw_cells(canvas, layout, counts, order, layout.classes <= options.print_counts_up_to);
  draw_class_names(canvas, layout, names, order, options.groups);
  draw_border(canvas, matrix);
  draw_colour_bar(canvas, layout);
  const double x = (matrix.from.x + matrix.to.x) / 2, y = (matrix.from.y + matrix.to.y) / 2;
  canvas.text({x, 34}, options.title, {.size = 1.3 * layout.text_size, .align = Align::centre, .bold = true});
  canvas.text({26, y}, "true", {.size = 1.1 * layout.text_size, .align = Align::centre, .upwards = true});
  canvas.text({x, static_cast<double>(layout.height) - 26}, "predicted",
              {.size = 1.1 * layout.text_size, .align = Align::centre});
  return canvas.image();
}

}  // namespace hcnn::report
