// Curves over epochs, in panels one below the other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/report/axis.hpp"

namespace hcnn::report {

/// One curve: `values[i]` at x = first + i * step. Non-finite values leave a gap.
struct Series {
  std::string name = {};            ///< name in the legend
  std::vector<double> values = {};  ///< values in the unit of the panel
  std::size_t colour = 0;           ///< index for `series_colour`
  bool dashed = false;              ///< dashed instead of solid
  double first = 1;                 ///< x of the first value
  double step = 1;                  ///< distance between values along x, above 0
};

/// One pair of axes with its curves.
struct Panel {
  std::string title = {};           ///< title above the axes
  std::string y_label = {};         ///< label of the vertical axis, with its unit: "loss (nats)"
  std::vector<Series> series = {};  ///< curves, later ones on top
  bool logarithmic = false;         ///< logarithmic vertical axis
  std::string x_label = "epoch";    ///< label of the horizontal axis, with its unit
};

/// True if a logarithmic axis shows the values better.
inline bool wants_logarithm(const std::vector<Series>& series) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const Series& one : series)
    for (const double value : one.values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  return wants_logarithm(low, high);
}

/// Options of `curves`.
struct CurvesOptions {
  std::string title = {};    ///< title above the plot
  Index width = 1400;        ///< width of the plot, pixels
  Index panel_height = 440;  ///< height of a panel with title and labels, pixels
  double text_size = 19;     ///< size of the text, pixels
};

/// Marks a point of a curve with few points: a disc, or a ring if the curve is dashed.
inline void draw_mark(Canvas& canvas, Point point, const Series& series) {
  constexpr std::size_t kMostMarks = 30;
  if (series.values.size() > kMostMarks) return;
  canvas.line({point}, 7, series_colour(series.colour));
  if (series.dashed) canvas.line({point}, 3.5, kPaper);
}

/// Draws one curve with its marks.
inline void draw_series(Canvas& canvas, const Frame& frame, const Scale& x_scale, const Scale& y_scale,
                        const Series& series) {
  const Colour colour = series_colour(series.colour);
  Polyline run, marks;
  const auto draw_run = [&] {
    if (series.dashed && run.size() > 1)
      canvas.dashed_line(run, 2, colour);
    else if (!run.empty())
      canvas.line(run, run.size() > 1 ? 2.5 : 7, colour);
    run.clear();
  };
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    const Point point{frame.x(x_scale.position(series.first + series.step * static_cast<double>(i))),
                      frame.y(y_scale.position(series.values[i]))};
    if (std::isfinite(point.y)) {
      run.push_back(point);
      marks.push_back(point);
    } else {
      draw_run();
    }
  }
  draw_run();
  for (const Point& point : marks) draw_mark(canvas, point, series);
}

/// Draws the names of the curves, one below the other, starting at `corner`.
inline void draw_legend(Canvas& canvas, Point corner, const std::vector<Series>& series, double size) {
  for (const Series& entry : series) {
    corner.y += 1.5 * size;
    const Polyline sample{{corner.x, corner.y - size}, {corner.x + 44, corner.y - size}};
    if (entry.dashed)
      canvas.dashed_line(sample, 2, series_colour(entry.colour));
    else
      canvas.line(sample, 2.5, series_colour(entry.colour));
    draw_mark(canvas, {corner.x + 22, corner.y - size}, entry);
    canvas.text({corner.x + 54, corner.y - size}, entry.name, {.size = size});
  }
}

/// Draws one panel into the frame, with its legend to the right.
inline void draw_panel(Canvas& canvas, const Frame& frame, const Panel& panel, double size) {
  std::vector<double> values;
  double first = std::numeric_limits<double>::infinity(), last = -first;
  for (const Series& series : panel.series) {
    values.insert(values.end(), series.values.begin(), series.values.end());
    first = std::min(first, series.first);
    last = std::max(last, series.first + series.step * (static_cast<double>(series.values.size()) - 1));
  }
  if (values.empty()) first = last = 1;
  const Scale x_scale{first - (last > first ? 0 : 1), last + (last > first ? 0 : 1)};
  const Scale y_scale = scale_for(values, panel.logarithmic);

  draw_x_axis(canvas, frame, x_scale, linear_ticks(x_scale.low, x_scale.high, 12, 1), panel.x_label, size);
  draw_y_axis(canvas, frame, y_scale, panel.y_label, size);
  draw_border(canvas, frame);
  for (const Series& series : panel.series) draw_series(canvas, frame, x_scale, y_scale, series);
  canvas.text({frame.from.x, frame.from.y - size}, panel.title, {.size = size * 1.1, .bold = true});
  draw_legend(canvas, {frame.to.x + 24, frame.from.y}, panel.series, size);
}

/// Plots panels one below the other, all of the same width, with legends at the right. An empty panel keeps its place.
/// Throws OptionError if there are no panels or they are smaller than 400x200 pixels.
inline io::Image curves(const std::vector<Panel>& panels, const CurvesOptions& options = {}) {
  if (options.width < 400 || options.panel_height < 200 || panels.empty())
    fail<OptionError>("curves",
                      concat(panels.size(), " panels of ", options.width, 'x', options.panel_height, " pixels"),
                      "at least 1 of 400x200");
  const double size = options.text_size, top = options.title.empty() ? 10 : 3 * size;
  double legend = 0;
  for (const Panel& panel : panels)
    for (const Series& series : panel.series) legend = std::max(legend, text_width(series.name, size));
  const double width = static_cast<double>(options.width), height = static_cast<double>(options.panel_height);
  const double right = std::max(width - legend - 100, 0.5 * width);  // cuts off names that are too long, not curves
  const double left = 120;

  Canvas canvas(options.width, static_cast<Index>(top) + options.panel_height * static_cast<Index>(panels.size()));
  canvas.text({width / 2, 1.6 * size}, options.title, {.size = 1.3 * size, .align = Align::centre, .bold = true});
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double begin = top + height * static_cast<double>(i);
    draw_panel(canvas, {{left, begin + 2.2 * size}, {right, begin + height - 3.8 * size}}, panels[i], size);
  }
  return canvas.image();
}

}  // namespace hcnn::report
