// Pictures of several runs.
#include "hcnn/report/comparison.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "../io/temporary_folder.hpp"
#include "errors.hpp"
#include "report/count_pixels.hpp"

using namespace hcnn;
using hcnn::testing::count_pixels;
using testing::error_of;
using testing::names;

namespace {

report::ComparedRun made_up(const std::string& name, Index epochs, Index first = 1) {
  report::ComparedRun run{.name = name, .severities = {30, 10, 40, 20}, .accuracy = 0.3, .hd1 = 1.5, .ms = 2.1};
  for (Index epoch = first; epoch < first + epochs; ++epoch) {
    metrics::EpochRecord record{.epoch = epoch, .learning_rate = 0.1};
    record.set("val.loss", 1.0 / static_cast<double>(epoch));
    record.set("val.fine.top1", 0.25);
    run.history.add(record);
  }
  return run;
}

}  // namespace

TEST_CASE("each run has its curve in every panel whose figure it measured, from its first epoch on") {
  std::vector<report::ComparedRun> runs = {made_up("a", 3), {.name = "empty"}, made_up("c", 2, 5)};
  metrics::EpochRecord record{.epoch = 9, .learning_rate = 0.1};
  record.set("val.group.top1", 0.5);
  runs[2].history.add(record);
  const auto panels = report::comparison_panels(runs);
  REQUIRE(panels.size() == 4);  // no training loss, no severity
  CHECK(panels[0].title == "Validation loss");
  REQUIRE(panels[0].series.size() == 2);
  CHECK(panels[0].series[0].values == std::vector<double>{1, 0.5, 1.0 / 3});
  CHECK(panels[0].series[1].name == "c");
  CHECK(panels[0].series[1].colour == 2);
  CHECK(panels[0].series[1].first == 5);
  CHECK(panels[1].title == "Validation accuracy, fine");
  CHECK(panels[1].series[0].values == std::vector<double>(3, 25.0));
  CHECK(panels[2].title == "Validation accuracy, group");
  CHECK(panels[2].series.size() == 1);
  CHECK(panels[3].title == "Learning rate");
  CHECK(report::curves(panels).height == 4 * 440 + 10);
}

TEST_CASE("learning rates that are far apart stand on a logarithmic axis") {
  std::vector<report::ComparedRun> runs = {made_up("a", 3), made_up("b", 3)};
  const auto of_rates = [&] { return report::comparison_panels(runs).back().logarithmic; };
  CHECK_FALSE(of_rates());
  runs[1].history.add({.epoch = 4, .learning_rate = 0.001});
  CHECK(of_rates());
  runs[0].history.add({.epoch = 4, .learning_rate = 0});  // it has no logarithm
  CHECK_FALSE(of_rates());
}

TEST_CASE("severity bars are shares of each run's own samples") {
  std::vector<report::ComparedRun> runs = {made_up("before", 1), made_up("after", 1)};
  const std::vector<std::string> names_of = {"0", "1", "2", "3"};
  const io::Image same = report::severity_bars(runs, names_of);
  for (Index& samples : runs[1].severities) samples *= 7;
  CHECK(report::severity_bars(runs, names_of).pixels == same.pixels);
  runs[1].severities = {1, 0, 0, 0};
  CHECK(report::severity_bars(runs, names_of).pixels != same.pixels);
  CHECK(names(error_of<DataError>([&] { report::severity_bars(runs, {"0"}); }), "4 values of 'before'"));
}

TEST_CASE("a scatter plot has a mark for each point where it lies") {
  const io::Image image = report::scatter({{"left", 0, 1}, {"right", 10, 2}, {"none", std::nan(""), 1}});
  Index left = 0, right = 0;
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width / 2; ++x) {
      left += image.get(x, y) == report::series_colour(0) && y > image.height / 2;
      right += image.get(x, y) == report::series_colour(1);
    }
  CHECK(left > 150);  // a disc of 16 pixels has an area of 201
  CHECK(right == 0);
  const Index entry = count_pixels(image, report::series_colour(2));
  CHECK(entry > 100);  // in the legend alone
  CHECK(count_pixels(image, report::series_colour(1)) > entry + 150);
  CHECK(report::severity_scatter({made_up("a", 1), made_up("b", 2)}).width == 1200);
  CHECK(names(error_of<OptionError>([] { report::scatter({}, {.width = 1}); }), "1x640"));
}
