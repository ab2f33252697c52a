// What the command line of a search says, search.json, and the command line of each trial.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/run.hpp>

#include "examples/common/training_command.hpp"

namespace examples {

/// What a search is asked to do.
struct SearchOptions {
  std::string program = "train_multihead";  ///< that trains
  std::string method = "random";            ///< grid, random or halving
  std::vector<std::string> ranges, values;  ///< as on the command line
  std::optional<Index> trials;              ///< of random and halving; else 20
  Index epochs = 10;                        ///< of a full trial
  Index eta = 3;                            ///< of halving
  std::string metric;                       ///< column of history.csv, its last row counts; "": see default_metric
  std::uint64_t seed = 1;                   ///< of the points, and of every trial
  std::string data;                         ///< as of the training programs; of train_folder the folder of pictures
  std::vector<std::string> passed;          ///< what every trial is given besides
  std::optional<std::string> out;           ///< folder of the search
  bool resume = false;                      ///< continue the search in `out`
  Index jobs = 1;                           ///< trials at a time
  int threads = 0;                          ///< of all of them together; 0: all cores
};

/// Adds every option but those behind "--".
inline void add_search_options(CLI::App& app, SearchOptions& options) {
  app.add_option("--program", options.program, "training program of the trials, in the same folder as this program")
      ->check(CLI::IsMember({"train_multihead", "train_severity", "train_folder"}))
      ->capture_default_str();
  app.add_option("--method", options.method,
                 "grid: all combinations of --values; random: --trials random points; halving: successive halving of "
                 "random points, first with few epochs, then the best 1/eta with eta times as many, up to --epochs, "
                 "each time from the start because a schedule depends on the number of epochs")
      ->check(CLI::IsMember({"grid", "random", "halving"}))
      ->capture_default_str();
  app.add_option("--range", options.ranges,
                 "NAME=LOW:HIGH or NAME=LOW:HIGH:log, e.g. learning-rate=1e-4:1e-2:log: a numeric option of the "
                 "program and its range; repeat it for several");
  app.add_option("--values", options.values,
                 "NAME=A,B,C: a numeric option and the values to try; repeat it for several");
  app.add_option("--trials", options.trials, "number of random points [default: 20]")
      ->check(CLI::Range(Index{1}, Index{10000}));
  app.add_option("--epochs", options.epochs, "epochs of a full trial")
      ->check(CLI::Range(Index{1}, Index{100000}))
      ->capture_default_str();
  app.add_option("--eta", options.eta, "halving: one in this many trials continues")
      ->check(CLI::Range(Index{2}, Index{100}))
      ->capture_default_str();
  app.add_option("--metric", options.metric,
                 "column of history.csv whose value after the last epoch is compared; loss, hd1 and ms are best when "
                 "lowest, all others when highest [default: val.<finest level>.top1]");
  app.add_option("--data", options.data,
                 "images, as for the program [default: $HCNN_CIFAR100_DIR, then data/cifar-100-binary]; for "
                 "train_folder the folder of images");
  add_seed_option(app, options.seed, "seed of the points and of every trial");
  auto* out = app.add_option("--out", options.out,
                             "folder of the search; it must not exist, except with --resume "
                             "[default: runs/search_hyperparameters-NNN]");
  app.add_flag("--resume", options.resume, "continue the search in --out with the options in its search.json")
      ->needs(out);
  app.add_option("--jobs", options.jobs, "trials at a time; they share the threads")
      ->check(CLI::Range(Index{1}, Index{1024}))
      ->capture_default_str();
  add_threads_option(app, options.threads);
  app.footer("Arguments after -- are given to every trial, e.g. -- --recipe best --limit 5000");
}

/// Where the images of the trials are, absolute; Error where there are none.
inline std::string search_data(const SearchOptions& options) {
  if (options.program != "train_folder")
    return options.data == "synthetic" ? options.data : std::filesystem::absolute(find_cifar100(options.data)).string();
  if (!std::filesystem::is_directory(options.data))
    fail<OptionError>("--data", "'" + printable(options.data) + "'", "train_folder needs a folder of pictures");
  return std::filesystem::absolute(options.data).string();
}

/// What decides the trials and their figures: the content of search.json.
inline io::Json search_json(const SearchOptions& options) {
  return {{"program", options.program},
          {"method", options.method},
          {"ranges", options.ranges},
          {"values", options.values},
          {"trials", options.trials.value_or(options.method == "grid" ? 0 : 20)},
          {"epochs", options.epochs},
          {"eta", options.eta},
          {"metric", options.metric},
          {"seed", options.seed},
          {"data", search_data(options)},
          {"arguments", options.passed}};
}

/// Takes the options from a search.json; FormatError, naming file and member, for whatever is none.
inline void read_search(const io::Json& json, const std::string& where, SearchOptions& options) {
  io::JsonObject object(json, where);
  options.program = object.text("program");
  options.method = object.text("method");
  options.ranges = object.texts("ranges", 100);
  options.values = object.texts("values", 100);
  const Index trials = object.integer("trials", 0, 10000);
  if (trials > 0) options.trials = trials;
  options.epochs = object.integer("epochs", 1, 100000);
  options.eta = object.integer("eta", 2, 100);
  options.metric = object.text("metric");
  const io::Json& seed = object.member("seed");
  if (!seed.is_number_unsigned()) fail<FormatError>(where, "seed is no whole number >= 0", "it must be");
  options.seed = seed.get<std::uint64_t>();
  options.data = object.text("data");
  options.passed = object.texts("arguments", 1000);
  object.finish();
}

/// Throws OptionError, one line, where the command line asks for another search than the one that it resumes. As long
/// as no trial has ended, the metric may be another one: one that history.csv lacks is noticed at the end of a trial.
inline void require_same_search(const io::Json& there, const io::Json& asked, const std::filesystem::path& folder) {
  const bool begun = std::filesystem::exists(folder / "trials.csv");
  for (const auto& [name, value] : there.items())
    if (asked[name] != value && (begun || name != "metric"))
      fail<OptionError>("--resume", "the command line asks for " + name + " = " + asked[name].dump(),
                        "the search has " + value.dump() + " and keeps it");
}

/// The axes of the search, checked against the options that the program has. Throws OptionError.
inline std::vector<run::SearchAxis> search_axes(const SearchOptions& options) {
  std::vector<run::SearchAxis> axes;
  for (const std::string& text : options.ranges) axes.push_back(run::parse_range(text));
  for (const std::string& text : options.values) axes.push_back(run::parse_values(text));
  if (axes.empty()) fail<OptionError>("search", "neither --range nor --values", "something to vary is needed");
  TrainingCommand command(options.program);
  for (run::SearchAxis& axis : axes) {
    const std::string where = (axis.values.empty() ? "--range " : "--values ") + printable(axis.name);
    if (std::count_if(axes.begin(), axes.end(), [&](const auto& other) { return other.name == axis.name; }) > 1)
      fail<OptionError>(where, "it is there twice", "one range or list of values is needed for each option");
    if (axis.name == "epochs" || axis.name == "seed" || axis.name == "threads")
      fail<OptionError>(where, "the search itself gives it to every trial", "another option is needed");
    const CLI::Option* option = command.app.get_option_no_throw("--" + axis.name);
    const std::string type = option ? option->get_type_name() : "";
    const bool whole = type.starts_with("INT") || type.starts_with("UINT");
    if (!whole && !type.starts_with("FLOAT"))
      fail<OptionError>(where, "no numeric option of " + options.program, "see " + options.program + " --help");
    if (whole) run::require_whole(axis);
  }
  return axes;
}

/// What the training program is asked for in a trial, but for its folder and its threads.
inline std::vector<std::string> trial_arguments(const SearchOptions& options, const std::string& data,
                                                const std::vector<run::SearchAxis>& axes, const run::SearchPoint& point,
                                                Index epochs) {
  std::vector<std::string> arguments = {"--data", data};
  if (options.program == "train_folder") arguments = {data};
  arguments.insert(arguments.end(), {"--seed", std::to_string(options.seed), "--epochs", std::to_string(epochs)});
  for (std::size_t i = 0; i < axes.size(); ++i)
    arguments.insert(arguments.end(), {"--" + axes[i].name, run::value_text(axes[i], point[i])});
  arguments.insert(arguments.end(), options.passed.begin(), options.passed.end());
  return arguments;
}

/// The validation accuracy of the finest level, as the options that every trial is given call it.
inline std::string default_metric(const SearchOptions& options) {
  TrainingCommand command(options.program);
  std::vector<std::string> arguments = trial_arguments(options, options.data, {}, {}, options.epochs);
  std::reverse(arguments.begin(), arguments.end());
  try {
    command.app.parse(std::move(arguments));
  } catch (const CLI::Error&) {  // search_points will say what is wrong
  }
  std::string level = "fine";
  if (const auto& folder = command.options.folder; folder && !folder->hierarchy.empty())
    level = exchange::read_taxonomy(folder->hierarchy).level_name(0);
  else if (folder && !folder->levels.empty())
    level = run::split_text(folder->levels, ',').front();
  return "val." + level + ".top1";
}

/// The points that are tried, each legal for the program; OptionError for options that do not fit together.
inline std::vector<run::SearchPoint> search_points(const SearchOptions& options,
                                                   const std::vector<run::SearchAxis>& axes) {
  if (!options.metric.starts_with("val.") && !options.metric.starts_with("train."))
    fail<OptionError>("--metric", options.metric, "a column of history.csv is needed, val.fine.top1 or train.loss");
  std::vector<run::SearchPoint> points;
  if (options.method == "grid") {
    if (!options.ranges.empty() || options.trials)
      fail<OptionError>("--method grid", "--range or --trials", "a grid is made of --values alone");
    points = run::grid(axes);
  } else {
    for (Index trial = 1; trial <= options.trials.value_or(20); ++trial)
      points.push_back(run::random_point(axes, Seed{options.seed}, trial));
  }
  for (const run::SearchPoint& point : points) {
    TrainingCommand command(options.program);
    std::string where = "trial";
    for (std::size_t i = 0; i < axes.size(); ++i)
      where += concat(" --", axes[i].name, ' ', run::value_text(axes[i], point[i]));
    command.require_legal(trial_arguments(options, "synthetic", axes, point, options.epochs), where,
                          options.data == "synthetic");
    if (command.options.ema.value_or(0) > 0)
      fail<OptionError>(where, "--ema", "the metric is measured before the weights are averaged: leave it out");
  }
  return points;
}

}  // namespace examples
