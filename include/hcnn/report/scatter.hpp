// Named points: two measurements of a few runs against each other.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/report/axis.hpp"

namespace hcnn::report {

/// One point.
struct ScatterPoint {
  std::string name = {};  ///< name in the legend
  double x = 0;           ///< value in the unit of the horizontal axis
  double y = 0;           ///< value in the unit of the vertical axis
};

/// Options of `scatter`.
struct ScatterOptions {
  std::string title = {};    ///< title above the plot
  std::string x_label = {};  ///< label of the horizontal axis, with its unit
  std::string y_label = {};  ///< label of the vertical axis, with its unit
  Index width = 1200;        ///< width of the plot, pixels
  Index height = 640;        ///< height of the plot, pixels
  double text_size = 19;     ///< size of the text, pixels
};

/// Plots a disc for each point, point i in the colour of series i; non-finite points appear in the legend only. Throws
/// OptionError for a size below 400x200 pixels.
inline io::Image scatter(const std::vector<ScatterPoint>& points, const ScatterOptions& options = {}) {
  if (options.width < 400 || options.height < 200)
    fail<OptionError>("scatter", concat(options.width, 'x', options.height, " pixels"), "at least 400x200");
  const double size = options.text_size, width = static_cast<double>(options.width);
  std::vector<double> xs, ys;
  double legend = 0;
  for (const ScatterPoint& point : points) {
    xs.push_back(point.x);
    ys.push_back(point.y);
    legend = std::max(legend, text_width(point.name, size));
  }
  const Scale x_scale = scale_for(xs, false), y_scale = scale_for(ys, false);
  Canvas canvas(options.width, options.height);
  const Frame frame{{130, 3.5 * size},
                    {std::max(width - legend - 90, 0.5 * width), static_cast<double>(options.height) - 4.5 * size}};
  canvas.text({width / 2, 1.6 * size}, options.title, {.size = 1.3 * size, .align = Align::centre, .bold = true});
  draw_x_axis(canvas, frame, x_scale, linear_ticks(x_scale.low, x_scale.high, 8), options.x_label, size);
  draw_y_axis(canvas, frame, y_scale, options.y_label, size);
  draw_border(canvas, frame);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Point mark{frame.x(x_scale.position(points[i].x)), frame.y(y_scale.position(points[i].y))};
    if (std::isfinite(mark.x) && std::isfinite(mark.y)) canvas.line({mark}, 16, series_colour(i));
    const Point entry{frame.to.x + 32, frame.from.y + size * (0.5 + 1.5 * static_cast<double>(i))};
    canvas.line({entry}, 14, series_colour(i));
    canvas.text({entry.x + 20, entry.y}, points[i].name, {.size = size});
  }
  return canvas.image();
}

}  // namespace hcnn::report
