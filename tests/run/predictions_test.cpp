// The table of predictions: names, files, severities, samples without a label.
#include "hcnn/run/predictions.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace hcnn;

namespace {

const Taxonomy kTree({{"fine", {"a", "b", "c"}, {0, 0, 1}}, {"kind", {"x", "y"}, {}}});

data::Dataset images(bool tree) {
  std::vector<std::uint8_t> pixels(3);
  std::vector<Label> labels = {0, 2, kNoLabel};
  if (tree) return data::Dataset({1, 1, 1}, pixels, kTree, labels);
  return data::Dataset({1, 1, 1}, pixels, {{"fine", 3, labels}});
}

run::PredictionLog log() {
  Logits<float> logits;
  const float z[] = {std::log(3.0F), 0, std::log(4.0F), 0, 5, 0, 9, 0, 0};
  std::copy_n(z, 9, logits.resize("fine", 3, 3).data());
  run::PredictionLog log("fine");
  log.add(logits, Targets{});
  return log;
}

}  // namespace

TEST_CASE("each sample has a row with its classes, the probability and the severity") {
  const io::CsvTable table = predictions_table(log(), images(true), {"a/1.png", "c/2.png", "3.png"});
  CHECK(table.header == std::vector<std::string>{"image", "true", "predicted", "probability", "severity"});
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[0][0] == "a/1.png");
  CHECK(table.rows[0][1] == "a");
  CHECK(table.rows[0][2] == "c");
  CHECK(std::stod(table.rows[0][3]) == doctest::Approx(0.5));
  CHECK(table.rows[0][4] == "2");
  CHECK(table.rows[1] == std::vector<std::string>{"c/2.png", "c", "b", table.rows[1][3], "2"});
  CHECK(table.rows[2][1].empty());
  CHECK(table.rows[2][4].empty());
}

TEST_CASE("of a sample with a NaN among its scores nothing is predicted") {
  Logits<float> logits;
  const float z[] = {0, std::nanf(""), 0, 0, 5, 0, 9, 0, 0};
  std::copy_n(z, 9, logits.resize("fine", 3, 3).data());
  run::PredictionLog broken("fine");
  broken.add(logits, Targets{});
  const io::CsvTable table = predictions_table(broken, images(true));
  CHECK(table.rows[0] == std::vector<std::string>{"0", "a", "", "", ""});
  CHECK(table.rows[1][2] == "b");
}

TEST_CASE("without a tree classes are numbers, and files are those of a subset's samples") {
  const data::Dataset all = images(false);
  const std::vector<Index> order = {2, 1, 0};
  const io::CsvTable table = predictions_table(log(), all.subset(order), {"0.png", "1.png", "2.png"}, false);
  CHECK(table.header.size() == 4);
  CHECK(table.rows[0] == std::vector<std::string>{"2.png", "", "2", ""});
  CHECK(table.rows[1] == std::vector<std::string>{"1.png", "2", "1", ""});
  CHECK(predictions_table(log(), all).rows[2][0] == "2");
}
