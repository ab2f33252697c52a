// One measurement of many trials against each varied parameter: a panel of points for each parameter.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/report/axis.hpp"

namespace hcnn::report {

/// One panel: the horizontal position of every point.
struct PointPanel {
  std::string x_label = {};     ///< label of the horizontal axis, with its unit
  std::vector<double> xs = {};  ///< positions of points 0, 1, 2, ...
  bool logarithmic = false;     ///< logarithmic horizontal axis; leaves out points that are not above 0
};

/// Data shared by all panels, and the plot's appearance.
struct PointPanelsOptions {
  std::string title = {};                ///< title above the plot
  std::string y_label = {};              ///< label of the vertical axis, with its unit
  std::vector<double> ys = {};           ///< values of points 0, 1, 2, ...; non-finite ones are left out
  std::vector<std::size_t> groups = {};  ///< group of each point, which determines its colour; empty: one group
  std::vector<std::string> names = {};   ///< names of the groups in the legend; empty: no legend
  std::vector<std::size_t> ringed = {};  ///< points to draw a ring around
  std::string ring_name = {};            ///< name of the ring in the legend
  Index width = 1200;                    ///< width of the plot, pixels
  Index panel_height = 420;              ///< height of a panel, pixels
  double text_size = 19;                 ///< size of the text, pixels
};

/// Ticks for a panel's horizontal axis, at most about six.
inline std::vector<Tick> few_ticks(const Scale& scale) {
  if (!scale.logarithmic) return linear_ticks(scale.low, scale.high, 5);
  const std::vector<Tick> all = log_ticks(scale.low, scale.high);
  std::vector<Tick> few;
  for (std::size_t i = 0; i < all.size(); i += (all.size() + 5) / 6) few.push_back(all[i]);
  return few;
}

/// Draws a circle.
inline void draw_ring(Canvas& canvas, Point centre, double radius, Colour colour) {
  Polyline circle;
  for (int i = 0; i <= 32; ++i) {
    const double angle = 2 * std::numbers::pi * i / 32;
    circle.push_back({centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
  }
  canvas.line(circle, 2, colour);
}

/// Draws one panel into the frame.
inline void draw_points(Canvas& canvas, const Frame& frame, const PointPanel& panel,
                        const PointPanelsOptions& options) {
  std::vector<double> xs = panel.xs;
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (!std::isfinite(options.ys.at(i))) xs[i] = std::numeric_limits<double>::quiet_NaN();
  const Scale x_scale = scale_for(xs, panel.logarithmic), y_scale = scale_for(options.ys, false);
  draw_x_axis(canvas, frame, x_scale, few_ticks(x_scale), panel.x_label, options.text_size);
  draw_y_axis(canvas, frame, y_scale, options.y_label, options.text_size);
  draw_border(canvas, frame);
  const auto place = [&](std::size_t i) {
    return Point{frame.x(x_scale.position(xs[i])), frame.y(y_scale.position(options.ys[i]))};
  };
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (const Point point = place(i); std::isfinite(point.x + point.y))
      canvas.line({point}, 12, series_colour(options.groups.empty() ? 0 : options.groups.at(i)));
  for (const std::size_t i : options.ringed)
    if (const Point point = place(i); std::isfinite(point.x + point.y)) draw_ring(canvas, point, 11, kInk);
}

/// Draws the names of groups and ring in one line.
inline void draw_points_legend(Canvas& canvas, double y, const PointPanelsOptions& options) {
  const double size = options.text_size;
  double x = 130;
  const auto entry = [&](const std::string& name, const auto& mark) {
    mark(Point{x, y});
    canvas.text({x + 18, y}, name, {.size = size});
    x += text_width(name, size) + 60;
  };
  for (std::size_t g = 0; g < options.names.size(); ++g)
    entry(options.names[g], [&](Point at) { canvas.line({at}, 12, series_colour(g)); });
  if (!options.ringed.empty() && !options.ring_name.empty())
    entry(options.ring_name, [&](Point at) { draw_ring(canvas, at, 11, kInk); });
}

/// Plots `panels`, two side by side. Throws OptionError for sizes that are too small and for panels that have another
/// number of points than `options.ys`.
inline io::Image point_panels(const std::vector<PointPanel>& panels, const PointPanelsOptions& options) {
  if (options.width < 400 || options.panel_height < 200 || panels.empty())
    fail<OptionError>("point_panels",
                      concat(panels.size(), " panels of ", options.width, 'x', options.panel_height, " pixels"),
                      "at least 1 of 400x200");
  const std::size_t points = options.ys.size();
  for (const PointPanel& panel : panels)
    if (panel.xs.size() != points || (!options.groups.empty() && options.groups.size() != points))
      fail<OptionError>("point_panels", concat(panel.xs.size(), " points, ", options.groups.size(), " groups"),
                        concat(points, " values are to be shown"));
  const double size = options.text_size, top = 4.6 * size;
  const std::size_t columns = std::min<std::size_t>(2, panels.size()), rows = (panels.size() + columns - 1) / columns;
  const double width = static_cast<double>(options.width) / static_cast<double>(columns);
  const double height = static_cast<double>(options.panel_height);
  Canvas canvas(options.width, static_cast<Index>(top) + options.panel_height * static_cast<Index>(rows));
  canvas.text({static_cast<double>(options.width) / 2, 1.5 * size}, options.title,
              {.size = 1.3 * size, .align = Align::centre, .bold = true});
  draw_points_legend(canvas, 3.6 * size, options);
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const double left = width * static_cast<double>(i % columns),
                 begin = top + height * static_cast<double>(i / columns);
    draw_points(canvas, {{left + 130, begin + size}, {left + width - 30, begin + height - 4 * size}}, panels[i],
                options);
  }
  return canvas.image();
}

}  // namespace hcnn::report
