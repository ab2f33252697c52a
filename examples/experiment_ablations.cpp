// Effect of single parts of the networks, on CIFAR-100, 25 epochs each: batch normalisation at three learning rates;
// dropout and weight decay against the overfitting of the severity-aware network; several heads against one.
//
// Run:    build/release/examples/experiment_ablations --list
//         build/release/examples/experiment_ablations --data cifar-100-binary --cell batch_norm_0.001
// Needs:  CIFAR-100's binary version (tools/run.sh --download); all cells take half a day on two cores.
// Expect: results/experiment_ablations: table.md, plots and a folder for each finished cell.
#include "examples/common/experiment.hpp"

namespace {

using namespace examples;

Cell make_cell(std::string name, std::string program, std::vector<std::string> arguments) {
  Cell cell{.name = std::move(name), .program = std::move(program), .arguments = std::move(arguments), .epochs = 25};
  cell.arguments.insert(cell.arguments.end(), {"--recipe", "report", "--seed", "1", "--precision", "bf16"});
  return cell;
}

Experiment make_experiment() {
  Experiment experiment{.name = "experiment_ablations"};
  auto& cells = experiment.cells;
  auto& groups = experiment.groups;
  CellGroup normalised{"batch_norm", {}};
  for (const std::string rate : {"0.0003", "0.001", "0.003"})
    for (const bool batch_norm : {true, false}) {
      std::vector<std::string> arguments = {"--network", "multihead", "--learning-rate", rate};
      if (!batch_norm) arguments.push_back("--no-batch-norm");
      cells.push_back(make_cell((batch_norm ? "batch_norm_" : "no_batch_norm_") + rate, "train_multihead", arguments));
      normalised.cells.push_back(cells.back().name);
    }
  const std::vector<std::string> severity = {"--loss", "readme"};
  const auto add_severity = [&](const std::string& cell, std::vector<std::string> more) {
    more.insert(more.begin(), severity.begin(), severity.end());
    cells.push_back(make_cell(cell, "train_severity", more));
  };
  add_severity("severity", {});
  add_severity("severity_dropout_0.3", {"--dropout", "0.3"});
  add_severity("severity_dropout_0.7", {"--dropout", "0.7"});
  add_severity("severity_adamw_0.05", {"--optimizer", "adamw", "--weight-decay", "0.05"});
  add_severity("severity_adamw_0.2", {"--optimizer", "adamw", "--weight-decay", "0.2"});
  cells.push_back(make_cell("single_head", "train_severity", {"--loss", "ce"}));
  groups = {normalised,
            {"regularisation",
             {"severity", "severity_dropout_0.3", "severity_dropout_0.7", "severity_adamw_0.05", "severity_adamw_0.2"}},
            {"heads", {"batch_norm_0.001", "single_head"}}};
  return experiment;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::run_experiment(make_experiment(),
                                  "Leaves out single parts of the networks and publishes the results", argc, argv);
}
