// Drawing: lines, text and its font.
#include "hcnn/report/canvas.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>

using namespace hcnn;

namespace {

constexpr report::Colour kBlack = {0, 0, 0};

/// Ink on a white canvas in units of black pixels, by the red channel.
double ink(const report::Canvas& canvas) {
  double sum = 0;
  for (std::size_t i = 0; i < canvas.image().pixels.size(); i += 3) sum += (255 - canvas.image().pixels[i]) / 255.0;
  return sum;
}

}  // namespace

TEST_CASE("a line leaves as much ink as its area, wherever it lies between the pixels") {
  for (const double shift : {0.0, 0.25, 0.5, 0.8}) {
    report::Canvas canvas(200, 100);
    canvas.line({{30, 40 + shift}, {150, 40 + shift}}, 4, kBlack);
    // 120 x 4 and two half discs of radius 2; a smooth edge of one pixel keeps the area, 8 bits round it.
    CHECK(ink(canvas) == doctest::Approx(120 * 4 + 3.14159 * 4).epsilon(0.01));
  }
}

TEST_CASE("lines of one shape do not darken where they cross") {
  report::Canvas once(60, 60), twice(60, 60);
  once.line({{10, 10}, {50, 43}}, 2, kBlack);
  twice.lines({{{10, 10}, {50, 43}}, {{10, 10}, {50, 43}}}, 2, kBlack);
  CHECK(once.image().pixels == twice.image().pixels);
}

TEST_CASE("dashes are 8 widths long and 4 apart, also around a corner") {
  report::Canvas canvas(300, 300);
  canvas.dashed_line({{10, 10}, {250, 10}, {250, 250}}, 2, kBlack);
  // 480 pixels of way are 20 periods of 24 with 16 drawn: 20 * (16 * 2 + a disc of radius 1).
  CHECK(ink(canvas) == doctest::Approx(20 * (32 + 3.14159)).epsilon(0.02));
  // A corner inside a dash, after 230 pixels: the dash ends 2 pixels behind it, and the gap reaches to 10.
  report::Canvas corner(300, 300);
  corner.dashed_line({{10, 10}, {240, 10}, {240, 260}}, 2, kBlack);
  CHECK(corner.image().get(240, 10).red < 128);
  CHECK(corner.image().get(240, 16).red == 255);
  CHECK(corner.image().get(240, 24).red < 128);
}

TEST_CASE("what lies outside the canvas or is not finite is left out") {
  report::Canvas canvas(20, 20);
  const double infinity = std::numeric_limits<double>::infinity();
  canvas.line({{-1e300, 10}, {-5, 10}}, 2, kBlack);
  canvas.line({{std::nan(""), 3}, {5, 5}}, 2, kBlack);
  canvas.dashed_line({{0, 0}, {infinity, 0}}, 2, kBlack);
  canvas.rect({30, 30}, {1e30, 1e30}, kBlack);
  canvas.text({500, -40}, "outside");
  CHECK(ink(canvas) == 0);
  canvas.rect({-10, -10}, {1e30, 1e30}, kBlack);
  CHECK(ink(canvas) == 400);
}

TEST_CASE("text lies left of, around and right of its anchor, half-way up its capitals") {
  for (const auto& [align, from, to] : {std::tuple{report::Align::left, 0.0, 1.0},
                                        {report::Align::centre, -0.5, 0.5},
                                        {report::Align::right, -1.0, 0.0}}) {
    report::Canvas canvas(400, 60);
    const report::TextStyle style{.size = 20, .colour = kBlack, .align = align};
    canvas.text({200, 30}, "HELLO", style);
    const double width = report::text_width("HELLO", 20);
    Index left = 400, right = 0, top = 60, bottom = 0;
    for (Index y = 0; y < 60; ++y)
      for (Index x = 0; x < 400; ++x)
        if (canvas.image().get(x, y).red < 128) {
          left = std::min(left, x), right = std::max(right, x), top = std::min(top, y), bottom = std::max(bottom, y);
        }
    // Strokes are 1.7 pixels wide around the ends: the edges of the ink are within 2 pixels of the drawn extents.
    CHECK(std::abs(static_cast<double>(left) - (200 + from * width)) < 2);
    CHECK(std::abs(static_cast<double>(right) - (200 + to * width)) < 2);
    CHECK(std::abs(static_cast<double>(top) - 23) < 2);
    CHECK(std::abs(static_cast<double>(bottom) - 37) < 2);
  }
}

TEST_CASE("upward text is the picture of level text, turned") {
  report::Canvas level(100, 60), upwards(60, 100);
  level.text({10, 30}, "Fg4", {.size = 20});
  upwards.text({30, 90}, "Fg4", {.size = 20, .upwards = true});
  Index different = 0;
  for (Index y = 0; y < 60; ++y)
    for (Index x = 0; x < 100; ++x)
      different += std::abs(level.image().get(x, y).red - upwards.image().get(y, 99 - x).red) > 1;
  CHECK(different == 0);
}

TEST_CASE("every printable character has strokes of its own inside its cell") {
  std::vector<std::string> codes;
  for (char letter = '!'; letter <= '~'; ++letter) {
    const std::string text(1, letter);
    const auto strokes = report::grid_strokes(text);
    CHECK_MESSAGE(!strokes.empty(), text);
    for (const auto& stroke : strokes) {
      CHECK_MESSAGE(!stroke.empty(), text);
      for (const auto& point : stroke) {
        CHECK_MESSAGE((point.x >= 0 && point.x <= report::grid_width(text) + 1e-9), text);
        CHECK_MESSAGE((point.y >= 0 && point.y <= 12), text);
      }
    }
    codes.emplace_back(report::glyph_of(letter));
  }
  std::sort(codes.begin(), codes.end());
  CHECK(std::adjacent_find(codes.begin(), codes.end()) == codes.end());
  CHECK(report::grid_strokes(" ").empty());
}

TEST_CASE("a character outside ASCII takes one box, whatever its number of bytes") {
  CHECK(report::grid_width("\xc3\xa4") == report::grid_width("\xe2\x82\xac"));
  CHECK(report::grid_strokes("\xc3\xa4").size() == 1);
  CHECK(report::grid_strokes("\x1b").size() == 1);
  CHECK(report::grid_width("") == 0);
}
