// The severity-aware losses on CIFAR-100: at three splits plain cross-entropy and both losses from fresh weights; then
// from one trained network equal extra epochs with each; then the same with the strongest recipe and three seeds.
//
// Run:    build/release/examples/experiment_severity --list
//         build/release/examples/experiment_severity --data cifar-100-binary --cell report_90_ce
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take more than a day on two cores. The extra
//         epochs begin from the weights of cell report_90_ce, whose run folder must still be there.
// Expect: results/experiment_severity: table.md, pictures and a folder for each finished cell.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

Cell make_cell(std::string name, const char* recipe, const std::string& loss, double split, int seed) {
  return {.name = std::move(name),
          .program = "train_severity",
          .arguments = {"--recipe", recipe, "--loss", loss, "--seed", std::to_string(seed), "--precision", "bf16"},
          .split = split};
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_severity"};
  auto& cells = experiment.cells;
  auto& groups = experiment.groups;
  const std::vector<std::string> losses = {"ce", "report", "readme"};
  for (const int split : {70, 80, 90}) {
    CellGroup group{concat("losses_", split), {}};
    for (const std::string& loss : losses) {
      cells.push_back(make_cell(concat("report_", split, '_', loss), "report", loss, split / 100.0, 1));
      group.cells.push_back(cells.back().name);
    }
    groups.push_back(std::move(group));
  }
  CellGroup more{"extra_epochs", {"report_90_ce"}};
  for (const std::string& loss : losses) {
    cells.push_back(make_cell("extra_90_" + loss, "report", loss, 0.9, 1));
    cells.back().epochs = 25;
    cells.back().begins_from = "report_90_ce";
    more.cells.push_back(cells.back().name);
  }
  groups.push_back(std::move(more));
  for (const int seed : {1, 2, 3}) {
    CellGroup group{concat("best_seed_", seed), {}};
    for (const std::string& loss : losses) {
      cells.push_back(make_cell(concat("best_90_", loss, "_seed_", seed), "best", loss, 0.9, seed));
      group.cells.push_back(cells.back().name);
    }
    groups.push_back(std::move(group));
  }
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(), "Trains with the severity-aware losses and publishes the results",
                                  argc, argv);
}
