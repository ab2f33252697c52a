// Runs the trials of a search as processes, each in a run folder of its own, and writes down how they end.
#pragma once

#include "examples/common/search_report.hpp"

namespace examples {

/// One search, from the first trial that has not ended to the report.
class Search {
 public:
  /// @param folder of the search, made or found by the caller
  Search(SearchOptions options, std::vector<run::SearchAxis> axes, std::filesystem::path folder)
      : folder_(std::move(folder)) {
    result_.options = std::move(options);
    result_.axes = std::move(axes);
    threads_ = std::max(1, thread_count() / static_cast<int>(result_.options.jobs));
  }

  /// Runs all trials of the points; returns the exit status.
  int run(const std::vector<run::SearchPoint>& points, const Interrupt& interrupt) {
    recall_table();
    RunFolder::make(folder_ / "trials");
    const SearchOptions& options = result_.options;
    std::vector<run::Rung> rungs = {{static_cast<Index>(points.size()), options.epochs}};
    if (options.method == "halving") rungs = run::halving_rungs(rungs[0].trials, options.epochs, options.eta);
    announce(rungs);
    for (std::size_t rung = 0; rung < rungs.size(); ++rung) {
      const std::size_t first = add_trials(rung, rungs[rung], points);
      if (!run_trials(first, interrupt)) {
        std::cerr << "search_hyperparameters: interrupted; to go on: search_hyperparameters --out "
                  << shell_word(io::printable_path(folder_)) << " --resume\n";
        return interrupt.exit_status();
      }
    }
    write_search_report(folder_, result_);
    return conclude();
  }

 private:
  using RunFolder = run::RunFolder;

  std::filesystem::path table_path() const { return folder_ / "trials.csv"; }

  void recall_table() {
    if (!std::filesystem::exists(table_path())) return;
    earlier_ = io::read_csv(table_path());
    if (earlier_.header != trials_table(result_).header)
      fail<FormatError>(io::printable_path(table_path()), "other columns", "the table of this search is needed");
  }

  void announce(const std::vector<run::Rung>& rungs) const {
    for (const run::Rung& rung : rungs)
      std::cout << rung.trials << (rung.trials == 1 ? " trial of " : " trials of ") << rung.epochs
                << (rung.epochs == 1 ? " epoch\n" : " epochs\n");
    std::cout << result_.options.jobs << " at a time, threads of each: " << threads_
              << "\nfolder of the search: " << folder_.string() << std::endl;
  }

  // Adds the trials of a round: all points, or the best of the round before. Returns the position of the first.
  std::size_t add_trials(std::size_t rung, const run::Rung& size, const std::vector<run::SearchPoint>& points) {
    std::vector<std::size_t> chosen(points.size());
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    if (rung > 0) {
      std::vector<double> scores(points.size(), std::numeric_limits<double>::quiet_NaN());
      for (const Trial& trial : result_.trials)
        if (trial.rung + 1 == rung) scores[static_cast<std::size_t>(trial.number - 1)] = trial.metric;
      chosen = run::best_of(scores, size.trials, lowest_is_best(result_.options.metric));
      std::sort(chosen.begin(), chosen.end());
    }
    const std::size_t first = result_.trials.size();
    for (const std::size_t i : chosen) {
      Trial trial{.number = static_cast<Index>(i) + 1, .rung = rung, .epochs = size.epochs, .point = points[i]};
      recall(trial, earlier_, result_.axes, io::printable_path(table_path()));
      result_.trials.push_back(std::move(trial));
    }
    return first;
  }

  // Runs the trials from `first` on that have not ended; false where it was interrupted.
  bool run_trials(std::size_t first, const Interrupt& interrupt) {
    std::vector<ChildTraining> trainings;
    std::vector<std::size_t> positions;
    for (std::size_t i = first; i < result_.trials.size(); ++i)
      if (result_.trials[i].status.empty()) {
        trainings.push_back(training(result_.trials[i]));
        positions.push_back(i);
      }
    return run_trainings(
        trainings, static_cast<std::size_t>(result_.options.jobs), threads_, interrupt,
        [&](std::size_t i, int status) { record(result_.trials[positions[i]], trainings[i], status); });
  }

  ChildTraining training(const Trial& trial) const {
    const SearchOptions& options = result_.options;
    return {options.program, trial_arguments(options, options.data, result_.axes, trial.point, trial.epochs),
            RunFolder(folder_ / trial.folder()), folder_ / (trial.folder() + ".log")};
  }

  // Writes down how a trial ended.
  void record(Trial& trial, const ChildTraining& training, int status) {
    const RunFolder& run = training.folder;
    trial.status = status == 0 ? "finished" : "failed: " + failure_reason(training, status);
    if (status == 0) {
      const std::string& metric = result_.options.metric;
      const metrics::History history = run::read_history(run.history());
      if (!history.empty()) {  // else no epoch was finished in its time
        if (!history.has(metric))
          fail<DataError>("--metric", metric, io::printable_path(run.history()) + " says which columns there are");
        trial.metric = history.get(metric).back();
      }
      trial.seconds = io::read_json(run.metrics()).value("seconds", trial.seconds);
    }
    io::write_csv(table_path(), trials_table(result_));
    if (status == 0) std::filesystem::remove(run.resume());  // the largest file, of no use to a finished trial
    std::cout << "trial " << trial.number;
    for (std::size_t i = 0; i < result_.axes.size(); ++i)
      std::cout << ", " << result_.axes[i].name << ' ' << run::value_text(result_.axes[i], trial.point[i]);
    if (status == 0)
      std::cout << ": " << result_.options.metric << ' ' << decimal(trial.metric, 4) << " in "
                << decimal(trial.seconds, 1) << " s" << std::endl;
    else
      std::cout << ": " << trial.status << std::endl;
  }

  // Says what came out.
  int conclude() const {
    const auto failed = std::count_if(result_.trials.begin(), result_.trials.end(),
                                      [](const Trial& trial) { return trial.status != "finished"; });
    if (failed > 0)
      std::cerr << "search_hyperparameters: " << failed << " of " << result_.trials.size() << " trials failed\n";
    if (const Trial* best = best_trial(result_))
      std::cout << "best: " << result_.options.metric << ' ' << run::number_text(best->metric) << ", "
                << repeat_command(result_, *best) << '\n';
    std::cout << "report: " << (folder_ / "report.html").string() << std::endl;
    return failed == static_cast<std::ptrdiff_t>(result_.trials.size()) ? 1 : 0;
  }

  std::filesystem::path folder_;
  SearchResult result_;
  io::CsvTable earlier_;  // trials that had ended when the search was resumed
  int threads_ = 1;       // of each trial
};

}  // namespace examples
