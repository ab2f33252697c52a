// Shared by all plots: colours, tick marks, and the frame with its grid.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "hcnn/core/decimal.hpp"
#include "hcnn/report/canvas.hpp"

namespace hcnn::report {

inline constexpr Colour kPaper = {255, 255, 255};        ///< background
inline constexpr Colour kInk = {33, 37, 41};             ///< text
inline constexpr Colour kGridColour = {226, 229, 233};   ///< lines behind the data
inline constexpr Colour kFrameColour = {120, 126, 132};  ///< borders

/// Colours of series 0, 1, 2 .., repeated after the last; distinct to colour-blind readers too (Okabe and Ito 2008).
inline Colour series_colour(std::size_t index) {
  constexpr std::array<Colour, 7> kColours = {
      {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {90, 90, 90}}};
  return kColours[index % kColours.size()];
}

/// Maps values to positions along an axis, from `low` at its start to `high` at its end.
struct Scale {
  double low = 0;            ///< value at the start; above 0 if logarithmic
  double high = 1;           ///< value at the end, above `low`
  bool logarithmic = false;  ///< equal steps are equal factors

  /// Position of a value: 0 at `low`, 1 at `high`; not finite if the axis cannot show the value.
  double position(double value) const {
    if (!logarithmic) return (value - low) / (high - low);
    return value > 0 ? std::log(value / low) / std::log(high / low) : std::numeric_limits<double>::quiet_NaN();
  }
};

/// True if both are positive and `high` is more than 9 times `low`: a linear axis would crowd the lower values.
inline bool wants_logarithm(double low, double high) { return low > 0 && high > 9 * low; }

/// A scale that shows all finite (positive, if logarithmic) values with some room at both ends.
inline Scale scale_for(const std::vector<double>& values, bool logarithmic) {
  Scale scale{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), logarithmic};
  for (const double value : values) {
    if (!std::isfinite(value) || (logarithmic && value <= 0)) continue;
    scale.low = std::min(scale.low, value);
    scale.high = std::max(scale.high, value);
  }
  if (scale.low > scale.high) return {logarithmic ? 0.1 : 0.0, 1, logarithmic};  // nothing to show
  if (logarithmic) return {scale.low / 1.5, scale.high * 1.5, true};
  const double room = scale.high > scale.low ? 0.06 * (scale.high - scale.low)
                      : scale.low != 0       ? 0.1 * std::abs(scale.low)
                                             : 0.1;
  return {scale.low >= 0 ? std::max(0.0, scale.low - room) : scale.low - room, scale.high + room, false};
}

/// A tick mark of an axis.
struct Tick {
  double value;       ///< value on the axis
  std::string label;  ///< text at the mark
};

/// Round values on a linear axis, at most about `count` and at least `smallest` apart.
inline std::vector<Tick> linear_ticks(double low, double high, int count, double smallest = 0) {
  const double least = std::max((high - low) / count, smallest), power = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * power >= least * (1 - 1e-9)) step = factor * power;
  std::vector<Tick> ticks;
  if (!std::isfinite(step) || step <= 0) return ticks;  // a range too large for double
  const int decimals = static_cast<int>(std::clamp(-std::floor(std::log10(step) + 1e-9), 0.0, 12.0));
  const double begin = std::ceil(low / step - 1e-9);
  for (int i = 0; i <= 2 * count; ++i) {
    const double value = (begin + i) * step;
    if (value <= high + 1e-9 * step) ticks.push_back({value, decimal(value, decimals)});
  }
  return ticks;
}

/// Powers of ten on a logarithmic axis; on a range of up to two decades also 2 and 5 times those.
inline std::vector<Tick> log_ticks(double low, double high) {
  std::vector<Tick> ticks;
  for (double power = std::floor(std::log10(low)); power <= std::ceil(std::log10(high)); ++power)
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double value = factor * std::pow(10, power);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9) || (factor > 1 && high / low > 100)) continue;
      ticks.push_back({value, concat(value)});
    }
  return ticks;
}

/// The rectangle of the canvas in which data are drawn.
struct Frame {
  Point from;  ///< top left corner, pixels
  Point to;    ///< bottom right corner, pixels

  /// Pixels from the left edge of the canvas: 0 is the left edge of the frame, 1 the right one.
  double x(double position) const { return from.x + position * (to.x - from.x); }
  /// Pixels from the top edge of the canvas: 0 is the bottom edge of the frame, 1 the top one.
  double y(double position) const { return to.y - position * (to.y - from.y); }
};

/// Draws the grid lines and labels of the horizontal axis.
inline void draw_x_axis(Canvas& canvas, const Frame& frame, const Scale& scale, const std::vector<Tick>& ticks,
                        const std::string& label, double size) {
  for (const Tick& tick : ticks) {
    const double x = frame.x(scale.position(tick.value));
    canvas.line({{x, frame.from.y}, {x, frame.to.y}}, 1, kGridColour);
    canvas.text({x, frame.to.y + size}, tick.label, {.size = size, .align = Align::centre});
  }
  canvas.text({(frame.from.x + frame.to.x) / 2, frame.to.y + 2.6 * size}, label,
              {.size = size, .align = Align::centre});
}

/// Draws the grid lines and labels of the vertical axis.
inline void draw_y_axis(Canvas& canvas, const Frame& frame, const Scale& scale, const std::string& label, double size) {
  double widest = 0;
  for (const Tick& tick :
       scale.logarithmic ? log_ticks(scale.low, scale.high) : linear_ticks(scale.low, scale.high, 6)) {
    const double y = frame.y(scale.position(tick.value));
    canvas.line({{frame.from.x, y}, {frame.to.x, y}}, 1, kGridColour);
    canvas.text({frame.from.x - 10, y}, tick.label, {.size = size, .align = Align::right});
    widest = std::max(widest, text_width(tick.label, size));
  }
  canvas.text({std::max(frame.from.x - widest - 34, size), (frame.from.y + frame.to.y) / 2}, label,
              {.size = size, .align = Align::centre, .upwards = true});
}

/// Draws the border of the frame.
inline void draw_border(Canvas& canvas, const Frame& frame) {
  canvas.line({frame.from, {frame.to.x, frame.from.y}, frame.to, {frame.from.x, frame.to.y}, frame.from}, 1.2,
              kFrameColour);
}

}  // namespace hcnn::report
