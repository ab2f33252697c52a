// The severity-aware losses on CIFAR-100: plain cross-entropy and both losses from fresh weights at three splits;
// equal extra epochs with each from one trained network; the same losses with the strongest recipe and three seeds.
// Also decision rules, which need no training, on every trained network.
//
// Run:    build/release/examples/experiment_severity --list
//         build/release/examples/experiment_severity --data cifar-100-binary --cell report_90_ce
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take more than a day on two cores. The extra
//         epochs start from the weights of cell report_90_ce, whose run folder must still exist.
// Expect: results/experiment_severity: summary.md with means over seeds and each loss beside cross-entropy; table.md,
//         plots and a folder for each finished cell.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

// A cell named NAME_LOSS.
Cell make_cell(const std::string& name, const char* recipe, const std::string& loss, double split, int seed) {
  Cell cell{.name = name + '_' + loss, .program = "train_severity", .split = split};
  cell.arguments = {"--recipe", recipe, "--loss", loss, "--seed", std::to_string(seed), "--precision", "bf16"};
  if (loss != "ce") cell.control = name + "_ce";
  return cell;
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_severity", .rulings = kFineRulings, .seeds = true};
  auto& cells = experiment.cells;
  auto& groups = experiment.groups;
  const std::vector<std::string> losses = {"ce", "report", "readme"};
  for (const int split : {70, 80, 90}) {
    CellGroup group{concat("losses_", split), {}};
    for (const std::string& loss : losses) {
      cells.push_back(make_cell(concat("report_", split), "report", loss, split / 100.0, 1));
      group.cells.push_back(cells.back().name);
    }
    groups.push_back(std::move(group));
  }
  CellGroup more{"extra_epochs", {"report_90_ce"}};
  for (const std::string& loss : losses) {
    cells.push_back(make_cell("extra_90", "report", loss, 0.9, 1));
    cells.back().epochs = 25;
    cells.back().begins_from = "report_90_ce";
    more.cells.push_back(cells.back().name);
  }
  groups.push_back(std::move(more));
  for (const int seed : {1, 2, 3}) {
    CellGroup group{concat("best_seed_", seed), {}};
    for (const std::string& loss : losses) {
      cells.push_back(make_cell("best_90", "best", loss, 0.9, seed));
      cells.back().name += concat("_seed_", seed);
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
