// An image to draw on: rectangles, smooth lines and text.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "hcnn/io/image.hpp"
#include "hcnn/report/stroke_font.hpp"

/// Plots and report pages.
namespace hcnn::report {

using io::Colour;

/// Horizontal position of a text relative to its anchor: the anchor is the text's left end, centre or right end.
enum class Align { left, centre, right };

/// Appearance of a text.
struct TextStyle {
  double size = 18;              ///< pixels; capitals are 0.7 times as high
  Colour colour = {33, 37, 41};  ///< colour of the strokes
  Align align = Align::left;     ///< which point of the text is the anchor
  bool upwards = false;          ///< rotated by 90 degrees, read from bottom to top
  bool bold = false;             ///< thicker strokes
};

/// Width of a text, pixels.
inline double text_width(std::string_view text, double size) { return grid_width(text) * 0.7 * size / kCapHeight; }

/// Draws on an image, in pixels from its top left corner; clips what lies outside.
class Canvas {
 public:
  /// An empty image, extents in pixels. Throws ShapeError as Image does.
  Canvas(Index width, Index height, Colour background = {255, 255, 255})
      : image_(width, height, background), coverage_(static_cast<std::size_t>(width * height), 0.0f) {}

  /// The image drawn so far.
  const io::Image& image() const { return image_; }
  /// Width of the image, pixels.
  Index width() const { return image_.width; }
  /// Height of the image, pixels.
  Index height() const { return image_.height; }

  /// Fills the pixels from `from` up to but not including `to`; both are rounded to whole pixels.
  void rect(Point from, Point to, Colour colour) {
    const Index left = inside(from.x, image_.width), right = inside(to.x, image_.width);
    for (Index y = inside(from.y, image_.height); y < inside(to.y, image_.height); ++y)
      for (Index x = left; x < right; ++x) image_.set(x, y, colour);
  }

  /// Draws a line through the points, `width` pixels wide, with round ends. One point makes a dot.
  void line(const Polyline& points, double width, Colour colour) { lines({points}, width, colour); }

  /// Draws several lines as one shape, so that edges do not darken where they cross.
  void lines(const std::vector<Polyline>& shape, double width, Colour colour) {
    Box touched{image_.width, image_.height, 0, 0};
    for (const Polyline& points : shape)
      for (std::size_t i = 0; i < points.size(); ++i)
        if (i > 0 || points.size() == 1) cover(points[i > 0 ? i - 1 : 0], points[i], width / 2, touched);
    for (Index y = touched.top; y < touched.bottom; ++y)
      for (Index x = touched.left; x < touched.right; ++x) {
        float& share = coverage_[static_cast<std::size_t>(y * image_.width + x)];
        if (share > 0) blend(x, y, colour, share);
        share = 0;
      }
  }

  /// Draws a dashed line: dashes of 8 widths with gaps of 4 widths.
  void dashed_line(const Polyline& points, double width, Colour colour) {
    std::vector<Polyline> dashes;
    double travelled = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
      const Point from = points[i - 1], to = points[i];
      const double length = std::hypot(to.x - from.x, to.y - from.y), period = 12 * width;
      if (!(length > 0 && length < 1e6)) continue;
      const auto along = [&](double d) {
        return Point{from.x + (to.x - from.x) * d / length, from.y + (to.y - from.y) * d / length};
      };
      for (double d = -std::fmod(travelled, period); d < length; d += period)
        if (d + 8 * width > 0) dashes.push_back({along(std::max(d, 0.0)), along(std::min(d + 8 * width, length))});
      travelled += length;
    }
    lines(dashes, width, colour);
  }

  /// Writes one line of text. The anchor is its left end, centre or right end, half-way up its capitals.
  void text(Point anchor, std::string_view content, const TextStyle& style = {}) {
    const double scale = 0.7 * style.size / kCapHeight, length = text_width(content, style.size);
    const double start = style.align == Align::left ? 0 : style.align == Align::centre ? -length / 2 : -length;
    std::vector<Polyline> strokes = grid_strokes(content);
    for (Polyline& stroke : strokes)
      for (Point& point : stroke) {
        const double along = start + point.x * scale, below = (point.y - kCapHeight / 2) * scale;
        point = style.upwards ? Point{anchor.x + below, anchor.y - along} : Point{anchor.x + along, anchor.y + below};
      }
    lines(strokes, std::max(1.0, style.size * (style.bold ? 0.125 : 0.085)), style.colour);
  }

 private:
  struct Box {
    Index left, top, right, bottom;
  };

  static Index inside(double position, Index extent) {
    return std::clamp(static_cast<Index>(std::lround(std::clamp(position, -1e9, 1e9))), Index{0}, extent);
  }

  /// Raises each pixel's coverage to that of a segment: 1 inside, falling to 0 over one pixel at the edge.
  void cover(Point a, Point b, double radius, Box& touched) {
    if (!std::isfinite(a.x + a.y + b.x + b.y)) return;
    const Box box{
        inside(std::min(a.x, b.x) - radius - 1, image_.width), inside(std::min(a.y, b.y) - radius - 1, image_.height),
        inside(std::max(a.x, b.x) + radius + 1, image_.width), inside(std::max(a.y, b.y) + radius + 1, image_.height)};
    const double dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy;
    for (Index y = box.top; y < box.bottom; ++y)
      for (Index x = box.left; x < box.right; ++x) {
        const double px = static_cast<double>(x) + 0.5 - a.x, py = static_cast<double>(y) + 0.5 - a.y;
        const double t = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0.0;
        const double share = std::clamp(radius + 0.5 - std::hypot(px - t * dx, py - t * dy), 0.0, 1.0);
        float& pixel = coverage_[static_cast<std::size_t>(y * image_.width + x)];
        pixel = std::max(pixel, static_cast<float>(share));
      }
    touched = {std::min(touched.left, box.left), std::min(touched.top, box.top), std::max(touched.right, box.right),
               std::max(touched.bottom, box.bottom)};
  }

  void blend(Index x, Index y, Colour colour, float share) {
    const auto mix = [share](std::uint8_t below, std::uint8_t above) {
      return static_cast<std::uint8_t>(
          std::lround(static_cast<float>(below) * (1 - share) + static_cast<float>(above) * share));
    };
    const Colour below = image_.get(x, y);
    image_.set(x, y, {mix(below.red, colour.red), mix(below.green, colour.green), mix(below.blue, colour.blue)});
  }

  io::Image image_;
  std::vector<float> coverage_;
};

}  // namespace hcnn::report
