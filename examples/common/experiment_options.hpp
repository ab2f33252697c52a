// What the command line of an experiment says.
#pragma once

#include "examples/common/child_training.hpp"
#include "examples/common/experiment.hpp"
#include "examples/common/options.hpp"

namespace examples {

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
  app.add_option("--out", options.out, "folder of the run folders; runs that have begun there are continued")
      ->capture_default_str();
  app.add_option("--results", options.results,
                 "folder of the published results; cells found there are finished [default: results/" + app.get_name() +
                     "; a folder in --out where --epochs or -- changes the cells, or for synthetic images]");
  app.add_option("--cell", options.cells, "run only this cell; repeat the option for several [default: all]");
  app.add_option("--epochs", options.epochs, "epochs of every cell [default: the cell's own]")
      ->check(CLI::Range(Index{1}, Index{100000}));
  app.add_option("--jobs", options.jobs, "training runs at a time; they share the threads")
      ->check(CLI::Range(Index{1}, Index{1024}))
      ->capture_default_str();
  add_threads_option(app, options.threads);
  app.add_flag("--list", options.list, "only print the cells, which of them are finished, and their commands");
  app.add_flag("--table", options.table, "only write tables and plots again from the published results");
  app.footer("Arguments after -- are given to every training run, e.g. -- --limit 1000");
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
