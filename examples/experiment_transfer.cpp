// Transfer on CIFAR-100: a network trained on 80 classes, four of each superclass, learns the other 20: from scratch,
// on the frozen trunk of the trained one, and from that trunk with a tenth of the learning rate; with all 9,000 images
// of those classes and with 900; three seeds each.
//
// Run:    build/release/examples/experiment_transfer --list
//         build/release/examples/experiment_transfer --data cifar-100-binary
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take a few hours on two cores. The others
//         start from the trunks of the cells base_seed_N, whose run folders must still exist.
// Expect: results/experiment_transfer: summary.md with the means over the seeds and their intervals, table.md, plots
//         and a folder for each finished cell. A frozen trunk should win with few images, a tuned one with many. A
//         frozen trunk keeps its running statistics too.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

Cell make_cell(const std::string& name, int seed, Index epochs, std::vector<std::string> arguments) {
  Cell cell{.name = concat(name, "_seed_", seed), .program = "train_severity", .arguments = std::move(arguments)};
  cell.epochs = epochs;
  cell.arguments.insert(cell.arguments.end(), {"--recipe", "best", "--network", "compact", "--batch", "128", "--seed",
                                               std::to_string(seed), "--precision", "bf16"});
  return cell;
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_transfer", .seeds = true};
  for (const int seed : {1, 2, 3}) {
    experiment.cells.push_back(make_cell("base", seed, 25, {"--classes", "base"}));
    experiment.cells.back().images = 40000;
    const std::string base = experiment.cells.back().name;
    for (const Index images : {10000, 1000}) {
      CellGroup group{concat("novel_", images, "_seed_", seed), {}};
      for (const std::string method : {"scratch", "frozen", "tuned"}) {
        std::vector<std::string> arguments = {"--classes", "novel"};
        if (images < 10000) arguments.insert(arguments.end(), {"--limit", std::to_string(images)});
        if (method == "frozen") arguments.insert(arguments.end(), {"--trunk-rate", "0"});
        if (method == "tuned") arguments.insert(arguments.end(), {"--trunk-rate", "0.1"});
        // 900 images are 8 steps of 128: with the number of epochs for 9,000, training from scratch would hardly start.
        const Index epochs = images < 10000 ? 200 : 40;
        Cell cell = make_cell(concat("novel_", images, '_', method), seed, epochs, std::move(arguments));
        if (method != "scratch") cell.control = concat("novel_", images, "_scratch");
        cell.images = static_cast<double>(images);
        if (method != "scratch") {
          cell.begins_from = base;
          cell.begins_with = "--trunk";
        }
        group.cells.push_back(cell.name);
        experiment.cells.push_back(std::move(cell));
      }
      experiment.groups.push_back(std::move(group));
    }
  }
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(), "Transfers a trained trunk to new classes", argc, argv);
}
