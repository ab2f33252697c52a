// Pictures of trials: points over the options that were varied.
#include "hcnn/report/point_panels.hpp"

#include <doctest/doctest.h>

#include "report/count_pixels.hpp"

using namespace hcnn;
using hcnn::testing::count_pixels;

TEST_CASE("each finite point is a disc in the colour of its group") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const io::Image image =
      report::point_panels({{.x_label = "rate", .xs = {1e-4, 1e-3, 1e-2, 1}, .logarithmic = true}},
                           {.y_label = "accuracy", .ys = {0.1, 0.5, 0.4, nan}, .groups = {0, 0, 1, 1}});
  // A disc of 12 pixels has 113 pixels in all; those at its edge are mixed with the background.
  const Index first = count_pixels(image, report::series_colour(0)), second = count_pixels(image, report::series_colour(1));
  CHECK((first > 2 * 70 && first <= 2 * 113));
  CHECK((second > 70 && second <= 113));
}

TEST_CASE("panels stand two in a row") {
  const report::PointPanel panel{.x_label = "x", .xs = {1, 2}};
  const report::PointPanelsOptions options{.ys = {1, 2}, .panel_height = 300};
  const Index one = report::point_panels({panel}, options).height;
  CHECK(report::point_panels({panel, panel}, options).height == one);
  CHECK(report::point_panels({panel, panel, panel}, options).height == one + 300);
}

TEST_CASE("panels without any point, and one with equal points, are drawn") {
  CHECK(report::point_panels({{.x_label = "x"}}, {}).width == 1200);
  CHECK(report::point_panels({{.x_label = "x", .xs = {2, 2}, .logarithmic = true}}, {.ys = {1, 1}, .ringed = {1}})
            .width == 1200);
}

TEST_CASE("panels that do not fit the values are refused") {
  CHECK_THROWS_AS(report::point_panels({}, {}), OptionError);
  CHECK_THROWS_AS(report::point_panels({{.xs = {1, 2}}}, {.ys = {1}}), OptionError);
  CHECK_THROWS_AS(report::point_panels({{.xs = {1}}}, {.ys = {1}, .groups = {0, 1}}), OptionError);
  CHECK_THROWS_AS(report::point_panels({{.xs = {1}}}, {.ys = {1}, .width = 100}), OptionError);
}
