// An experiment: trainings ("cells") that differ in a few options; run_experiment.cpp, compiled once, runs them.
#pragma once

#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/printable.hpp"
#include "hcnn/core/shape.hpp"

namespace examples {

using namespace hcnn;

/// One training of an experiment.
struct Cell {
  std::string name = {};                    ///< of its folders
  std::string program = {};                 ///< train_multihead or train_severity
  std::vector<std::string> arguments = {};  ///< all but --data, --out, --resume, --threads, --weights and --trunk
  Index epochs = 50;                        ///< of the training
  double split = 0.9;                       ///< share of the training images that is trained on
  std::string begins_from = {};             ///< cell whose last weights it begins from; "": fresh weights
  std::string begins_with = "--weights";    ///< what it takes of them: --weights or --trunk
  std::string control = {};                 ///< measurement that the summary compares it with; "": none
  double images = 50000;                    ///< that `split` is a share of: for the estimate of the time
};

/// A way to decide with a trained network, measured on the model of every cell without training again.
struct Ruling {
  std::string name;                    ///< "crm"
  std::vector<std::string> arguments;  ///< of evaluate_model: {"--rule", "crm"}
};

/// Decisions by the fine head of any network: for the least expected severity, with probabilities as sure as they are
/// right, by both mirror images, and all of it.
inline const std::vector<Ruling> kFineRulings = {
    {"crm", {"--rule", "crm"}},
    {"temperature + crm", {"--temperature", "fit", "--rule", "crm"}},
    {"flip", {"--flip"}},
    {"flip + temperature + crm", {"--flip", "--temperature", "fit", "--rule", "crm"}}};

/// Decisions that need a head for each level.
inline const std::vector<Ruling> kHeadRulings = {{"reweight", {"--rule", "reweight"}},
                                                 {"reweight-all", {"--rule", "reweight-all"}},
                                                 {"marginal", {"--rule", "marginal"}}};

/// Pictures that set some cells side by side.
struct CellGroup {
  std::string name;                ///< first part of the pictures' names
  std::vector<std::string> cells;  ///< those that are finished are shown
};

/// An experiment as its program describes it.
struct Experiment {
  std::string name = {};  ///< of the program and of its folders
  std::vector<Cell> cells = {};
  std::vector<CellGroup> groups = {};
  std::vector<Ruling> rulings = {};  ///< published as rules.json of each cell
  bool seeds = false;                ///< cells NAME and NAME_seed_N are one measurement: their means go into summary.md
  bool minutes = false;              ///< groups are also drawn as accuracy against minutes of training

  const Cell& cell(const std::string& cell_name) const {
    for (const Cell& cell : cells)
      if (cell.name == cell_name) return cell;
    fail<OptionError>("--cell", "'" + printable(cell_name) + "'", "--list shows the cells");
  }
};

/// What `main` of an experiment's program does: runs the cells that are not finished yet, a few at a time, and
/// publishes each as it ends. Returns the exit status.
int run_experiment(const Experiment& experiment, const char* description, int argc, char** argv);

}  // namespace examples
