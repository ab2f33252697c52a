// Compares finished runs on one page with curves, severities and settings, and writes its plots as PNG files.
//
// Run:    build/release/examples/compare_runs runs/train_multihead-001 runs/train_severity-001 --out compare.html
// Needs:  run folders that a training program finished: reads config.json, history.csv and metrics.json.
// Expect: compare.html, compare_curves.png, compare_severity.png and compare_scatter.png.
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/options.hpp"

using namespace hcnn;

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> folders;
  std::filesystem::path out = "compare.html";
  CLI::App app{"Compares finished runs on one page", "compare_runs"};
  app.add_option("folders", folders, "run folders, two or more")->required()->expected(2, 1000);
  app.add_option("--out", out, "page to write; it must not exist; its plots are written beside it")
      ->capture_default_str();
  return examples::run_program(app, argc, argv, [&] {
    run::write_comparison(out, run::read_runs(folders));
    std::cout << "report: " << out.string() << std::endl;
    return 0;
  });
}
