// What an experiment is made of: trainings ("cells") that differ in a few options, and what its command line says.
#pragma once

#include "examples/common/child_training.hpp"
#include "examples/common/options.hpp"

namespace examples {

/// One training of an experiment.
struct Cell {
  std::string name = {};                    ///< of its folders
  std::string program = {};                 ///< train_multihead or train_severity
  std::vector<std::string> arguments = {};  ///< all but --data, --out, --resume, --threads, --weights and --trunk
  Index epochs = 50;                        ///< of the training
  double split = 0.9;                       ///< share of the training images that is trained on
  std::string begins_from = {};             ///< cell whose last weights it begins from; "": fresh weights
  std::string begins_with = "--weights";    ///< what it takes of them: --weights or --trunk
  double images = 50000;                    ///< that `split` is a share of: for the estimate of the time
};

/// A way to decide with a trained network, measured on the model of every cell without training again.
struct Ruling {
  std::string name;                    ///< "crm"
  std::vector<std::string> arguments;  ///< of evaluate_model: {"--rule", "crm"}
};

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
  bool seeds = false;                ///< cells NAME_seed_N are one measurement: their means go into summary.md
  bool minutes = false;              ///< groups are also drawn as accuracy against minutes of training

  const Cell& cell(const std::string& cell_name) const {
    for (const Cell& cell : cells)
      if (cell.name == cell_name) return cell;
    fail<OptionError>("--cell", "'" + io::printable(cell_name) + "'", "--list shows the cells");
  }
};

/// What the command line of an experiment says.
struct ExperimentOptions {
  std::string data;                 ///< as of the training programs
  std::string out, results;         ///< run folders, published results
  std::vector<std::string> cells;   ///< to run; empty: all
  std::optional<Index> epochs;      ///< of every cell; else its own
  std::vector<std::string> passed;  ///< what every training is given besides
  Index jobs = 1;                   ///< trainings at a time
  int threads = 0;                  ///< of all of them together; 0: all cores
  bool list = false;                ///< say what there is and do nothing
  bool table = false;               ///< write the tables and pictures again and do nothing else
};

/// Adds every option but those behind "--".
inline void add_experiment_options(CLI::App& app, ExperimentOptions& options) {
  options.out = "runs/" + app.get_name();
  add_data_option(app, options.data);
  app.add_option("--out", options.out, "folder of the run folders; what has begun there is continued")
      ->capture_default_str();
  app.add_option("--results", options.results,
                 "folder of what is published; cells that lie there are finished [default: results/" + app.get_name() +
                     "; a folder in --out where --epochs or -- changes the cells, or for synthetic images]");
  app.add_option("--cell", options.cells, "run this cell alone; repeat it for others [default: all]");
  app.add_option("--epochs", options.epochs, "of every cell [default: the cell's own]")
      ->check(CLI::Range(Index{1}, Index{100000}));
  app.add_option("--jobs", options.jobs, "trainings at a time, each with its own share of the threads")
      ->check(CLI::Range(Index{1}, Index{1024}))
      ->capture_default_str();
  add_threads_option(app, options.threads);
  app.add_flag("--list", options.list, "print the cells, which are finished and how each is run, and do nothing");
  app.add_flag("--table", options.table, "write the tables and pictures again from what is published, and do nothing");
  app.footer("What follows after -- is given to every training: -- --limit 1000");
}

/// Options of a cell's training but for data and folders.
inline std::vector<std::string> cell_arguments(const Cell& cell, const ExperimentOptions& options) {
  std::vector<std::string> arguments = cell.arguments;
  arguments.insert(arguments.end(), {"--split", run::number_text(cell.split), "--epochs",
                                     std::to_string(options.epochs.value_or(cell.epochs))});
  arguments.insert(arguments.end(), options.passed.begin(), options.passed.end());
  return arguments;
}

/// The command that repeats a cell; DIR stands for the folder of CIFAR-100.
inline std::string cell_command(const Cell& cell, const ExperimentOptions& options) {
  std::vector<std::string> arguments = cell_arguments(cell, options);
  arguments.insert(arguments.end(), {"--data", options.data == "synthetic" ? "synthetic" : "DIR"});
  if (!cell.begins_from.empty())
    arguments.insert(arguments.end(), {cell.begins_with, cell.begins_from + "/last.safetensors"});
  return shell_command(cell.program, arguments);
}

}  // namespace examples
