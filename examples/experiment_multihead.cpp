// The multi-head networks on CIFAR-100: the report's recipe at three splits and with three seeds, the strongest recipe
// for the large and for the compact network, and one cell in float32 as a check of bfloat16; and decision rules that
// need no training, on the same trained networks.
//
// Run:    build/release/examples/experiment_multihead --list
//         build/release/examples/experiment_multihead --data cifar-100-binary --cell report_90
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take a day on two cores.
// Expect: results/experiment_multihead: summary.md with the means over the seeds, for the decision rules too; table.md,
//         plots and a folder for each finished cell.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

Cell make_cell(std::string name, const char* recipe, double split, int seed, std::vector<std::string> more = {}) {
  Cell cell{.name = std::move(name), .program = "train_multihead", .split = split};
  cell.arguments = {"--recipe", recipe, "--seed", std::to_string(seed)};
  if (more.empty()) more = {"--precision", "bf16"};
  cell.arguments.insert(cell.arguments.end(), more.begin(), more.end());
  return cell;
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_multihead", .rulings = kFineRulings, .seeds = true};
  experiment.rulings.insert(experiment.rulings.end(), kHeadRulings.begin(), kHeadRulings.end());
  auto& cells = experiment.cells;
  for (const int split : {70, 80, 90}) cells.push_back(make_cell(concat("report_", split), "report", split / 100.0, 1));
  for (const int seed : {1, 2, 3}) cells.push_back(make_cell(concat("best_90_seed_", seed), "best", 0.9, seed));
  for (const int seed : {1, 2, 3})
    cells.push_back(make_cell(concat("compact_90_seed_", seed), "best", 0.9, seed,
                              {"--network", "compact", "--precision", "bf16"}));
  for (const int seed : {2, 3}) cells.push_back(make_cell(concat("report_90_seed_", seed), "report", 0.9, seed));
  cells.push_back(make_cell("report_90_fp32", "report", 0.9, 1, {"--precision", "fp32"}));
  cells.back().control = "report_90";
  experiment.groups = {{"splits", {"report_70", "report_80", "report_90"}},
                       {"recipes", {"report_90", "best_90_seed_1", "compact_90_seed_1"}},
                       {"seeds", {"best_90_seed_1", "best_90_seed_2", "best_90_seed_3"}},
                       {"precisions", {"report_90", "report_90_fp32"}}};
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(), "Trains the multi-head networks and publishes the results", argc,
                                  argv);
}
