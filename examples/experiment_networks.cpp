// Accuracy against minutes of training on CIFAR-100: the compact and the multi-head network, ResNet-9 and ResNet-18
// (experiment_multihead has 50 epochs of the first two); and the effect of Muon, mixup, random erasing, the alternating
// flip and head consistency.
//
// Run:    build/release/examples/experiment_networks --list
//         build/release/examples/experiment_networks --data cifar-100-binary --cell resnet9_25
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take more than a day on two cores.
// Expect: results/experiment_networks: table.md with minutes and parameters, networks_minutes.png, other plots and a
//         folder for each finished cell. ResNet-9 is known to reach about 75 % fine top-1 in 25 epochs.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

Cell make_cell(std::string name, Index epochs, std::vector<std::string> arguments) {
  Cell cell{.name = std::move(name), .program = "train_multihead", .arguments = std::move(arguments), .epochs = epochs};
  cell.arguments.insert(cell.arguments.end(), {"--seed", "1", "--precision", "bf16"});
  return cell;
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_networks", .minutes = true};
  auto& cells = experiment.cells;
  CellGroup networks{"networks", {}}, options{"options", {"multihead_25"}};
  const auto add = [&](CellGroup& group, Cell cell) {
    group.cells.push_back(cell.name);
    cells.push_back(std::move(cell));
  };
  for (const std::string network : {"compact", "multihead"})
    add(networks, make_cell(network + "_25", 25, {"--recipe", "best", "--network", network}));
  for (const Index epochs : {25, 50})
    add(networks, make_cell(concat("resnet9_", epochs), epochs, {"--recipe", "resnet9"}));
  add(networks,
      make_cell("resnet18_25", 25,
                {"--recipe", "resnet9", "--network", "resnet18", "--batch", "128", "--learning-rate", "0.1"}));
  for (const auto& [name, more] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"muon", {"--optimizer", "muon", "--weight-decay", "0.01"}},
           {"mixup", {"--mixup", "0.2"}},
           {"erase", {"--erase", "0.25"}},
           {"alternating_flip", {"--flip", "alternating"}},
           {"hold_linear", {"--schedule", "hold-linear", "--warm-up", "0.1", "--hold", "0.4"}},
           {"consistency", {"--consistency", "1"}}}) {
    std::vector<std::string> arguments = {"--recipe", "best"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    add(options, make_cell("multihead_25_" + name, 25, arguments));
  }
  add(options,
      make_cell("resnet9_25_muon", 25, {"--recipe", "resnet9", "--optimizer", "muon", "--weight-decay", "0.01"}));
  experiment.groups = {networks, options};
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(), "Compares networks by accuracy and time", argc, argv);
}
