// What a finished run leaves behind: metrics.json, tables, pictures, report.
#include <doctest/doctest.h>

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
metrics::EvaluationResult small_result(bool tree = true) {
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
