// Grouped bars: a few numbers of a few runs side by side.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/report/axis.hpp"

namespace hcnn::report {

/// Bars of one colour: a value for each category.
struct BarSeries {
  std::string name = {};            ///< name in the legend
  std::vector<double> values = {};  ///< one value for each category
};

/// Options of `bars`.
struct BarsOptions {
  std::string title = {};    ///< title above the plot
  std::string y_label = {};  ///< label of the vertical axis, with its unit
  int decimals = 0;          ///< decimals of the numbers above the bars
  Index width = 1200;        ///< width of the plot, pixels
  Index height = 560;        ///< height of the plot, pixels
  double text_size = 19;     ///< size of the text, pixels
};

/// Draws the bar of one value, from 0, between x = `left` and `right`, and the number above it.
inline void draw_bar(Canvas& canvas, const Frame& frame, const Scale& scale, double left, double right, double value,
                     Colour colour, const BarsOptions& options) {
  if (!std::isfinite(value)) return;
  const double end = frame.y(scale.position(value)), foot = frame.y(scale.position(0));
  canvas.rect({left + 1, std::min(end, foot)}, {right - 1, std::max(end, foot)}, colour);
  canvas.text({(left + right) / 2, std::min(end, foot) - 0.7 * options.text_size}, decimal(value, options.decimals),
              {.size = 0.85 * options.text_size, .align = Align::centre});
}

/// Draws the bars of each category side by side, one for each series, with their values above them. Throws DataError if
/// a series has another number of values than there are categories.
inline io::Image bars(const std::vector<std::string>& categories, const std::vector<BarSeries>& series,
                      const BarsOptions& options = {}) {
  const double size = options.text_size;
  std::vector<double> values{0};
  double widest = 0;
  for (const BarSeries& one : series) {
    if (one.values.size() != categories.size())
      fail<DataError>("bars", concat(one.values.size(), " values of '", one.name, "'"),
                      concat("there are ", categories.size(), " categories"));
    values.insert(values.end(), one.values.begin(), one.values.end());
    widest = std::max(widest, text_width(one.name, size));
  }
  Scale scale = scale_for(values, false);
  scale.high += 0.05 * (scale.high - scale.low);  // room for the number above the highest bar

  Canvas canvas(options.width, options.height);
  const double width = static_cast<double>(options.width), height = static_cast<double>(options.height);
  const double right = std::max(width - widest - 80, 0.5 * width);  // names that are too long are cut off, not the bars
  const Frame frame{{130, 3.5 * size}, {right, height - 2.5 * size}};
  canvas.text({width / 2, 1.6 * size}, options.title, {.size = 1.3 * size, .align = Align::centre, .bold = true});
  draw_y_axis(canvas, frame, scale, options.y_label, size);
  const double group = (frame.to.x - frame.from.x) / static_cast<double>(categories.size());
  const double bar = 0.8 * group / static_cast<double>(series.size());
  for (std::size_t c = 0; c < categories.size(); ++c) {
    double left = frame.from.x + group * (static_cast<double>(c) + 0.1);
    canvas.text({left + 0.4 * group, frame.to.y + size}, categories[c], {.size = size, .align = Align::centre});
    for (std::size_t s = 0; s < series.size(); ++s, left += bar)
      draw_bar(canvas, frame, scale, left, left + bar, series[s].values[c], series_colour(s), options);
  }
  draw_border(canvas, frame);
  for (std::size_t s = 0; s < series.size(); ++s) {
    const Point swatch{frame.to.x + 24, frame.from.y + 1.5 * size * static_cast<double>(s)};
    canvas.rect(swatch, {swatch.x + size, swatch.y + size}, series_colour(s));
    canvas.text({swatch.x + 1.6 * size, swatch.y + size / 2}, series[s].name, {.size = size});
  }
  return canvas.image();
}

}  // namespace hcnn::report
