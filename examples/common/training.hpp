// One training, from options to report: what train_multihead and train_severity have in common.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include <numeric>

#include "examples/common/interrupt.hpp"
#include "examples/common/options.hpp"
#include "examples/common/print.hpp"
#include "examples/common/recipe.hpp"

namespace examples {

/// What the command line says; what is not given comes from the recipe.
struct TrainingOptions {
  CommonOptions common;
  std::string recipe = "report";
  double split = 0.8;  ///< share of the training images that is trained on
  std::optional<std::string> network, activation, init, optimizer, schedule, augment, loss;
  std::optional<double> learning_rate, weight_decay, dropout, label_smoothing;
  bool no_batch_norm = false;
  Index limit = 0;  ///< training images; 0: all
};

/// Adds every option of a training program. `networks` are those it may train.
inline void add_training_options(CLI::App& app, TrainingOptions& options, const std::vector<std::string>& networks) {
  add_common_options(app, options.common);
  const auto choice = [&](const char* name, auto& value, std::vector<std::string> values, const char* text) {
    app.add_option(name, value, text)->check(CLI::IsMember(std::move(values)));
  };
  app.add_option("--recipe", options.recipe,
                 "report: the report's protocol; readme: the compact network with crop and flip; "
                 "best: the strongest known")
      ->check(CLI::IsMember({"report", "readme", "best"}))
      ->capture_default_str();
  app.add_option("--split", options.split, "share of the training images that is trained on; the rest validates")
      ->check(CLI::Range(0.01, 0.99))
      ->capture_default_str();
  choice("--network", options.network, networks, "network [default: the recipe's]");
  choice("--optimizer", options.optimizer, {"adam", "adamw", "sgd"}, "sgd has momentum 0.9 [default: the recipe's]");
  choice("--activation", options.activation, {"relu", "leaky_relu"}, "leaky_relu has slope 0.01 [default: relu]");
  choice("--init", options.init, {"he", "xavier"}, "start values of the weights [default: he]");
  choice(
      "--schedule", options.schedule, {"constant", "plateau", "one-cycle"},
      "of the learning rate; plateau: x 0.1 after 5 epochs without a better validation loss [default: the recipe's]");
  choice("--augment", options.augment, {"none", "crop-flip", "crop-flip-cutout"},
         "random changes of the training images [default: the recipe's]");
  app.add_option("--learning-rate", options.learning_rate, "[default: the recipe's; 0.001, or 0.01 for sgd]")
      ->check(CLI::PositiveNumber);
  app.add_option("--weight-decay", options.weight_decay,
                 "of weights, not of biases and normalisation [default: the recipe's]")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--dropout", options.dropout, "share of hidden features that is dropped [default: the recipe's]")
      ->check(CLI::Range(0.0, 0.99));
  app.add_option("--label-smoothing", options.label_smoothing, "[default: the recipe's]")->check(CLI::Range(0.0, 0.99));
  app.add_flag("--no-batch-norm", options.no_batch_norm, "leave out batch normalisation");
  app.add_option("--limit", options.limit, "use only this many training images; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

/// The recipe with every option that was given put over it.
inline Recipe resolve(const TrainingOptions& options, const std::string& default_network) {
  Recipe recipe = make_recipe(options.recipe);
  if (!default_network.empty()) recipe.network = default_network;
  const auto set = [](auto& value, const auto& given) {
    if (given) value = *given;
  };
  if (options.optimizer && *options.optimizer != recipe.optimizer) {
    recipe.optimizer = *options.optimizer;
    recipe.learning_rate = default_learning_rate(recipe.optimizer);
    recipe.weight_decay = default_weight_decay(recipe.optimizer);
  }
  set(recipe.network, options.network);
  set(recipe.activation, options.activation);
  set(recipe.init, options.init);
  set(recipe.schedule, options.schedule);
  set(recipe.augment, options.augment);
  set(recipe.loss, options.loss);
  set(recipe.learning_rate, options.learning_rate);
  set(recipe.weight_decay, options.weight_decay);
  set(recipe.dropout, options.dropout);
  set(recipe.label_smoothing, options.label_smoothing);
  set(recipe.epochs, options.common.epochs);
  set(recipe.batch, options.common.batch);
  if (options.no_batch_norm) recipe.batch_norm = false;
  return recipe;
}

/// Settings that suit the synthetic images, where none were given: 6 epochs with a one-cycle schedule.
inline void use_synthetic_defaults(TrainingOptions& options) {
  if (!options.common.epochs || !options.schedule)
    std::cout
        << "synthetic images: 6 epochs with a one-cycle schedule where --epochs and --schedule say nothing else\n";
  if (!options.common.epochs) options.common.epochs = 6;
  if (!options.schedule) options.schedule = "one-cycle";
}

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

  int run(const Interrupt& interrupt) {
    const Images images = load_images(options_.common.data, options_.common.seed);
    const auto [fit_set, val_set] = data::stratified_split(limited(images.train), options_.split, options_.common.seed);
    const auto folder = run::RunFolder::create(options_.common.out, program_);
    const io::Json config = config_json(recipe_, options_, program_, images.name);
    io::write_json(folder.config(), config);

    Model<T> model = make_model<T>(recipe_, fit_set, options_.common.seed);
    losses::LossSum<M> loss = make_loss<M>(recipe_, model, *fit_set.taxonomy());
    const auto optimizer = make_optimizer(recipe_, model.parameters());
    const data::Normalization normalization =
        recipe_.normalize ? data::measure_normalization(fit_set) : data::Normalization{};
    std::cout << summary(model) << '\n'
              << recipe_.network << " network, recipe " << recipe_.name << ", " << options_.common.precision << " on "
              << kernels::to_string(kernels::active_isa()) << ", " << thread_count() << " threads\n"
              << images.name << ": " << fit_set.size() << " images to train on, " << val_set.size() << " to validate, "
              << images.test.size() << " to test\n"
              << "run folder: " << folder.path().string() << std::endl;

    const exchange::ModelInfo info{
        .network = exchange::network_json(network_options(recipe_, fit_set), recipe_.network),
        .mean = normalization.mean,
        .deviation = normalization.deviation,
        .taxonomy = *fit_set.taxonomy(),
        .notes = {{"config", config}}};
    const auto begin = std::chrono::steady_clock::now();
    const auto result = train::fit(model, loss, *optimizer, fit_set,
                                   {.epochs = recipe_.epochs,
                                    .batch = recipe_.batch,
                                    .seed = options_.common.seed,
                                    .validate = &val_set,
                                    .augment = make_augmentations(recipe_),
                                    .normalization = normalization,
                                    .schedule = make_schedule(recipe_),
                                    .callbacks = {train::progress_bar(std::cerr), run::checkpoint(folder.path(), info)},
                                    .stop = interrupt.token()});
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (result.interrupted) return interrupted(folder);

    const auto measure = [&](const data::Dataset& part) {
      return train::evaluate(model, loss, part,
                             {.batch = recipe_.batch, .normalization = normalization, .stop = interrupt.token()})
          .result;
    };
    run::RunSummary run = describe(model, config, result.history, seconds);
    run.train = measure(fit_set);
    run.val = measure(val_set);
    run.test = measure(images.test);
    if (interrupt.token().stop_requested()) return interrupted(folder);
    run.taxonomy = *fit_set.taxonomy();
    run::write_results(folder, run);
    for (const auto& [part, figures] : run.parts()) print_evaluation(std::cout, part, *figures);
    std::cout << "report: " << folder.report().string() << std::endl;
    return 0;
  }

 private:
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
};

/// Runs the training in the precision asked for.
inline int run_training(const TrainingOptions& options, const std::string& default_network, const std::string& program,
                        const Interrupt& interrupt) {
  const Recipe recipe = resolve(options, default_network);
  if (options.common.precision == "bf16") return Training<bfloat16>(options, recipe, program).run(interrupt);
  return Training<float>(options, recipe, program).run(interrupt);
}

}  // namespace examples
