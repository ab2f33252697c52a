// Curves, bars, confusion matrices: axes, and pictures that are right where it can be checked by pixels.
#include "hcnn/report/plot.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "../io/temporary_folder.hpp"
#include "errors.hpp"
#include "hcnn/report/bars.hpp"
#include "hcnn/report/confusion_plot.hpp"
#include "report/count_pixels.hpp"

using namespace hcnn;
using hcnn::testing::count_pixels;
using testing::error_of;
using testing::names;

namespace {

std::string labels(const std::vector<report::Tick>& ticks) {
  std::string all;
  for (const auto& tick : ticks) all += (all.empty() ? "" : " ") + tick.label;
  return all;
}

const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("ticks are round numbers with as many decimals as they need") {
  CHECK(labels(report::linear_ticks(0, 1, 6)) == "0.0 0.2 0.4 0.6 0.8 1.0");
  CHECK(labels(report::linear_ticks(-0.03, 0.021, 6)) == "-0.03 -0.02 -0.01 0.00 0.01 0.02");
  CHECK(labels(report::linear_ticks(1, 3, 12, 1)) == "1 2 3");
  CHECK(labels(report::linear_ticks(1, 50, 12, 1)) == "5 10 15 20 25 30 35 40 45 50");
  CHECK(labels(report::linear_ticks(0, 70000, 6)) == "0 20000 40000 60000");
  CHECK(labels(report::log_ticks(1e-5 / 1.5, 1.5e-3)) == "1e-05 0.0001 0.001");
  CHECK(labels(report::log_ticks(0.09, 0.6)) == "0.1 0.2 0.5");
}

TEST_CASE("ranges that doubles cannot count in give few ticks, not an endless loop") {
  CHECK(report::linear_ticks(1e17, 1e17 + 32, 6).size() <= 13);
  CHECK(report::linear_ticks(-1.7e308, 1.7e308, 6).empty());
}

TEST_CASE("a scale shows every finite value and ignores the others") {
  const auto scale = report::scale_for({kNan, 2, kInfinity, 8, -kInfinity}, false);
  CHECK(scale.low == doctest::Approx(1.64));
  CHECK(scale.high == doctest::Approx(8.36));
  CHECK(scale.position(scale.high) == doctest::Approx(1));
  CHECK(report::scale_for({0, 1}, false).low == 0);
  CHECK(report::scale_for({kNan}, false).position(0.5) == doctest::Approx(0.5));
  const auto rates = report::scale_for({0, 1e-5, 1e-3, -1}, true);
  CHECK(rates.position(1e-4) == doctest::Approx(0.5));
  CHECK_FALSE(std::isfinite(rates.position(0)));
  const auto low = report::scale_for({1e-3, 1e-3}, false);  // a constant learning rate in the middle of its axis
  CHECK(low.position(1e-3) == doctest::Approx(0.5));
  CHECK(low.high < 2e-3);
  const auto flat = report::scale_for({3, 3}, false);
  CHECK(flat.position(3) == doctest::Approx(0.5));
}

TEST_CASE("a curve passes through its values and leaves a gap at those that are missing") {
  report::Canvas canvas(400, 300);
  const report::Frame frame{{0, 0}, {400, 300}};
  report::Series series{.name = "a", .values = std::vector<double>(101, 0.5), .first = 0};
  for (std::size_t i = 40; i <= 60; ++i) series.values[i] = kNan;
  report::draw_series(canvas, frame, {0, 100}, {0, 1}, series);
  const auto at = [&](Index x) { return canvas.image().get(x, 150); };
  CHECK(at(80) == report::series_colour(0));
  CHECK(at(200) == io::Colour{255, 255, 255});
  CHECK(at(320) == report::series_colour(0));
  CHECK(canvas.image().get(80, 140) == io::Colour{255, 255, 255});
}

TEST_CASE("panels, empty and unusable curves give a picture of the asked size") {
  const io::Image image =
      report::curves({{.title = "a", .y_label = "loss (nats)", .series = {{.name = "x", .values = {3, 2, 1}}}},
                      {.title = "b", .y_label = "", .series = {{.name = "y", .values = {kNan, kInfinity}}}},
                      {.title = "c", .y_label = "", .series = {}},
                      {.title = "d", .y_label = "", .series = {{.name = "z", .values = {0, -1}}}, .logarithmic = true}},
                     {.title = "t", .width = 600, .panel_height = 250});
  CHECK(image.width == 600);
  CHECK(image.height == 4 * 250 + 57);
  CHECK(count_pixels(image, report::series_colour(0)) > 300);
  CHECK(names(error_of<OptionError>([] { report::curves({}, {}); }), "0 panels"));
  CHECK(names(error_of<OptionError>([] { report::curves({{}}, {.width = 10}); }), "10x440"));
}

TEST_CASE("the legend shows a solid curve solid and a dashed one dashed") {
  const auto gaps = [](bool dashed) {  // columns without colour, beside the mark in the middle of the sample
    report::Canvas canvas(200, 60);
    report::draw_legend(canvas, {10, 10}, {{.name = "x", .values = {1}, .dashed = dashed}}, 19);
    Index sum = 0;
    for (Index x = 11; x < 53; ++x) {
      bool drawn = x >= 25 && x < 39;
      for (Index y = 0; y < 60; ++y) drawn = drawn || canvas.image().get(x, y) == report::series_colour(0);
      sum += !drawn;
    }
    return sum;
  };
  CHECK(gaps(false) == 0);
  CHECK(gaps(true) > 0);
}

TEST_CASE("a curve takes the whole width of its panel, however far apart its values are") {
  const auto columns = [](double step) {
    const io::Image image = report::curves(
        {{.title = "a", .series = {{.values = std::vector<double>(100, 1.0), .first = step, .step = step}}}});
    Index sum = 0;
    for (Index x = 0; x < image.width; ++x) {
      bool drawn = false;
      for (Index y = 0; y < image.height; ++y) drawn = drawn || image.get(x, y) == report::series_colour(0);
      sum += drawn;
    }
    return sum;
  };
  CHECK(columns(1) > 600);
  CHECK(std::abs(columns(0.01) - columns(1)) <= 10);
}

TEST_CASE("bars are as high as their values") {
  const io::Image image =
      report::bars({"p", "q"}, {{"before", {100, 50}}, {"after", {25, kNan}}}, {.title = "t", .y_label = "images"});
  const auto height_at = [&](double share) {  // pixels of a bar's colour in the column through its middle
    const double right = 1200 - report::text_width("before", 19) - 80;
    const Index x = std::lround(130 + (right - 130) * share);
    Index sum = 0;
    for (Index y = 70; y < image.height; ++y)
      sum += image.get(x, y) == report::series_colour(0) || image.get(x, y) == report::series_colour(1);
    return static_cast<double>(sum);
  };
  const double full = height_at(0.15);
  CHECK(full > 300);
  CHECK(std::abs(height_at(0.65) - full / 2) <= 1);
  CHECK(std::abs(height_at(0.35) - full / 4) <= 1);
  CHECK(height_at(0.85) == 0);
  CHECK(names(error_of<DataError>([] { report::bars({"p"}, {{"a", {1, 2}}}); }), "2 values of 'a'"));
}

TEST_CASE("a cell of the confusion matrix has the colour of its share of the row, in the given order") {
  metrics::ConfusionMatrix counts(3);
  for (int i = 0; i < 3; ++i) counts.add(0, 0);
  counts.add(0, 1);
  counts.add(1, 1);
  const report::ConfusionOptions options{.order = {2, 0, 1}, .groups = {{"g", 1}, {"", 2}}};
  const std::vector<std::string> classes{"a", "b", "c"};
  const io::Image image = report::confusion(counts, classes, options);
  const auto layout = report::confusion_layout(classes, options);
  const auto cell = [&](double row, double column) {  // near a corner, away from the printed count
    return image.get(std::lround(layout.matrix.from.x + layout.cell * column + 8),
                     std::lround(layout.matrix.from.y + layout.cell * row + 8));
  };
  const io::Colour expected[3][3] = {{report::share_colour(0), report::share_colour(0), report::share_colour(0)},
                                     {report::share_colour(0), report::share_colour(0.75), report::share_colour(0.25)},
                                     {report::share_colour(0), report::share_colour(0), report::share_colour(1)}};
  for (int row = 0; row < 3; ++row)
    for (int column = 0; column < 3; ++column) CHECK(cell(row, column) == expected[row][column]);
}

TEST_CASE("share colours darken with every step and end in white and dark blue") {
  CHECK(report::share_colour(0) == io::Colour{255, 255, 255});
  CHECK(report::share_colour(2) == report::share_colour(1));
  const auto light = [](int percent) {
    const io::Colour colour = report::share_colour(percent / 100.0);
    return colour.red + colour.green + colour.blue;
  };
  for (int percent = 1; percent <= 100; ++percent) CHECK(light(percent) < light(percent - 1));
}

TEST_CASE("names, order and groups that do not fit the matrix are refused") {
  const metrics::ConfusionMatrix counts(2);
  const auto refusal = [&](const std::vector<std::string>& classes, const report::ConfusionOptions& options) {
    return error_of<DataError>([&] { report::confusion(counts, classes, options); });
  };
  CHECK(refusal({"a", "b"}, {}) == "no error");
  CHECK(names(refusal({"a"}, {}), "1 class names"));
  CHECK(names(refusal({"a", "b"}, {.order = {0, 0}}), "every class must come once"));
  CHECK(names(refusal({"a", "b"}, {.order = {0, 1, 2}}), "every class must come once"));
  CHECK(names(refusal({"a", "b"}, {.groups = {{"g", 3}}}), "groups of 3 classes"));
}

TEST_CASE("the picture of very many classes stays small, without names that nobody could read") {
  const auto layout = [](Index classes) {
    return report::confusion_layout(std::vector<std::string>(static_cast<std::size_t>(classes), "class"), {});
  };
  CHECK(layout(100).cell == 13);
  CHECK(layout(100).names_classes());
  for (const Index classes : {1'300, 20'000}) {
    const report::ConfusionLayout many = layout(classes);
    CHECK(many.width < 4300);
    CHECK(many.height < 4300);
    CHECK_FALSE(many.names_classes());
  }
}
