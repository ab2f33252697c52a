// One training, from options to report: what train_multihead and train_severity have in common.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include <chrono>
#include <numeric>

#include "examples/common/interrupt.hpp"
#include "examples/common/print.hpp"
#include "examples/common/training_options.hpp"

namespace examples {

/// Everything needed to repeat the run: the content of config.json.
inline io::Json config_json(const Recipe& recipe, const TrainingOptions& options, const std::string& program,
                            const std::string& images) {
  return {{"program", program},
          {"recipe", recipe.name},
          {"data", images},
          {"split", options.split},
          {"seed", options.common.seed},
          {"epochs", recipe.epochs},
          {"batch", recipe.batch},
          {"precision", options.common.precision},
          {"threads", thread_count()},
          {"network", recipe.network},
          {"activation", recipe.activation},
          {"batch_norm", recipe.batch_norm},
          {"dropout", recipe.dropout},
          {"init", recipe.init},
          {"small_heads", recipe.small_heads},
          {"loss", recipe.loss},
          {"head_weights", recipe.head_weights},
          {"label_smoothing", recipe.label_smoothing},
          {"optimizer", recipe.optimizer},
          {"nesterov", recipe.nesterov},
          {"learning_rate", recipe.learning_rate},
          {"weight_decay", recipe.weight_decay},
          {"schedule", recipe.schedule},
          {"augment", recipe.augment},
          {"normalize", recipe.normalize},
          {"limit", options.limit},
          {"isa", kernels::to_string(kernels::active_isa())},
          {"commit", HCNN_COMMIT}};
}

/// One training of a T network.
template <class T>
class Training {
 public:
  using M = Master<T>;

  Training(const TrainingOptions& options, Recipe recipe, std::string program)
      : options_(options), recipe_(std::move(recipe)), program_(std::move(program)) {}

  /// Loads, trains, measures and writes the report; returns the exit status.
  int run(const Interrupt& interrupt) {
    const Images images = load_images(options_.common.data, options_.common.seed);
    const auto [fit_set, val_set] = data::stratified_split(limited(images.train), options_.split, options_.common.seed);
    const auto folder = run::RunFolder::create(options_.common.out, program_);
    const io::Json config = config_json(recipe_, options_, program_, images.name);
    io::write_json(folder.config(), config);

    if (recipe_.normalize) normalization_ = data::measure_normalization(fit_set);
    Model<T> model = make_model<T>(recipe_, fit_set, options_.common.seed);
    losses::LossSum<M> loss = make_loss<M>(recipe_, model, *fit_set.taxonomy());
    announce(model, images, fit_set.size(), val_set.size(), folder);

    const auto begin = std::chrono::steady_clock::now();
    const auto result = train_model(model, loss, fit_set, val_set, folder, config, interrupt);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (result.interrupted) return interrupted(folder);

    run::RunSummary run = describe(model, config, result.history, seconds);
    run.train = measure(model, loss, fit_set, interrupt);
    run.val = measure(model, loss, val_set, interrupt);
    run.test = measure(model, loss, images.test, interrupt);
    run.taxonomy = *fit_set.taxonomy();
    if (interrupt.token().stop_requested()) return interrupted(folder);
    run::write_results(folder, run);
    for (const auto& [part, figures] : run.parts()) print_evaluation(std::cout, part, *figures);
    std::cout << "report: " << folder.report().string() << std::endl;
    return 0;
  }

 private:
  void announce(Model<T>& model, const Images& images, Index to_train_on, Index to_validate,
                const run::RunFolder& folder) const {
    std::cout << summary(model) << '\n'
              << recipe_.network << " network, recipe " << recipe_.name << ", " << options_.common.precision << " on "
              << kernels::to_string(kernels::active_isa()) << ", " << thread_count() << " threads\n"
              << images.name << ": " << to_train_on << " images to train on, " << to_validate << " to validate, "
              << images.test.size() << " to test\n"
              << "run folder: " << folder.path().string() << std::endl;
  }

  train::FitResult train_model(Model<T>& model, losses::LossSum<M>& loss, const data::Dataset& fit_set,
                               const data::Dataset& val_set, const run::RunFolder& folder, const io::Json& config,
                               const Interrupt& interrupt) const {
    const exchange::ModelInfo info{
        .network = exchange::network_json(network_options(recipe_, fit_set), recipe_.network),
        .mean = normalization_.mean,
        .deviation = normalization_.deviation,
        .taxonomy = *fit_set.taxonomy(),
        .notes = {{"config", config}}};
    const auto optimizer = make_optimizer(recipe_, model.parameters());
    return train::fit(model, loss, *optimizer, fit_set,
                      {.epochs = recipe_.epochs,
                       .batch = recipe_.batch,
                       .seed = options_.common.seed,
                       .validate = &val_set,
                       .augment = make_augmentations(recipe_),
                       .normalization = normalization_,
                       .schedule = make_schedule(recipe_),
                       .callbacks = {train::progress_bar(std::cerr), run::checkpoint(folder.path(), info)},
                       .stop = interrupt.token()});
  }

  metrics::EvaluationResult measure(Model<T>& model, losses::LossSum<M>& loss, const data::Dataset& part,
                                    const Interrupt& interrupt) const {
    return train::evaluate(model, loss, part,
                           {.batch = recipe_.batch, .normalization = normalization_, .stop = interrupt.token()})
        .result;
  }

  // The first `limit` images of a keyed shuffle.
  data::Dataset limited(const data::Dataset& all) const {
    if (options_.limit == 0 || options_.limit >= all.size()) return all;
    std::vector<Index> order(static_cast<std::size_t>(all.size()));
    std::iota(order.begin(), order.end(), Index{0});
    RandomStream random(Seed{options_.common.seed}, hash_name("limit"));
    shuffle(std::span<Index>(order), random);
    order.resize(static_cast<std::size_t>(options_.limit));
    return all.subset(order);
  }

  int interrupted(const run::RunFolder& folder) const {
    std::cerr << program_ << ": interrupted; the model so far is " << folder.last().string() << '\n';
    return kInterrupted;
  }

  run::RunSummary describe(Model<T>& model, const io::Json& config, const metrics::History& history, double seconds) {
    run::RunSummary run;
    run.title = concat(program_, ": ", recipe_.network, " network, recipe ", recipe_.name);
    run.config = config;
    run.recipe = recipe_.name;
    run.network = recipe_.network;
    run.split = options_.split;
    run.epochs = recipe_.epochs;
    run.seed = options_.common.seed;
    run.precision = options_.common.precision;
    run.isa = kernels::to_string(kernels::active_isa());
    run.commit = HCNN_COMMIT;
    run.threads = thread_count();
    run.seconds = seconds;
    run.layers = summary(model);
    run.parameters_total = run.parameters_trainable = model.parameter_count();
    run.buffers = run.layers.total.fixed;
    run.history = history;
    return run;
  }

  const TrainingOptions& options_;
  Recipe recipe_;
  std::string program_;
  data::Normalization normalization_;  // of the images, where the recipe wants it
};

/// Runs the training in the precision asked for.
inline int run_training(const TrainingOptions& options, const std::string& default_network, const std::string& program,
                        const Interrupt& interrupt) {
  const Recipe recipe = resolve(options, default_network);
  if (options.common.precision == "bf16") return Training<bfloat16>(options, recipe, program).run(interrupt);
  return Training<float>(options, recipe, program).run(interrupt);
}

}  // namespace examples
