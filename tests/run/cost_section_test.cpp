// What mistakes cost, in metrics.json and in the report.
#include "hcnn/run/cost_section.hpp"

#include <doctest/doctest.h>

#include "hcnn/run/report.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;

namespace {

/// Of class ant 2 right and 1 taken for <b>oak</b>; of <b>oak</b> 1 right and 3 taken for ant.
metrics::EvaluationResult two_class_result() {
  metrics::EvaluationResult result;
  result.heads.push_back({"fine", {}, {}, metrics::ConfusionMatrix(2)});
  for (const auto& [truth, predicted] :
       std::vector<std::pair<Label, Label>>{{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {1, 0}, {1, 0}})
    result.heads[0].confusion.add(truth, predicted);
  return result;
}

run::RunSummary two_class_run() {
  run::RunSummary run{.title = "costs"};
  run.test = run.val = two_class_result();
  run.taxonomy = Taxonomy({{"fine", {"ant", "<b>oak</b>"}, {}}});
  run.costs = CostMatrix{{{0, 20}, {5, 0}}};
  return run;
}

}  // namespace

TEST_CASE("the pairs that cost most altogether come first, whatever one of them costs") {
  const auto pairs = run::costly_pairs(two_class_result().heads[0].confusion, CostMatrix{{{0, 20}, {7, 0}}});
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].truth == 1);
  CHECK(pairs[0].predicted == 0);
  CHECK(pairs[0].count == 3);
  CHECK(pairs[0].cost == 21);
  CHECK(pairs[1].cost == 20);
  CHECK(run::costly_pairs(two_class_result().heads[0].confusion, CostMatrix{{{0, 0}, {1, 0}}}).size() == 1);
  CHECK(run::costly_pairs(two_class_result().heads[0].confusion, CostMatrix{{{0, 2}, {1, 0}}}, 1).size() == 1);
}

TEST_CASE("the average cost of each part is in metrics.json and in the report, with names escaped") {
  const io_test::TemporaryFolder temporary;
  run::write_results(run::RunFolder(temporary.path()), two_class_run());
  const io::Json json = io::read_json(temporary / "metrics.json");
  CHECK(json["test"]["mean_cost"] == 5.0);  // (20 + 3 * 5) / 7
  CHECK(json["val"]["mean_cost"] == 5.0);
  const std::string page = io_test::content(temporary / "report.html");
  CHECK(page.find("Costs of the predictions of head fine") != std::string::npos);
  for (const char* cell : {">5.0000</td>", ">35.00</td>", ">57.14 %</td>", "<td>&lt;b&gt;oak&lt;/b&gt;</td>"})
    CHECK_MESSAGE(page.find(cell) != std::string::npos, cell);
  CHECK(page.find("<b>oak") == std::string::npos);
}

TEST_CASE("without costs nothing is said about them; without mistakes, that there is none") {
  const io_test::TemporaryFolder temporary;
  run::RunSummary run = two_class_run();
  run.costs.reset();
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK_FALSE(io::read_json(temporary / "metrics.json")["test"].contains("mean_cost"));
  CHECK(io_test::content(temporary / "report.html").find("Costs of") == std::string::npos);
  run.costs = CostMatrix{{{0, 0}, {0, 0}}};
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK(io_test::content(temporary / "report.html").find("<p>None.</p>") != std::string::npos);
}
