// Runs an experiment: the cells that are not finished yet, a few at a time, each published as it ends.
#include "examples/common/experiment_results.hpp"
#include "examples/common/training_command.hpp"

namespace examples {

namespace {

/// "about 2 h 10 min".
std::string about(double seconds) {
  const auto minutes = static_cast<Index>(std::lround(seconds / 60));
  if (minutes < 2) return concat("about ", std::lround(seconds), " s");
  return minutes < 120 ? concat("about ", minutes, " min")
                       : concat("about ", minutes / 60, " h ", minutes % 60, " min");
}

/// The cells of an experiment, run and published as the options say.
class ExperimentRun {
 public:
  ExperimentRun(const Experiment& experiment, const ExperimentOptions& options)
      : experiment_(experiment),
        options_(options),
        results_(experiment, options.results),
        threads_(std::max(1, thread_count() / static_cast<int>(jobs()))) {}

  /// Returns the exit status.
  int run(const Interrupt& interrupt) {
    if (options_.jobs > thread_count())
      fail<OptionError>(concat("--jobs ", options_.jobs), concat(thread_count(), " threads"),
                        "each training needs one of its own");
    if (options_.list) return list();
    if (options_.table && !std::filesystem::exists(results_.folder()))
      fail<Error>(io::printable_path(results_.folder()), "no such folder", "published results are needed");
    std::vector<const Cell*> waiting = chosen();
    std::erase_if(waiting, [&](const Cell* cell) { return finished(*cell); });
    if (options_.table) return conclude();
    const std::vector<const Cell*> without_rules = lacking_rules();
    if (waiting.empty() && without_rules.empty()) return conclude();
    for (const std::string& word : options_.passed)
      if (word == "--data" || word.starts_with("--data="))
        fail<OptionError>("--data", "behind --", "it stands before it, for all cells");
    require_cifar100();
    for (const Cell* cell : waiting) require_ready(*cell, waiting);
    RunFolder::make(options_.out);
    const run::FolderLock lock(options_.out);
    if (!complete_rules(without_rules, interrupt)) return interrupted(interrupt);
    if (waiting.empty()) return conclude();
    announce(waiting);
    for (const bool dependent : {false, true})  // on another cell's weights: those wait until all others have ended
      if (!run_cells(waiting, dependent, interrupt)) return interrupted(interrupt);
    return conclude();
  }

 private:
  using RunFolder = run::RunFolder;

  int interrupted(const Interrupt& interrupt) const {
    std::cerr << experiment_.name << ": interrupted; the same command goes on\n";
    return interrupt.exit_status();
  }
  std::size_t jobs() const { return static_cast<std::size_t>(options_.jobs); }
  RunFolder run_folder(const Cell& cell) const { return RunFolder(std::filesystem::path(options_.out) / cell.name); }

  std::vector<const Cell*> chosen() const {
    std::vector<const Cell*> cells;
    for (const std::string& name : options_.cells) cells.push_back(&experiment_.cell(name));
    if (cells.empty())
      for (const Cell& cell : experiment_.cells) cells.push_back(&cell);
    return cells;
  }

  bool finished(const Cell& cell) const { return results_.finished(cell, cell_command(cell, options_)); }

  // Throws OptionError for CIFAR-10, whose figures would be published as CIFAR-100's.
  void require_cifar100() const {
    if (options_.data == "synthetic") return;
    if (const std::filesystem::path folder = find_cifar100(options_.data); holds_cifar10(folder))
      fail<OptionError>("--data", io::printable_path(folder) + " holds CIFAR-10", "the experiments are on CIFAR-100");
  }

  // True for a cell that is published and whose run folder is the published run's.
  bool has_run(const Cell& cell) const {
    const RunFolder folder = run_folder(cell);
    return finished(cell) && std::filesystem::exists(folder.metrics()) && std::filesystem::exists(folder.last()) &&
           io::read_json(folder.metrics()) == io::read_json(results_.of_cell(cell.name).metrics());
  }

  // Throws OptionError for arguments that the training program would refuse, and for a cell that begins from another
  // one's weights where those are not there and will not come.
  void require_ready(const Cell& cell, const std::vector<const Cell*>& waiting) const {
    TrainingCommand(cell.program)
        .require_legal(cell_arguments(cell, options_), cell.name, options_.data == "synthetic");
    if (cell.begins_from.empty()) return;
    const Cell& base = experiment_.cell(cell.begins_from);
    const bool comes = std::find(waiting.begin(), waiting.end(), &base) != waiting.end();
    if (!comes && !has_run(base))
      fail<OptionError>("--cell " + cell.name, io::printable_path(run_folder(base).path()) + " holds no finished run",
                        "it begins from the weights of " + base.name + ", which has to be run first");
  }

  ChildTraining training(const Cell& cell) const {
    ChildTraining training{cell.program, cell_arguments(cell, options_), run_folder(cell),
                           std::filesystem::path(options_.out) / (cell.name + ".log")};
    if (!options_.data.empty()) training.arguments.insert(training.arguments.end(), {"--data", options_.data});
    if (!cell.begins_from.empty()) {
      const RunFolder base = run_folder(experiment_.cell(cell.begins_from));
      training.arguments.insert(training.arguments.end(), {cell.begins_with, base.last().string()});
    }
    return training;
  }

  // Runs and publishes the cells that begin from another one's weights, or those that do not; false where it was
  // interrupted.
  bool run_cells(const std::vector<const Cell*>& waiting, bool dependent, const Interrupt& interrupt) {
    std::vector<ChildTraining> trainings;
    std::vector<const Cell*> cells;
    for (const Cell* cell : waiting) {
      if (cell->begins_from.empty() == dependent) continue;
      if (dependent && !has_run(experiment_.cell(cell->begins_from))) {
        ++failed_;
        std::cerr << cell->name << ": not run, " << cell->begins_from << " is not finished\n";
        continue;
      }
      trainings.push_back(training(*cell));
      cells.push_back(cell);
    }
    return run_trainings(trainings, jobs(), threads_, interrupt, [&](std::size_t i, int status) {
      std::string reason;
      if (status == 0) try {
          if (const auto rules = measure_rulings(*cells[i], trainings[i].folder, interrupt))
            results_.publish(*cells[i], trainings[i].folder, cell_command(*cells[i], options_), *rules);
          return;
        } catch (const Error& error) {  // the other cells may be good
          reason = printable(error.what(), 1000);
        }
      ++failed_;
      std::cerr << cells[i]->name << ": failed, " << (status == 0 ? reason : failure_reason(trainings[i], status))
                << '\n';
    });
  }

  // The chosen cells that were published before a ruling was there to be measured, and whose run folder still is.
  std::vector<const Cell*> lacking_rules() const {
    std::vector<const Cell*> cells = chosen();
    std::erase_if(cells, [&](const Cell* cell) {
      return !results_.published(*cell) || !results_.lacks_rules(*cell) || !has_run(*cell);
    });
    return cells;
  }
  // Returns false where it was asked to stop.
  bool complete_rules(const std::vector<const Cell*>& cells, const Interrupt& interrupt) {
    for (const Cell* cell : cells) try {
        if (interrupt.token().stop_requested()) return false;
        std::cout << cell->name << ": measuring decision rules" << std::endl;
        const auto rules = measure_rulings(*cell, run_folder(*cell), interrupt);
        if (!rules) return false;
        results_.publish_rules(*cell, *rules);
        results_.write_tables();
      } catch (const Error& error) {  // the other cells may be good
        ++failed_;
        std::cerr << cell->name << ": " << printable(error.what(), 1000) << '\n';
      }
    return !interrupt.token().stop_requested();
  }

  // What evaluate_model says of the trained network under each ruling: null without rulings; nothing where it was
  // interrupted, at once, so that trainings beside it hear of it too. Throws Error where it fails.
  std::optional<io::Json> measure_rulings(const Cell& cell, const RunFolder& folder, const Interrupt& interrupt) const {
    io::Json rules;
    const std::string precision = io::read_json(folder.config())["precision"];
    for (const Ruling& ruling : experiment_.rulings) {
      const std::filesystem::path log = std::filesystem::path(options_.out) / (cell.name + '.' + ruling.name + ".json");
      std::filesystem::remove(log);
      std::vector<std::string> arguments = {folder.last().string(),  "--json", "--precision", precision, "--threads",
                                            std::to_string(threads_)};
      arguments.insert(arguments.end(), ruling.arguments.begin(), ruling.arguments.end());
      if (!options_.data.empty()) arguments.insert(arguments.end(), {"--data", options_.data});
      ChildProcess evaluation(sibling_program("evaluate_model"), arguments, log);
      const std::optional<int> status = evaluation.wait(interrupt.token());
      if (!status) return std::nullopt;
      if (*status != 0)
        fail<Error>(cell.name + ", " + ruling.name, concat("evaluate_model: status ", *status),
                    "see " + io::printable_path(log));
      rules[ruling.name] = io::read_json(log);
    }
    return rules;
  }

  int list() const {
    for (const Cell* cell : chosen())
      std::cout << cell->name << (results_.published(*cell) ? " (published)" : "") << ": "
                << cell_command(*cell, options_) << '\n';
    return 0;
  }

  // Says what will be run and for how long: a few steps of the first training show the speed.
  void announce(const std::vector<const Cell*>& waiting) const {
    double images = 0;
    for (const Cell* cell : waiting) {
      // Measuring an image takes a third of training on it; at the end all are measured once more, 60,000 of CIFAR-100.
      const double epoch = cell->images * (cell->split + (1 - cell->split) / 3);
      images += epoch * static_cast<double>(options_.epochs.value_or(cell->epochs)) + 1.2 * cell->images / 3;
    }
    std::cout << waiting.size() << " of " << experiment_.cells.size() << " cells to run, " << options_.jobs
              << " at a time, threads of each: " << threads_ << "\nrun folders: " << options_.out << std::endl;
    if (options_.passed.empty() && options_.data != "synthetic")
      if (const double speed = measure_speed(*waiting.front()); speed > 0)
        std::cout << about(images / speed / static_cast<double>(jobs())) << " at " << std::lround(speed)
                  << " images/s each" << std::endl;
  }

  // Images per second that a cell trains on, 0 where a few steps of it fail: the training itself will say why.
  double measure_speed(const Cell& cell) const {
    constexpr int kSteps = 12, kImages = 3800;  // 95 % of the limit below
    ChildTraining probe = training(cell);
    probe.folder = RunFolder(std::filesystem::path(options_.out) / ".speed");
    probe.arguments = cell.arguments;
    if (const auto limit = std::find(probe.arguments.begin(), probe.arguments.end(), "--limit");
        limit != probe.arguments.end())
      probe.arguments.erase(limit, limit + 2);
    probe.arguments.insert(probe.arguments.end(), {"--data", "synthetic", "--epochs", "1", "--limit", "4000", "--split",
                                                   "0.95", "--limit-batches", std::to_string(kSteps)});
    std::filesystem::remove_all(probe.folder.path());
    double speed = 0;
    if (start_training(probe, threads_).wait({}) == 0) {
      const double batch = io::read_json(probe.folder.config())["batch"].get<double>();
      speed = std::min<double>(kSteps * batch, kImages) / run::read_history(probe.folder.history())[0].seconds;
    }
    std::filesystem::remove_all(probe.folder.path());
    return speed;
  }

  // Writes the tables and prints them.
  int conclude() const {
    results_.write_tables();
    results_.print();
    if (failed_ > 0)
      std::cerr << experiment_.name << ": " << failed_ << (failed_ == 1 ? " cell" : " cells")
                << " failed; the logs beside the run folders say why\n";
    std::cout << "tables: " << results_.folder().string() << std::endl;
    return failed_ > 0 ? 1 : 0;
  }

  const Experiment& experiment_;
  const ExperimentOptions& options_;
  ExperimentResults results_;
  int threads_;     // of each training
  int failed_ = 0;  // cells
};

}  // namespace

int run_experiment(const Experiment& experiment, const char* description, int argc, char** argv) {
  const Interrupt interrupt;
  ExperimentOptions options;
  options.passed = take_passed(argc, argv);
  CLI::App app{description, experiment.name};
  add_experiment_options(app, options);
  return run_program(app, argc, argv, options.threads, [&] {
    const bool as_described = options.passed.empty() && !options.epochs && options.data != "synthetic";
    if (options.results.empty())
      options.results = as_described ? "results/" + experiment.name : options.out + "/results";
    return ExperimentRun(experiment, options).run(interrupt);
  });
}

}  // namespace examples
