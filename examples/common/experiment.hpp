// One experiment: trainings ("cells") that differ in a few options, run where they are not finished yet, published one
// by one, and set side by side in a table and in pictures.
#pragma once

#include <algorithm>
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/child_training.hpp"
#include "examples/common/options.hpp"

namespace examples {

/// One training of an experiment.
struct Cell {
  std::string name = {};                    ///< of its folders
  std::string program = {};                 ///< train_multihead or train_severity
  std::vector<std::string> arguments = {};  ///< all but --data, --out, --resume, --threads and --weights
  Index epochs = 50;                        ///< of the training
  double split = 0.9;                       ///< share of the training images that is trained on
  std::string begins_from = {};             ///< cell whose last weights it begins from; "": fresh weights
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

/// "about 2 h 10 min".
inline std::string about(double seconds) {
  const auto minutes = static_cast<Index>(std::lround(seconds / 60));
  if (minutes < 2) return concat("about ", std::lround(seconds), " s");
  return minutes < 120 ? concat("about ", minutes, " min")
                       : concat("about ", minutes / 60, " h ", minutes % 60, " min");
}

/// Runs an experiment and publishes it.
class ExperimentRun {
 public:
  ExperimentRun(const Experiment& experiment, const ExperimentOptions& options)
      : experiment_(experiment), options_(options), threads_(std::max(1, thread_count() / static_cast<int>(jobs()))) {}

  /// Does what the options ask for; returns the exit status.
  int run(const Interrupt& interrupt) {
    if (options_.jobs > thread_count())
      fail<OptionError>(concat("--jobs ", options_.jobs), concat(thread_count(), " threads"),
                        "each training needs one of its own");
    if (options_.list) return list();
    if (options_.table) return conclude(0);
    const std::vector<const Cell*> waiting = unfinished();
    if (waiting.empty()) return conclude(0);
    RunFolder::make(options_.out);
    const run::FolderLock lock(options_.out);
    announce(waiting);
    // Cells that begin from another one's weights wait until all others have ended.
    int failed = 0;
    for (const bool dependent : {false, true}) {
      std::vector<ChildTraining> trainings;
      std::vector<const Cell*> cells;
      for (const Cell* cell : waiting)
        if (cell->begins_from.empty() != dependent) {
          trainings.push_back(training(*cell));
          cells.push_back(cell);
        }
      const bool all = run_trainings(trainings, jobs(), threads_, interrupt, [&](std::size_t i, int status) {
        if (status == 0)
          publish(*cells[i]);
        else
          std::cerr << cells[i]->name << ": failed, " << failure_reason(trainings[i], status) << '\n', ++failed;
      });
      if (all) continue;
      std::cerr << experiment_.name << ": interrupted; the same command goes on\n";
      return interrupt.exit_status();
    }
    return conclude(failed);
  }

 private:
  using RunFolder = run::RunFolder;

  std::size_t jobs() const { return static_cast<std::size_t>(options_.jobs); }
  RunFolder run_folder(const Cell& cell) const { return RunFolder(std::filesystem::path(options_.out) / cell.name); }
  RunFolder published(const Cell& cell) const { return RunFolder(std::filesystem::path(options_.results) / cell.name); }
  bool finished(const Cell& cell) const { return std::filesystem::exists(published(cell).metrics()); }

  std::vector<const Cell*> chosen() const {
    std::vector<const Cell*> cells;
    for (const std::string& name : options_.cells) cells.push_back(&experiment_.cell(name));
    if (cells.empty())
      for (const Cell& cell : experiment_.cells) cells.push_back(&cell);
    return cells;
  }
  std::vector<const Cell*> unfinished() const {
    std::vector<const Cell*> cells = chosen();
    std::erase_if(cells, [&](const Cell* cell) { return finished(*cell); });
    return cells;
  }

  Index epochs(const Cell& cell) const { return options_.epochs.value_or(cell.epochs); }
  // All but the folders.
  std::vector<std::string> own_arguments(const Cell& cell) const {
    std::vector<std::string> arguments = cell.arguments;
    arguments.insert(arguments.end(),
                     {"--split", run::number_text(cell.split), "--epochs", std::to_string(epochs(cell))});
    arguments.insert(arguments.end(), options_.passed.begin(), options_.passed.end());
    return arguments;
  }
  ChildTraining training(const Cell& cell) const {
    ChildTraining training{cell.program, own_arguments(cell), run_folder(cell),
                           std::filesystem::path(options_.out) / (cell.name + ".log")};
    if (!options_.data.empty()) training.arguments.insert(training.arguments.end(), {"--data", options_.data});
    if (!cell.begins_from.empty()) {
      const RunFolder base = run_folder(experiment_.cell(cell.begins_from));
      training.arguments.insert(training.arguments.end(), {"--weights", base.last().string()});
    }
    return training;
  }
  // The command that repeats the cell.
  std::string command(const Cell& cell) const {
    std::vector<std::string> arguments = own_arguments(cell);
    arguments.insert(arguments.end(), {"--data", options_.data == "synthetic" ? "synthetic" : "DIR"});
    if (!cell.begins_from.empty())
      arguments.insert(arguments.end(), {"--weights", cell.begins_from + "/last.safetensors"});
    return shell_command(cell.program, arguments);
  }

  int list() const {
    for (const Cell* cell : chosen())
      std::cout << cell->name << (finished(*cell) ? " (finished)" : "") << ": " << command(*cell) << '\n';
    return 0;
  }

  // Says what will be run and for how long: a few steps of the first training show the speed.
  void announce(const std::vector<const Cell*>& waiting) const {
    constexpr double kImages = 50000;
    double images = 0;
    for (const Cell* cell : waiting) {
      // Measuring an image takes a third of training on it; at the end all 60,000 are measured once more.
      const double epoch = kImages * (cell->split + (1 - cell->split) / 3);
      images += epoch * static_cast<double>(epochs(*cell)) + 1.2 * kImages / 3;
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
    constexpr int kSteps = 12;
    ChildTraining probe = training(cell);
    probe.folder = RunFolder(std::filesystem::path(options_.out) / ".speed");
    probe.arguments = cell.arguments;
    probe.arguments.insert(probe.arguments.end(), {"--data", "synthetic", "--epochs", "1", "--limit", "4000", "--split",
                                                   "0.95", "--limit-batches", std::to_string(kSteps)});
    std::filesystem::remove_all(probe.folder.path());
    std::optional<int> status;
    for (ChildProcess process = start_training(probe, threads_); !status; status = process.poll())
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    double speed = 0;
    if (*status == 0) {
      const double batch = io::read_json(probe.folder.config())["batch"].get<double>();
      speed = kSteps * batch / run::read_history(probe.folder.history())[0].seconds;
    }
    std::filesystem::remove_all(probe.folder.path());
    return speed;
  }

  // Copies what others may want to see of a finished run.
  void publish(const Cell& cell) const {
    const RunFolder from = run_folder(cell), to = published(cell);
    std::filesystem::create_directories(to.path());
    io::Json config = io::read_json(from.config());
    config.erase("data_folder");
    if (!cell.begins_from.empty()) config["weights"] = cell.begins_from + "/last.safetensors";
    config["command"] = command(cell);
    io::write_json(to.config(), config);
    for (const auto& entry : std::filesystem::directory_iterator(from.path()))
      if (const std::string name = entry.path().filename().string();
          name == "history.csv" || (name.starts_with("confusion_") && name.ends_with(".csv")))
        io::write_file(to.path() / name, io::read_file(entry.path(), std::uint64_t{1} << 26));
    io::write_json(to.metrics(), io::read_json(from.metrics()));  // the last one: it says that the cell is finished
    std::cout << cell.name << ": ";
    const run::FinishedRun run = run::read_run(to.path());
    for (const auto& [level, top1] : run.levels) std::cout << level << ' ' << run::percent(top1) << ", ";
    std::cout << "HD@1 " << report::decimal(run.figures.hd1, 3) << ", MS " << report::decimal(run.figures.ms, 3)
              << std::endl;
    write_tables();
  }

  // First epoch whose validation accuracy reaches 95 % of the best one, and the minutes until its end.
  static std::pair<Index, double> nearly_best(const metrics::History& history) {
    const double best = history.best("val.fine.top1", true).get("val.fine.top1");
    double seconds = 0;
    for (std::size_t i = 0; i < history.size(); ++i) {
      seconds += history[i].seconds;
      if (history[i].get("val.fine.top1") >= 0.95 * best) return {history[i].epoch, seconds / 60};
    }
    return {0, 0};
  }

  std::vector<run::FinishedRun> read_finished(const std::vector<std::string>& names) const {
    std::vector<std::filesystem::path> folders;
    for (const std::string& name : names)
      if (finished(experiment_.cell(name))) folders.push_back(published(experiment_.cell(name)).path());
    return run::read_runs(folders);
  }

  // table.csv, table.md and the pictures of every group that has two finished cells.
  void write_tables() const {
    std::vector<std::string> names;
    for (const Cell& cell : experiment_.cells) names.push_back(cell.name);
    const std::vector<run::FinishedRun> runs = read_finished(names);
    const io::CsvTable table = results_table(runs);
    const std::filesystem::path folder = options_.results;
    io::write_csv(folder / "table.csv", table);
    io::write_file(folder / "table.md", markdown(table));
    for (const CellGroup& group : experiment_.groups) {
      std::vector<report::ComparedRun> figures;
      std::vector<std::string> severities;
      for (const run::FinishedRun& run : read_finished(group.cells)) {
        figures.push_back(run.figures);
        severities = run.severities;
      }
      if (figures.size() < 2) continue;
      const auto write = [&](const char* kind, const io::Image& image) {
        io::write_file(folder / (group.name + '_' + kind + ".png"), io::encode_png(image));
      };
      write("curves", report::curves(report::comparison_panels(figures)));
      write("severity", report::severity_bars(figures, severities));
    }
  }

  static io::CsvTable results_table(const std::vector<run::FinishedRun>& runs) {
    io::CsvTable table{{"cell",
                        "test fine %",
                        "superclass %",
                        "group %",
                        "train fine %",
                        "HD@1",
                        "MS",
                        "correct",
                        "severity 1",
                        "severity 2",
                        "severity 3",
                        "train loss first",
                        "train loss last",
                        "val loss first",
                        "val loss last",
                        "epochs",
                        "epochs to 95 % of best",
                        "minutes to it",
                        "minutes",
                        "precision",
                        "instruction set",
                        "seed",
                        "commit"},
                       {}};
    for (const run::FinishedRun& run : runs) {
      const io::Json &metrics = run.metrics, &loss = metrics["loss"];
      const auto lifted = [&](const char* level) {  // by its own head, else by the lifted fine prediction
        for (const auto& [name, top1] : run.levels)
          if (name == level) return report::decimal(100 * top1, 2);
        return report::decimal(100 * metrics[run.part]["from_fine"][level]["top1"].get<double>(), 2);
      };
      const auto [epoch, minutes] = nearly_best(run.figures.history);
      std::vector<std::string> row = {run.figures.name,
                                      lifted("fine"),
                                      lifted("superclass"),
                                      lifted("group"),
                                      report::decimal(100 * metrics["train"]["fine"]["top1"].get<double>(), 2),
                                      report::decimal(run.figures.hd1, 4),
                                      report::decimal(run.figures.ms, 4)};
      for (const Index count : run.figures.severities) row.push_back(std::to_string(count));
      for (const char* part : {"train", "val"})
        for (const char* when : {"first", "last"}) row.push_back(report::decimal(loss[part][when].get<double>(), 3));
      row.insert(row.end(),
                 {std::to_string(run.figures.history.size()), std::to_string(epoch), report::decimal(minutes, 1),
                  report::decimal(metrics["seconds"].get<double>() / 60, 1), metrics["precision"], metrics["isa"],
                  std::to_string(metrics["seed"].get<std::uint64_t>()), metrics["commit"]});
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  static std::string markdown(const io::CsvTable& table) {
    const auto line = [](const std::vector<std::string>& fields) {
      std::string text = "|";
      for (const std::string& field : fields) text += ' ' + field + " |";
      return text + '\n';
    };
    std::string text = line(table.header) + line(std::vector<std::string>(table.header.size(), "---"));
    for (const auto& row : table.rows) text += line(row);
    return text;
  }

  // Writes the tables and prints the one of the accuracies.
  int conclude(int failed) const {
    std::filesystem::create_directories(options_.results);
    write_tables();
    std::vector<std::string> names;
    for (const Cell& cell : experiment_.cells) names.push_back(cell.name);
    std::cout << "cell: fine / superclass / group on test, train fine, HD@1, MS\n";
    for (const auto& row : results_table(read_finished(names)).rows)
      std::cout << row[0] << ": " << row[1] << " / " << row[2] << " / " << row[3] << " %, " << row[4] << " %, "
                << row[5] << ", " << row[6] << '\n';
    if (failed > 0) std::cerr << experiment_.name << ": " << failed << " cells failed; their logs say why\n";
    std::cout << "tables: " << options_.results << std::endl;
    return failed > 0 ? 1 : 0;
  }

  const Experiment& experiment_;
  const ExperimentOptions& options_;
  int threads_;
};

/// What `main` of an experiment's program does.
inline int run_experiment(const Experiment& experiment, const char* description, int argc, char** argv) {
  const Interrupt interrupt;
  ExperimentOptions options;
  char** const passed =
      std::find_if(argv, argv + argc, [](const char* word) { return std::string_view(word) == "--"; });
  if (passed != argv + argc) options.passed.assign(passed + 1, argv + argc);
  CLI::App app{description, experiment.name};
  add_experiment_options(app, options);
  return run_program(app, static_cast<int>(passed - argv), argv, options.threads, [&] {
    const bool as_described = options.passed.empty() && !options.epochs && options.data != "synthetic";
    if (options.results.empty())
      options.results = as_described ? "results/" + experiment.name : options.out + "/results";
    return ExperimentRun(experiment, options).run(interrupt);
  });
}

}  // namespace examples
