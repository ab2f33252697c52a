// One training, from options to report: what the training programs have in common.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include <numeric>

#include "examples/common/config.hpp"
#include "examples/common/decision_options.hpp"
#include "examples/common/folder_images.hpp"
#include "examples/common/interrupt.hpp"
#include "examples/common/print.hpp"
#include "examples/common/shell_words.hpp"
#include "examples/common/transfer.hpp"

namespace examples {

/// Says so where a training from fresh weights has so few steps that it will hardly learn anything.
template <class T>
class FewStepsNote : public train::Callback<T> {
 public:
  explicit FewStepsNote(std::string program) : program_(std::move(program)) {}

  void on_train_begin(train::FitState<T>& state) override {
    if (const Index steps = state.steps_per_epoch * state.epochs; steps < 100)
      std::cerr << program_ << ": note: " << steps << (steps == 1 ? " step" : " steps")
                << " of the optimizer in all: with a smaller --batch or more --epochs it learns more\n";
  }

 private:
  std::string program_;
};

/// One training of a T network.
template <class T>
class Training {
 public:
  using M = Master<T>;

  /// @param config content of config.json: of the run that is resumed, or of a new one
  Training(const TrainingOptions& options, Recipe recipe, std::string program, io::Json config)
      : options_(options), recipe_(std::move(recipe)), program_(std::move(program)), config_(std::move(config)) {}

  /// Loads, trains, measures and writes the report; returns the exit status.
  int run(const Interrupt& interrupt) {
    std::shared_ptr<const Snapshot> checkpoint;
    if (options_.common.resume) {
      const run::RunFolder folder(*options_.common.out);
      checkpoint = find_checkpoint(folder);
      if (checkpoint && train::finished(*checkpoint) && is_reported(folder)) return 0;
    }
    Images images = options_.folder ? load_folder(options_) : load_images(options_.common.data, options_.common.seed);
    if (checkpoint && options_.folder) require_same_pictures(images);
    for (data::Dataset* part : {&images.train, &images.test}) *part = with_classes(*part, options_.classes);
    require_severities(options_, *images.train.taxonomy());
    const auto [train_set, val_set] = training_parts(images.train);
    const data::Dataset test_set = measured(images.test), to_validate = measured(val_set);

    normalization_ = choose_normalization(train_set, checkpoint != nullptr);
    Model<T> model = make_model<T>(recipe_, train_set, options_.common.seed);
    require_monitor(model);
    for (const std::string& file : {options_.weights, options_.trunk})
      if (!file.empty() && !checkpoint) warn_of_seen_images(file);
    if (!options_.weights.empty() && !checkpoint) exchange::load_weights(options_.weights, model);
    if (!options_.trunk.empty() && !checkpoint) load_trunk(options_.trunk, model);
    const Taxonomy& tree = *train_set.taxonomy();
    losses::LossSum<M> loss =
        make_loss<M>(recipe_, model, images.costs ? *images.costs : severity_costs(recipe_, tree), train_set);
    const auto folder = open_folder();
    announce(model, images.name, {train_set.size(), to_validate.size(), test_set.size()}, folder);
    if (options_.find_learning_rate) return find_learning_rate(model, loss, train_set, folder, interrupt);
    if (options_.folder) test_fingerprint_ = data::fingerprint(images.test);
    const auto result = train_model(model, loss, train_set, to_validate, folder, checkpoint, interrupt);
    if (result.interrupted) return interrupted(folder, interrupt);

    run::RunSummary run = describe(model, result);
    run.train = measure(model, loss, measured(train_set), interrupt);
    run.val = measure(model, loss, to_validate, interrupt);
    metrics::BatchObservers observers(
        {&run.inspection.emplace(), &run.outcomes.emplace(&tree, metrics::usual_ranks(tree.class_count(0)))});
    run.test = measure(model, loss, test_set, interrupt, &observers);
    run.images = test_set;
    run.taxonomy = tree;
    run.costs = images.costs;
    if (interrupt.token().stop_requested()) return interrupted(folder, interrupt);
    run::write_results(folder, run);
    if (recipe_.ema > 0 && result.replaced_weights != "averaged weights")
      std::cerr << program_ << ": note: the training ended before the weights were averaged\n";
    std::cout << (result.replaced_weights.empty() ? "weights of the last epoch" : result.replaced_weights)
              << ", without dropout and augmentation:\n";
    for (const auto& [part, figures] : run.parts()) print_evaluation(std::cout, part, *figures, run.costs);
    std::cout << "report: " << folder.report().string() << std::endl;
    return 0;
  }

 private:
  // Throws OptionError for a resumed run's folders that hold another tree or other test pictures than before, as far as
  // its model tells; those to train on are compared when the training is loaded.
  void require_same_pictures(const Images& images) const {
    const run::RunFolder folder(*options_.common.out);
    if (!std::filesystem::exists(folder.last())) return;
    const exchange::ModelInfo info = exchange::read_info(folder.last());
    if (info.taxonomy && *info.taxonomy != *images.train.taxonomy())
      fail<OptionError>("--resume", "the classes are not those that the run began with", "the same tree is needed");
    const auto test = info.notes.find("test_fingerprint");
    if (test != info.notes.end() && *test != data::fingerprint(images.test))
      fail<OptionError>("--resume", "the test pictures are not those that the run began with", "the same are needed");
  }

  // What the network was trained with where it goes on from a run or begins with the weights of a file; else what the
  // recipe wants.
  data::Normalization choose_normalization(const data::Dataset& train_set, bool resumed) const {
    std::filesystem::path from = options_.weights.empty() ? options_.trunk : options_.weights;
    if (const auto last = resumed ? run::RunFolder(*options_.common.out).last() : ""; std::filesystem::exists(last))
      from = last;
    if (resumed && !from.empty() && !std::filesystem::exists(from))
      fail<FormatError>(io::printable_path(from), "no such file",
                        "the run was stopped within its first epoch: the file that it began with is needed again");
    if (!from.empty()) {
      const exchange::ModelInfo info = exchange::read_info(from);
      const bool known = !info.normalization.mean.empty() || config_of(info).contains("normalize");
      if (known && info.normalization.mean.empty() != !recipe_.normalize && !resumed)
        std::cerr << program_ << ": note: " << io::printable_path(from) << " was trained "
                  << (recipe_.normalize ? "without" : "with") << " normalised inputs, and so is this one\n";
      if (known) return info.normalization;
    }
    return recipe_.normalize ? data::measure_normalization(train_set) : data::Normalization{};
  }

  // The images that are trained on and those that validate.
  std::pair<data::Dataset, data::Dataset> training_parts(const data::Dataset& all) const {
    const std::uint64_t seed = options_.common.seed;
    auto parts = data::stratified_split(limited(all, options_.limit, seed), options_.split, seed);
    if (parts.first.size() == 0 || parts.second.size() == 0)
      fail<OptionError>(options_.folder ? concat("--validation ", 1 - options_.split)
                                        : concat("--limit ", options_.limit, " --split ", options_.split),
                        concat(parts.first.size(), " images to train on, ", parts.second.size(), " to validate"),
                        "some of both are needed");
    return parts;
  }
  // Null where the run was killed before it saved anything: it begins anew.
  static std::shared_ptr<const Snapshot> find_checkpoint(const run::RunFolder& folder) {
    const auto there = [](const std::filesystem::path& path) { return std::filesystem::exists(path); };
    if (there(folder.learning_rates_table()) && !there(folder.resume()))
      fail<OptionError>("--resume", io::printable_path(folder.path()) + " holds a search of learning rates",
                        "a training is needed");
    if (there(folder.resume()) || there(folder.history()) || there(folder.last())) return run::resume(folder.path());
    return nullptr;
  }
  static bool is_reported(const run::RunFolder& folder) {
    if (!std::filesystem::exists(folder.report())) return false;  // it is written last
    std::cout << "nothing left to do; report: " << folder.report().string() << std::endl;
    return true;
  }

  // Says so where the network of a file may have been trained on images that validate here.
  void warn_of_seen_images(const std::string& file) const {
    const io::Json there = config_of(exchange::read_info(file));
    for (const char* name : {"data", "classes"})
      if (!there.contains(name) || there[name] != config_[name]) return;
    for (const char* name : {"seed", "split", "limit"})
      if (there.contains(name) && there[name] != config_[name]) {
        std::cerr << program_ << ": note: " << printable(file) << " was trained with " << name << ' '
                  << printable(there[name].dump()) << ": it may have seen images that validate this training, whose "
                  << "validation figures are then too good\n";
        return;
      }
  }

  // Throws OptionError, before anything is written, for a column that history.csv will not have.
  void require_monitor(const Model<T>& model) const {
    if (options_.monitor.empty()) return;
    std::string known = "loss, hd1, ms";
    for (std::size_t h = 0; h < model.heads().size(); ++h)
      for (const char* rank : {".top1", ".top5", ".macro_f1"}) known += ", " + model.heads().name(h) + rank;
    const auto dot = options_.monitor.find('.');
    const std::string part = options_.monitor.substr(0, dot), figure = ", " + options_.monitor.substr(dot + 1) + ",";
    if ((part != "train" && part != "val") || (", " + known + ",").find(figure) == std::string::npos)
      fail<OptionError>("--monitor", "'" + printable(options_.monitor) + "'",
                        "expected train. or val. before one of " + known);
  }

  std::string monitor(const Model<T>& model) const {
    return options_.monitor.empty() ? "val." + model.heads().name(0) + ".top1" : options_.monitor;
  }

  run::RunFolder open_folder() const {
    if (!options_.common.resume) {
      const auto folder = run::RunFolder::create(options_.common.out, program_);
      const run::FolderLock lock(folder.path());
      if (std::filesystem::exists(folder.config()))
        fail<Error>(io::printable_path(folder.path()), "another program began a run there just now",
                    "a new folder is needed: nothing is overwritten");
      io::write_json(folder.config(), config_);
      return folder;
    }
    for (const auto& [name, here] : {std::pair{"isa", kernels::to_string(kernels::isa_for<T>())}, {"commit", commit()}})
      if (config_[name] != here)
        std::cerr << program_ << ": note: begun with " << name << ' ' << config_[name].dump() << ", goes on with \""
                  << here << "\": the last bits may differ\n";
    return run::RunFolder(*options_.common.out);
  }

  // @param parts images to train on, to validate and to test
  void announce(Model<T>& model, const std::string& images, const std::array<Index, 3>& parts,
                const run::RunFolder& folder) const {
    if (options_.dry_run) std::cout << "dry run: two batches of everything\n";
    std::cout << summary(model) << '\n'
              << recipe_.network << " network, recipe " << recipe_.name << ", " << options_.common.precision << " on "
              << kernels::to_string(kernels::isa_for<T>()) << ", " << thread_count() << " threads, " << recipe_.epochs
              << " epochs, schedule " << recipe_.schedule << '\n'
              << printable(images) << ": " << parts[0] << " images to train on, " << parts[1] << " to validate, "
              << parts[2] << " to test\n"
              << "run folder: " << folder.path().string() << std::endl;
  }

  train::FitResult train_model(Model<T>& model, losses::LossSum<M>& loss, const data::Dataset& train_set,
                               const data::Dataset& val_set, const run::RunFolder& folder,
                               std::shared_ptr<const Snapshot> checkpoint, const Interrupt& interrupt) const {
    const exchange::ModelInfo info{
        .network = exchange::network_json(recipe_network(recipe_, train_set), recipe_.network),
        .normalization = normalization_,
        .taxonomy = *train_set.taxonomy(),
        .fit = options_.folder ? std::optional(io::parse_fit(options_.folder->fit, "--fit")) : std::nullopt,
        .notes = notes()};
    const auto optimizer = make_optimizer(recipe_, model, loss);
    train::Callbacks<T> callbacks = {train::progress_bar(std::cerr), std::make_shared<LearnedWeights<T>>(loss)};
    if (options_.weights.empty() && options_.trunk.empty() && !options_.common.resume && options_.limit_batches == 0)
      callbacks.push_back(std::make_shared<FewStepsNote<T>>(program_));
    if (recipe_.patience > 0)
      callbacks.push_back(train::early_stopping(
          {.monitor = monitor(model), .patience = recipe_.patience, .restore_best = true}));  // ema comes after it
    if (options_.time_limit > 0) callbacks.push_back(train::time_limit(60 * options_.time_limit));
    if (recipe_.ema > 0)
      callbacks.push_back(train::ema(
          train_set,
          {.decay = recipe_.ema,
           .statistics = {.batch = recipe_.batch, .seed = options_.common.seed, .normalization = normalization_}}));
    callbacks.push_back(run::checkpoint(folder.path(), info,
                                        {.monitor = options_.monitor,
                                         .higher_is_better = !lowest_is_best(options_.monitor),
                                         .every_seconds = options_.checkpoint_every}));
    return train::fit(model, loss, *optimizer, train_set,
                      {.epochs = recipe_.epochs,
                       .batch = recipe_.batch,
                       .accumulate = recipe_.accumulate,
                       .limit_batches = options_.limit_batches,
                       .seed = options_.common.seed,
                       .validate = val_set,
                       .augment = make_augmentations(recipe_),
                       .mix = make_mix(recipe_),
                       .normalization = normalization_,
                       .schedule = make_schedule(recipe_),
                       .clip_norm = recipe_.clip_norm,
                       .callbacks = std::move(callbacks),
                       .stop = interrupt.token(),
                       .resume = std::move(checkpoint)});
  }

  // What the models of the run say of it.
  io::Json notes() const {
    io::Json notes = {{"config", config_}};
    if (test_fingerprint_) notes["test_fingerprint"] = *test_fingerprint_;
    return notes;
  }

  metrics::EvaluationResult measure(Model<T>& model, losses::LossSum<M>& loss, const data::Dataset& part,
                                    const Interrupt& interrupt, metrics::BatchObserver* observer = nullptr) const {
    return train::evaluate(
        model, loss, part,
        {.batch = recipe_.batch, .normalization = normalization_, .stop = interrupt.token(), .observer = observer});
  }

  int find_learning_rate(Model<T>& model, losses::LossSum<M>& loss, const data::Dataset& train_set,
                         const run::RunFolder& folder, const Interrupt& interrupt) const {
    run::write_learning_rates(folder, {});  // killed or not, this folder is no training from here on
    const auto optimizer = make_optimizer(recipe_, model, loss);
    const auto found = train::find_learning_rate(model, loss, *optimizer, train_set,
                                                 {.batch = recipe_.batch,
                                                  .seed = options_.common.seed,
                                                  .augment = make_augmentations(recipe_),
                                                  .normalization = normalization_,
                                                  .stop = interrupt.token()});
    run::write_learning_rates(folder, found);  // also of an interrupted search
    if (interrupt.token().stop_requested()) {
      std::cerr << program_ << ": interrupted\n";
      return interrupt.exit_status();
    }
    std::cout << found.steps.size() << " steps; ";
    if (std::isnan(found.suggestion))
      std::cout << "the loss falls nowhere clearly: no rate can be suggested\n";
    else
      std::cout << "the largest rate at which the loss falls about fastest: --learning-rate "
                << run::rate_text(found.suggestion) << '\n';
    if (found.steps.size() > 1) std::cout << "curve: " << folder.learning_rates_picture().string() << std::endl;
    return 0;
  }

  // The images that are measured: all, or two batches in a dry run.
  data::Dataset measured(const data::Dataset& all) const {
    const Index count = 2 * recipe_.batch;
    if (!options_.dry_run || all.size() <= count) return all;
    std::vector<Index> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), Index{0});
    return all.subset(order);
  }

  int interrupted(const run::RunFolder& folder, const Interrupt& interrupt) const {
    std::cerr << program_ << ": interrupted; to go on: " << program_ << " --out "
              << shell_word(io::printable_path(folder.path())) << " --resume\n";
    return interrupt.exit_status();
  }

  run::RunSummary describe(Model<T>& model, const train::FitResult& result) {
    run::RunSummary run;
    run.title =
        concat(program_, ": ", recipe_.network, " network, recipe ", recipe_.name, options_.dry_run ? ", dry run" : "");
    run.config = config_;
    run.recipe = recipe_.name;
    run.network = recipe_.network;
    run.split = options_.split;
    run.epochs = recipe_.epochs;
    run.seed = options_.common.seed;
    run.precision = options_.common.precision;
    run.isa = kernels::to_string(kernels::isa_for<T>());
    run.commit = commit();
    run.threads = thread_count();
    run.seconds = result.seconds;
    run.layers = summary(model);
    run.parameters_total = run.parameters_trainable = model.parameter_count();
    if (recipe_.trunk_rate == 0)
      for (const auto* param : model.parameters())
        run.parameters_trainable -= param->name.starts_with("trunk.") ? param->size() : 0;
    run.buffers = run.layers.total.fixed;
    run.history = result.history;
    return run;
  }

  const TrainingOptions& options_;
  Recipe recipe_;
  std::string program_;
  io::Json config_;
  data::Normalization normalization_;              // of the images; see choose_normalization
  std::optional<std::uint64_t> test_fingerprint_;  // of a folder's pictures that are kept for the test
};

}  // namespace examples
