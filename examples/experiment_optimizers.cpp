// Adam against SGD and ReLU against Leaky ReLU with the compact network on CIFAR-100 at two splits. The grid_ cells, 10
// epochs each, come first: three learning rates for each optimizer; the other cells use the best on validation.
//
// Run:    build/release/examples/experiment_optimizers --list
//         build/release/examples/experiment_optimizers --data cifar-100-binary --cell adam_relu_90
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take half a day on two cores.
// Expect: results/experiment_optimizers: table.md, plots and a folder for each finished cell.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

// Adam's rate is that of the assignment's descriptions, SGD's the usual one, until the grid has chosen.
constexpr const char* kAdamRate = "0.001";
constexpr const char* kSgdRate = "0.01";

Cell make_cell(std::string name, const std::string& optimizer, const std::string& activation, const char* rate,
               double split) {
  return {.name = std::move(name),
          .program = "train_multihead",
          .arguments = {"--recipe", "readme", "--optimizer", optimizer, "--activation", activation, "--learning-rate",
                        rate, "--seed", "1", "--precision", "bf16"},
          .split = split};
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_optimizers"};
  auto& cells = experiment.cells;
  auto& groups = experiment.groups;
  const auto add_grid = [&](const std::string& optimizer, std::initializer_list<const char*> rates) {
    for (const char* rate : rates) {
      cells.push_back(make_cell(concat("grid_", optimizer, '_', rate), optimizer, "relu", rate, 0.9));
      cells.back().epochs = 10;
    }
  };
  add_grid("adam", {"0.0003", "0.001", "0.003"});
  add_grid("sgd", {"0.01", "0.03", "0.1"});
  for (const int split : {80, 90}) {
    CellGroup group{concat("split_", split), {}};
    for (const std::string optimizer : {"adam", "sgd"})
      for (const std::string activation : {"relu", "leaky_relu"}) {
        cells.push_back(make_cell(concat(optimizer, '_', activation, '_', split), optimizer, activation,
                                  optimizer == "adam" ? kAdamRate : kSgdRate, split / 100.0));
        group.cells.push_back(cells.back().name);
      }
    groups.push_back(std::move(group));
  }
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(), "Compares optimizers and activations and publishes the results",
                                  argc, argv);
}
