// Runs read back from their folders, and their page.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "errors.hpp"
#include "hcnn/run/comparison_page.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

namespace {

const char* const kMetrics =
    R"({"seconds": 3, "test": {"samples": 10, "fine": {"top1": 0.5, "top5": 1}, "kind": {"top1": 0.75, "top5": 1},
  "from_fine": {"fine": {"top1": 0.5}, "kind": {"top1": 0.7}}, "severity": {"counts": [5, 2, 3], "hd1": 0.8, "ms": 1.6}}})";
const char* const kHistory = "epoch,learning_rate,seconds,val.loss\n1,0.1,2,3.5\n2,0.1,2,2.5\n";

/// A finished run in `folder`, or one with other content of a file.
void make_run(const std::filesystem::path& folder, const std::string& config = R"({"seed": 1, "name": "<b>"})",
              const std::string& metrics = kMetrics, const std::string& history = kHistory) {
  std::filesystem::create_directories(folder);
  put(folder / "config.json", config);
  put(folder / "metrics.json", metrics);
  put(folder / "history.csv", history);
}

std::string refusal(const std::vector<std::filesystem::path>& folders) {
  return error_of<Error>([&] { run::read_runs(folders); });
}

}  // namespace

TEST_CASE("a finished run is read with its accuracies, severities and history") {
  const TemporaryFolder folder;
  make_run(folder / "one");
  const auto runs = run::read_runs({folder / "one"});
  const run::FinishedRun& one = runs.front();
  CHECK(one.part == "test");
  CHECK(one.levels == std::vector<std::pair<std::string, double>>{{"fine", 0.5}, {"kind", 0.75}});
  CHECK(one.severities == std::vector<std::string>{"0: right", "1: same kind", "2: different kind"});
  CHECK(one.figures.name == "one");
  CHECK(one.figures.severities == std::vector<Index>{5, 2, 3});
  CHECK(one.figures.accuracy == 0.5);
  CHECK(one.figures.ms == 1.6);
  CHECK(one.figures.history.size() == 2);
}

TEST_CASE("a run without label tree or test part is read too") {
  const TemporaryFolder folder;
  make_run(folder / "one", "{}", R"({"val": {"samples": 3, "0": {"top1": 1, "top5": 1}}})");
  const auto one = run::read_runs({folder / "one/"}).front();
  CHECK(one.part == "val");
  CHECK(one.severities.empty());
  CHECK(one.figures.name == "one");
}

TEST_CASE("folders of one name are told apart by their paths") {
  const TemporaryFolder folder;
  make_run(folder / "a/run");
  make_run(folder / "b/run");
  make_run(folder / "c");
  const auto runs = run::read_runs({folder / "a/run", folder / "b/run", folder / "c"});
  CHECK(runs[0].figures.name == (folder / "a/run").string());
  CHECK(runs[2].figures.name == "c");
}

TEST_CASE("a folder that holds no finished run is refused with file and reason") {
  const TemporaryFolder folder;
  CHECK(names(refusal({folder / "none"}), "it holds no config.json"));
  make_run(folder / "a");
  std::filesystem::remove(folder / "a/metrics.json");
  CHECK(names(refusal({folder / "a"}), "a/metrics.json: No such file"));
  for (
      const auto& [metrics, reason] : std::vector<std::pair<std::string, std::string>>{
          {"[]", "a JSON object is needed"},
          {"{", "not JSON"},
          {"{}", "no member 'val'"},
          {R"({"test": 3})", "test is no object"},
          {R"({"test": {"samples": 3}})", "no head with a top1"},
          {R"({"test": {"fine": {"top1": 2}}})", "top1 = 2"},
          {R"({"test": {"fine": {"top1": 1}, "from_fine": {}, "severity": []}})", "a JSON object is needed"},
          {R"({"test": {"fine": {"top1": 1}, "from_fine": {"fine": {}}, "severity": {"counts": [-1], "hd1": 0, "ms": 0}}})",
           "a whole number"},
          {R"({"test": {"fine": {"top1": 1}, "from_fine": {"fine": {}}, "severity": {"counts": [1], "hd1": 0, "ms": 0}}})",
           "1 severities; 2 for these levels"},
          {R"({"test": {"fine": {"top1": 1}, "from_fine": {}, "severity": {"counts": [1, 0], "hd1": 0, "ms": 0}}})",
           "no level in from_fine"}}) {
    make_run(folder / "b", "{}", metrics);
    CHECK(names(refusal({folder / "b"}), "b/metrics.json"));
    CHECK_MESSAGE(names(refusal({folder / "b"}), reason), refusal({folder / "b"}));
  }
  make_run(folder / "c", "[]");
  CHECK(names(refusal({folder / "c"}), "c/config.json: no object"));
  make_run(folder / "d", "{}", kMetrics, "epoch\n1\n");
  CHECK(names(refusal({folder / "d"}), "d/history.csv: other columns"));
}

TEST_CASE("runs whose severities mean different things are refused") {
  const TemporaryFolder folder;
  make_run(folder / "a");
  make_run(folder / "b", "{}", R"({"test": {"fine": {"top1": 1}}})");
  CHECK(names(refusal({folder / "a", folder / "b"}), "b: severities of another label tree ("));
}

TEST_CASE("the comparison is a page with three pictures beside it, names escaped, nothing overwritten") {
  const TemporaryFolder folder;
  make_run(folder / "<i>a");
  make_run(folder / "b", R"({"seed": 2, "name": "<b>"})");
  const auto runs = run::read_runs({folder / "<i>a", folder / "b"});
  run::write_comparison(folder / "compare.html", runs);
  for (const char* picture : {"compare_curves.png", "compare_severity.png", "compare_scatter.png"})
    CHECK(content(folder / picture).starts_with("\x89PNG"));
  const std::string page = content(folder / "compare.html");
  CHECK(page.find("<i>") == std::string::npos);
  for (const char* part : {"&lt;i&gt;a", "75.00 %", "1.6000", "<td>&lt;b&gt;</td>", "data-part=\"scatter\""})
    CHECK(page.find(part) != std::string::npos);
  CHECK(
      names(error_of<Error>([&] { run::write_comparison(folder / "compare.html", runs); }), "nothing is overwritten"));
  CHECK(names(error_of<OptionError>([&] { run::write_comparison(folder / "c.html", {runs[0]}); }), "1 runs"));
}

TEST_CASE("runs without epochs and severities can be compared") {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b"})
    make_run(folder / name, "{}", R"({"val": {"fine": {"top1": 1}}})", "epoch,learning_rate,seconds\n");
  run::write_comparison(folder / "c.html", run::read_runs({folder / "a", folder / "b"}));
  CHECK(folder.entries() == 3);
}
