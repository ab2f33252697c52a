// What a finished run leaves behind: metrics.json, tables, pictures, report.
#include <doctest/doctest.h>
#include <stdlib.h>

#include <cmath>
#include <string>
#include <vector>

#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/run/report.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;

namespace {

Taxonomy small_tree() {
  return Taxonomy({{"fine", {"ant", "<b>oak</b>", "bee", "elm"}, {1, 0, 1, 0}}, {"kind", {"tree", "insect"}, {}}});
}

/// Four samples: fine right, right, wrong within the kind, wrong outside; the kind head is right but for the last.
metrics::EvaluationResult small_result(bool tree = true, metrics::Inspection* inspection = nullptr) {
  Logits<float> logits;
  Targets targets;
  const auto head = [&](const char* level, Index classes, const std::vector<Label>& truths,
                        const std::vector<Label>& answers) {
    Tensor<float>& scores = logits.resize(level, 4, classes);
    std::fill(scores.begin(), scores.end(), 0.0F);
    for (Index n = 0; n < 4; ++n) scores[n * classes + answers[static_cast<std::size_t>(n)]] = 1;
    targets.level(level).labels = truths;
  };
  head("fine", 4, {0, 1, 2, 3}, {0, 1, 0, 2});
  head("kind", 2, {1, 0, 1, 0}, {1, 0, 1, 1});
  metrics::Evaluator<float> evaluator = tree ? metrics::Evaluator<float>(small_tree()) : metrics::Evaluator<float>();
  evaluator.add(logits, targets);
  if (inspection) inspection->add(logits, targets);
  return evaluator.result();
}

run::RunSummary small_run() {
  run::RunSummary run{.title = "a <title>", .config = {{"optimizer", {{"name", "adam"}}}, {"epochs", 3}}};
  run.recipe = "report";
  run.network = "multihead";
  run.split = 0.8;
  run.epochs = 3;
  run.seed = 18446744073709551615ull;
  run.precision = "fp32";
  run.isa = "avx2";
  run.commit = "abc";
  run.seconds = 1.5;
  run.parameters_total = 12;
  run.parameters_trainable = 10;
  for (Index epoch = 1; epoch <= 2; ++epoch) {
    metrics::EpochRecord record{.epoch = epoch, .learning_rate = 0.1};
    record.set("train.loss", 3.0 - static_cast<double>(epoch));
    record.set("train.fine.top1", 0.5);
    record.set("val.loss", 4.0 - static_cast<double>(epoch));
    run.history.add(record);
  }
  run.taxonomy = small_tree();
  run.test = small_result();
  run.val = small_result();
  return run;
}

}  // namespace

TEST_CASE("metrics.json is nested, with shares as fractions") {
  const io::Json json = run::metrics_json(small_run());
  CHECK(json["test"]["fine"]["top1"] == 0.5);
  CHECK(json["test"]["fine"]["top5"] == 1.0);
  CHECK(json["test"]["kind"]["top1"] == 0.75);
  CHECK(json["test"]["from_fine"]["fine"]["top1"] == 0.5);
  CHECK(json["test"]["from_fine"]["kind"]["top1"] == 0.75);
  CHECK(json["test"]["severity"]["counts"] == io::Json({2, 1, 1}));
  CHECK(json["test"]["severity"]["hd1"] == 0.75);
  CHECK(json["test"]["severity"]["ms"] == 1.5);
  CHECK(json["test"]["agreement"] == io::Json({{"kind", 1.0}, {"all", 1.0}}));
  CHECK(json["val"]["fine"]["top1"] == 0.5);
  CHECK_FALSE(json.contains("train"));
  CHECK(json["loss"]["train"] == io::Json({{"first", 2.0}, {"last", 1.0}}));
  CHECK(json["loss"]["val"] == io::Json({{"first", 3.0}, {"last", 2.0}}));
  CHECK(json["parameters"]["total"] == 12);
  CHECK(json["parameters"]["trainable"] == 10);
  CHECK(json["seed"] == 18446744073709551615ull);
  for (const char* key : {"recipe", "network", "split", "epochs", "precision", "isa", "commit", "seconds"})
    CHECK(json.contains(key));
}

TEST_CASE("what was not measured is left out of metrics.json") {
  run::RunSummary run;
  run.test = small_result(/*tree=*/false);
  const io::Json json = run::metrics_json(run);
  for (const char* key : {"recipe", "split", "commit", "threads", "loss", "train", "val"})
    CHECK_FALSE(json.contains(key));
  for (const char* key : {"from_fine", "severity", "agreement", "group"}) CHECK_FALSE(json["test"].contains(key));
}

TEST_CASE("classes are sorted by their ancestors and grouped by their parents") {
  metrics::HeadResult fine{"fine", {}, {}, metrics::ConfusionMatrix(100)};
  const run::ClassOrder classes = run::class_order(fine, &cifar100_taxonomy());
  REQUIRE(classes.groups.size() == 20);
  CHECK(classes.groups[0].name == "flowers");  // of group 0, plants
  CHECK(classes.groups[1].name == "fruit_and_vegetables");
  CHECK(std::vector<Label>(classes.order.begin(), classes.order.begin() + 6) ==
        std::vector<Label>{54, 62, 70, 82, 92, 0});
  for (const auto& group : classes.groups) CHECK(group.size == 5);

  metrics::HeadResult unknown{"colour", {}, {}, metrics::ConfusionMatrix(3)};
  CHECK(run::class_order(unknown, &cifar100_taxonomy()).names == std::vector<std::string>{"0", "1", "2"});
  CHECK(run::class_order(unknown, nullptr).groups.empty());
}

TEST_CASE("tables of a head follow that order") {
  const Taxonomy tree = small_tree();
  const metrics::EvaluationResult result = small_result();
  CHECK(io::to_text(run::confusion_table(result.heads[0], &tree)) ==
        "true class,<b>oak</b>,elm,ant,bee\n<b>oak</b>,1,0,0,0\nelm,0,0,0,1\nant,0,0,1,0\nbee,0,0,1,0\n");
  CHECK(io::to_text(run::per_class_table(result.heads[0], &tree)) ==
        "class,support,precision,recall,f1\n<b>oak</"
        "b>,1,1,1,1\nelm,1,0,0,0\nant,1,0.5,1,0.6666666666666666\nbee,1,0,0,0\n");
}

TEST_CASE("results are written as files of fixed names, with foreign text escaped") {
  const TemporaryFolder temporary;
  const run::RunFolder folder(temporary.path());
  run::write_results(folder, small_run());
  for (const auto& path : {folder.metrics(), folder.curves(), folder.report(), folder.confusion_picture("fine"),
                           folder.confusion_table("kind"), folder.per_class("fine")})
    CHECK(std::filesystem::file_size(path) > 0);
  CHECK(temporary.entries() == 9);
  CHECK(io::read_json(folder.metrics())["network"] == "multihead");
  CHECK(io_test::content(folder.curves()).starts_with("\x89PNG"));
  const std::string page = io_test::content(folder.report());
  CHECK(page.find("<title>a &lt;title&gt;</title>") != std::string::npos);
  CHECK(page.find("<b>") == std::string::npos);
  for (const char* part : {"optimizer.name", "2 of 3", "1: same kind", "2: different kind", "0.7500", "75.00 %",
                           "&lt;b&gt;oak&lt;/b&gt;", "Confusion on the test part"})
    CHECK(page.find(part) != std::string::npos);
}

TEST_CASE("a run without label tree, test part or epochs has a report too") {
  const TemporaryFolder temporary;
  run::RunSummary run{.title = "bare"};
  run.val = small_result(/*tree=*/false);
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK(io_test::content(temporary / "report.html").find("Confusion on the val part") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(temporary / "curves.png"));
}

TEST_CASE("calibration of the shown part is in metrics.json and in the report") {
  run::RunSummary run = small_run();
  run.test = small_result(/*tree=*/true, &run.inspection.emplace());
  // Scores 1, 0, 0, 0: a confidence of e / (e + 3) in one bin, half of the predictions right.
  const double sure = std::exp(1.0) / (std::exp(1.0) + 3);
  const io::Json json = run::metrics_json(run);
  CHECK(json["test"]["calibration"]["fine"].get<double>() == doctest::Approx(0.5 - sure).epsilon(1e-12));
  CHECK_FALSE(json["val"].contains("calibration"));
  const io::Json data = run::report_data(run);
  CHECK(data["calibration"][0]["level"] == "fine");
  CHECK(data["calibration"][0]["bins"][7][0] == 4);
  const TemporaryFolder temporary;
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK(io_test::content(temporary / "report.html").find("Calibration on the test part") != std::string::npos);
}

TEST_CASE("outcomes add HD@5, HD@20 and intervals to metrics.json and to the report") {
  run::RunSummary run = small_run();
  metrics::Outcomes outcomes(&*run.taxonomy);
  Logits<float> logits;
  Targets targets;
  Tensor<float>& scores = logits.resize("fine", 2, 4);
  std::fill(scores.begin(), scores.end(), 0.0F);
  scores[1] = scores[4] = 1;  // predictions 1 and 0 of truths 1 and 2, which are relatives of 3 and 0
  targets.level("fine").labels = {1, 2};
  outcomes.add(logits, targets);
  run.outcomes = outcomes;
  const io::Json json = run::metrics_json(run);
  CHECK(json["test"]["severity"]["hd1"] == 0.5);   // of the outcomes: the second is wrong within its kind
  CHECK(json["test"]["severity"]["hd5"] == 1.25);  // (0 + 1 + 2 + 2) / 4
  CHECK(json["test"]["intervals"]["fine.top1"] == io::Json({0.0, 1.0}));
  CHECK(json["test"]["intervals"]["severity.ms"] == io::Json({0.0, 1.0}));
  CHECK_FALSE(json["val"].contains("intervals"));
  const TemporaryFolder temporary;
  run::write_results(run::RunFolder(temporary.path()), run);
  const std::string page = io_test::content(temporary / "report.html");
  CHECK(page.find("Intervals on the test part") != std::string::npos);
  CHECK(page.find("<td>HD@5</td>") != std::string::npos);
  CHECK(page.find("kind of the finest prediction") != std::string::npos);
}

TEST_CASE("the scripts of the report get counts, names and tree as they are") {
  const io::Json data = run::report_data(small_run());
  CHECK(data["part"] == "test");
  const io::Json& fine = data["heads"][0];
  CHECK(fine["classes"] == io::Json({"ant", "<b>oak</b>", "bee", "elm"}));
  CHECK(fine["order"] == io::Json({1, 3, 0, 2}));
  CHECK(fine["supports"] == io::Json({1, 1, 1, 1}));
  CHECK(fine["counts"] == io::Json({1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0}));
  CHECK(data["tree"][0]["parents"] == io::Json({1, 0, 1, 0}));
  CHECK(data["tree"][1]["parents"] == io::Json::array());
  CHECK(data["severity"]["names"] == io::Json({"0: right", "1: same kind", "2: different kind"}));
  CHECK(data["severity"]["bars"][1]["counts"] == io::Json({2, 1, 1}));
  CHECK(data["curves"][0]["series"][0]["values"] == io::Json({2.0, 1.0}));
  CHECK_FALSE(data.contains("calibration"));
}

TEST_CASE("the pairs confused most often come first, with the samples that were remembered") {
  metrics::HeadResult head{"fine", {}, {}, metrics::ConfusionMatrix(3)};
  for (const auto& [truth, predicted] : std::vector<std::pair<Label, Label>>{{0, 1}, {2, 1}, {2, 1}, {1, 1}, {1, 0}})
    head.confusion.add(truth, predicted);
  metrics::HeadInspection inspection{"fine", {}, {}};
  inspection.mistakes[{2, 1}] = {7, 9};
  const auto pairs = run::confused_pairs(head, &inspection, 2);
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].truth == 2);
  CHECK(pairs[0].predicted == 1);
  CHECK(pairs[0].count == 2);
  CHECK(pairs[0].samples == std::vector<Index>{7, 9});
  CHECK(pairs[1].truth == 0);
  CHECK(pairs[1].samples.empty());
  CHECK(run::confused_pairs(head, nullptr).size() == 3);
}

TEST_CASE("examples of the confused pairs are in the report where images are given") {
  run::RunSummary run = small_run();
  run.test = small_result(/*tree=*/true, &run.inspection.emplace());
  const TemporaryFolder temporary;
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK(io_test::content(temporary / "report.html").find("class=\"gallery\"") == std::string::npos);

  const Shape shape{.height = 2, .width = 3, .channels = 3};
  std::vector<float> pixels(static_cast<std::size_t>(4 * shape.size()), 2.0F);  // too bright: cut off
  run.images = data::Dataset(shape, pixels, small_tree(), {0, 1, 2, 3});
  const std::string picture = run::thumbnail(*run.images, 2);
  CHECK(picture == io::encode_png(io::Image(3, 2, {255, 255, 255})));
  run::write_results(run::RunFolder(temporary.path()), run);
  CHECK(io_test::content(temporary / "report.html")
            .find("<td><img alt=\"example\" src=\"data:image/png;base64," + report::base64(picture)) !=
        std::string::npos);
}

TEST_CASE("a thumbnail is small, and grey where the image has one channel") {
  const data::Dataset grey({.height = 100, .width = 200, .channels = 1},
                           std::vector<std::uint8_t>(static_cast<std::size_t>(200 * 100), 51), {});
  CHECK(run::thumbnail(grey, 0) == io::encode_png(io::Image(64, 32, {51, 51, 51})));
}

TEST_CASE("where share/hcnn is missing the report is static, says so, and holds every picture") {
  const TemporaryFolder temporary, nowhere;
  ::setenv("HCNN_SHARE_DIR", nowhere.path().c_str(), 1);
  run::write_results(run::RunFolder(temporary.path()), small_run());
  ::unsetenv("HCNN_SHARE_DIR");
  const std::string page = io_test::content(temporary / "report.html");
  CHECK(page.find("Without interactive parts: " + nowhere.path().string()) != std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("alt=\"Confusion of head kind") != std::string::npos);
  run::write_results(run::RunFolder(temporary.path()), small_run());
  CHECK(io_test::content(temporary / "report.html").find("<script nonce=") != std::string::npos);
}
