// What the command line of a training program says, and the recipe that comes of it.
#pragma once

#include "examples/common/loss_options.hpp"
#include "examples/common/options.hpp"
#include "examples/common/recipe.hpp"

namespace examples {

/// What the command line of a program says that trains on a folder of pictures; the folder itself is
/// `CommonOptions::data`.
struct FolderOptions {
  std::string size = "64";           ///< pixels, "SIDE" or "WIDTHxHEIGHT"
  Index channels = 3;                ///< 3: colour; 1: grey
  std::string fit = "squash";        ///< or "crop"
  std::string test = "0.2";          ///< share of the pictures, or a folder
  std::optional<double> validation;  ///< share of the other pictures; becomes 1 - `TrainingOptions::split`
  std::string levels;                ///< names of the levels with commas between them; "": the usual ones
  std::string hierarchy, costs;      ///< files; "": none
  bool skip_bad = false;             ///< go on without files that are no pictures
};

/// Choices of `TrainingOptions::classes`.
inline const std::vector<std::string> kClassParts{"all", "base", "novel"};

/// What the command line says; what is not given comes from the recipe.
struct TrainingOptions {
  CommonOptions common;
  std::optional<FolderOptions> folder;  ///< of a program that trains on folders of pictures
  std::string recipe = "report";
  double split = 0.8;  ///< share of the training images that is trained on
  std::optional<std::string> network, activation, init, optimizer, schedule, augment, flip, class_weights;
  std::optional<double> learning_rate, other_learning_rate, trunk_rate, weight_decay, dropout, label_smoothing, ema;
  std::optional<double> clip_norm, momentum, warm_up, hold, erase, mixup, consistency;
  std::optional<Index> accumulate, patience;
  std::optional<bool> nesterov, normalize, small_heads;
  std::optional<std::vector<double>> head_weights;
  LossOptions losses;
  bool no_batch_norm = false;
  Index limit = 0;                        ///< training images; 0: all
  Index limit_batches = 0;                ///< batches of an epoch that are trained on; 0: all
  double time_limit = 0;                  ///< minutes of training; 0: none
  bool dry_run = false;                   ///< two batches of everything
  bool print_config = false;              ///< print config.json and do nothing else
  bool find_learning_rate = false;        ///< search the learning rate instead of training
  std::string command;                    ///< the command line, for those who want to repeat the run
  std::string config;                     ///< config.json to start from; "": none
  std::string weights;                    ///< model file whose weights it begins from; "": fresh ones
  std::string trunk;                      ///< model file whose trunk it begins from; "": a fresh one
  std::string classes = "all";            ///< that are trained on: all, base or novel
  std::string monitor = "val.fine.top1";  ///< column of history.csv that tells the best epoch; "": val.<finest>.top1
  double checkpoint_every = 300;          ///< s; 0: at the end of epochs only
};

/// True where a lower value of the metric is better: losses, severities and mistakes.
inline bool lowest_is_best(const std::string& metric) { return !metrics::higher_is_better(metric).value_or(true); }

/// Adds an option that takes one of some values.
inline void add_choice(CLI::App& app, const char* name, std::optional<std::string>& value,
                       const std::vector<std::string>& values, const char* text) {
  app.add_option(name, value, text)->check(CLI::IsMember(values));
}
/// Adds an option that takes a share, 0 to 1.
inline void add_share(CLI::App& app, const char* name, std::optional<double>& value, const char* text) {
  app.add_option(name, value, text)->check(between(0.0, 1.0));
}

/// Adds a switch, --name and --no-name.
inline void add_switch(CLI::App& app, const std::string& name, std::optional<bool>& value, const std::string& text) {
  // Not add_flag: CLI11 would set the optional to false at once.
  app.add_flag_function(
      "--" + name + ",!--no-" + name, [&value](std::int64_t count) { value = count > 0; }, text);
}

/// Adds the options of what a training begins with: settings of another run, weights, recipe, images.
inline void add_start_options(CLI::App& app, TrainingOptions& options, const std::string& own_network) {
  app.add_option("--config", options.config,
                 "config.json of another run, from which every option is taken except --out, --threads, "
                 "--checkpoint-every and --dry-run; options on the command line override it")
      ->excludes("--resume");
  auto* weights = app.add_option("--weights", options.weights,
                                 "model file of the same network with the initial weights [default: random weights]");
  app.add_option("--trunk", options.trunk,
                 "model file with the initial weights of the trunk; its network may have other heads")
      ->excludes(weights);
  if (!options.folder)
    app.add_option(
           "--classes", options.classes,
           "all; novel: only the last fine class of each superclass, 20 of CIFAR-100's; base: only the other 80")
        ->check(CLI::IsMember(kClassParts))
        ->capture_default_str();
  app.add_option("--recipe", options.recipe, "set of default settings, listed below; other options override them")
      ->check(CLI::IsMember(kRecipes))
      ->capture_default_str();
  std::string recipes = "Recipes:";
  for (const std::string& name : kRecipes) {
    Recipe recipe = make_recipe(name);
    if (!own_network.empty()) recipe.network = own_network;
    recipes += concat("\n  ", name, ": ", describe(recipe));
  }
  app.footer(recipes);
  if (!options.folder)
    app.add_option("--split", options.split,
                   "fraction of the training images used for training; the rest is the validation set")
        ->check(between(0.01, 0.99))
        ->capture_default_str();
  app.add_option("--limit", options.limit, "use only this many training images; 0: all")
      ->check(from_zero())
      ->capture_default_str();
}

/// Adds the options of the network.
inline void add_network_options(CLI::App& app, TrainingOptions& options, const std::vector<std::string>& networks,
                                const std::string& own_network) {
  add_choice(app, "--network", options.network, networks,
             own_network.empty() ? "network [default: the recipe's]" : "network [default: severity]");
  add_choice(app, "--activation", options.activation, kActivations, "leaky_relu has slope 0.01 [default: relu]");
  add_choice(app, "--init", options.init, kInits, "distribution of the initial weights [default: he]");
  app.add_option("--dropout", options.dropout, "dropout rate of the hidden features [default: the recipe's]")
      ->check(between(0.0, 0.99));
  add_switch(app, "small-heads", options.small_heads,
             "initialise the heads' weights from N(0, 0.01^2) instead of by --init [default: the recipe's]");
  app.add_flag("--no-batch-norm", options.no_batch_norm, "leave out batch normalisation");
}

/// Adds the options of optimizer, schedule and targets.
inline void add_optimizer_options(CLI::App& app, TrainingOptions& options) {
  add_choice(app, "--optimizer", options.optimizer, kOptimizers,
             "sgd, adam, adamw or muon, which orthogonalises the steps of weight matrices [default: the recipe's]");
  app.add_option("--momentum", options.momentum, "momentum of sgd [default: 0.9]")->check(between(0.0, 0.999999));
  add_switch(app, "nesterov", options.nesterov, "Nesterov momentum in sgd [default: the recipe's]");
  app.add_option(
         "--learning-rate", options.learning_rate,
         "learning rate, with a schedule the highest one [default: the recipe's; with another optimizer 0.001, 0.01 "
         "for sgd, 0.02 for muon]")
      ->check(from_zero(false));
  app.add_option("--other-learning-rate", options.other_learning_rate,
                 "muon: learning rate of biases, normalisation and heads; follows the schedule [default: 0.05]")
      ->check(from_zero());
  app.add_option("--trunk-rate", options.trunk_rate,
                 "learning rate of the trunk as a multiple of that of the heads; 0 freezes the trunk [default: 1]")
      ->check(from_zero());
  app.add_option("--weight-decay", options.weight_decay,
                 "weight decay, not applied to biases and normalisation [default: the recipe's]")
      ->check(from_zero());
  add_choice(
      app, "--schedule", options.schedule, kSchedules,
      "learning-rate schedule; plateau: times 0.1 after more than 5 epochs without a lower validation loss; "
      "hold-linear: warm-up, constant, linear decay to 0; cosine, linear: decay to 0 [default: the recipe's; one-cycle "
      "for the synthetic images]");
  add_share(app, "--warm-up", options.warm_up,
            "fraction of the steps that one-cycle and hold-linear spend on warm-up [default: the recipe's]");
  add_share(app, "--hold", options.hold,
            "fraction of the steps that hold-linear spends at the full rate [default: the recipe's; 0.5]");
  app.add_option("--label-smoothing", options.label_smoothing,
                 "fraction of each target that is spread evenly over all classes [default: the recipe's]")
      ->check(between(0.0, 0.99));
  app.add_option("--head-weights", options.head_weights,
                 "weights of the heads' losses, finest first, separated by commas; further heads get the last "
                 "[default: the recipe's]")
      ->delimiter(',')
      ->expected(1, 100)
      ->allow_extra_args(false)
      ->check(between(0.0, 1e6));
  add_choice(app, "--class-weights", options.class_weights, kClassWeights,
             "balanced: in cross-entropy every class has the same weight, however many images it has [default: none]");
  app.add_option(
         "--clip-norm", options.clip_norm,
         "largest Euclidean norm of all gradients together; longer ones are scaled down; 0: no limit [default: 0]")
      ->check(from_zero());
  app.add_option("--accumulate", options.accumulate,
                 "number of batches whose gradients are summed for one step, as if they were one batch [default: 1]")
      ->check(CLI::Range(Index{1}, Index{65536}));
  app.add_option("--ema", options.ema,
                 "end with a moving average of the weights over the last third of the steps, with this decay per step, "
                 "e.g. 0.999; 0: no average [default: the recipe's]")
      ->check(between(0.0, 0.999999));
}

/// Adds the options of random changes to the images.
inline void add_augmentation_options(CLI::App& app, TrainingOptions& options) {
  add_choice(app, "--augment", options.augment, kAugmentations,
             "augmentation of the training images [default: the recipe's]");
  add_switch(app, "normalize", options.normalize,
             "scale the inputs to mean 0 and standard deviation 1 per channel, instead of 0 to 1; weights from a file "
             "keep the normalisation they were trained with [default: the recipe's]");
  add_choice(app, "--flip", options.flip, kFlips,
             "when crop-flip and crop-flip-cutout mirror an image: random, or alternating: in every other epoch "
             "[default: random]");
  add_share(app, "--erase", options.erase,
            "probability of random erasing: a rectangle of the image is overwritten with noise [default: 0]");
  app.add_option(
         "--mixup", options.mixup,
         "mixup: train on weighted means of two images and their labels, weights from Beta(A, A), e.g. 0.2; 0: off "
         "[default: 0]")
      ->check(from_zero());
}

/// Adds the options of what is written, what ends a training early, and what is done in place of one.
inline void add_run_options(CLI::App& app, TrainingOptions& options) {
  app.add_option(
      "--monitor", options.monitor,
      "column of history.csv that decides which epoch is the best, for best.safetensors and --patience; loss, hd1 and "
      "ms are best when lowest, all others when highest [default: val.<finest level>.top1]");
  app.add_option("--checkpoint-every", options.checkpoint_every,
                 "seconds between checkpoints within an epoch; 0: only at the end of each epoch")
      ->check(from_zero())
      ->capture_default_str();
  app.add_option("--patience", options.patience,
                 "stop after this many epochs without a better --monitor, and end with the weights of the best epoch "
                 "(with --ema: the average); 0: never [default: 0]")
      ->check(CLI::Range(Index{0}, Index{100000}));
  app.add_option("--time-limit", options.time_limit,
                 "stop after this many minutes of training and validation; 0: no limit")
      ->check(from_zero())
      ->capture_default_str();
  app.add_option("--limit-batches", options.limit_batches, "train on only this many batches of each epoch; 0: all")
      ->check(from_zero())
      ->capture_default_str();
  app.add_flag("--dry-run", options.dry_run,
               "try everything on two batches of training, validation and test images, and write every file");
  app.add_flag("--print-config", options.print_config, "only print the config.json of this command line");
  app.add_flag("--find-learning-rate", options.find_learning_rate,
               "instead of training, try 100 learning rates from 1e-7 to 10 and write learning_rates.csv and .png")
      ->excludes("--resume");
}

/// Adds every option of a training program. `networks` are those it may train.
inline void add_training_options(CLI::App& app, TrainingOptions& options, const std::vector<std::string>& networks) {
  const std::string own_network = networks.front() == "severity" ? "severity" : "";  // it overrides the recipe's
  if (!options.folder) add_data_option(app, options.common.data);
  add_common_options(app, options.common);
  add_start_options(app, options, own_network);
  add_network_options(app, options, networks, own_network);
  add_optimizer_options(app, options);
  add_augmentation_options(app, options);
  add_run_options(app, options);
}

/// Adds the option of a program that trains several heads.
inline void add_consistency_option(CLI::App& app, TrainingOptions& options) {
  app.add_option("--consistency", options.consistency,
                 "weight of the Jensen-Shannon divergence between the fine head and each coarser one [default: 0]")
      ->check(from_zero());
}

/// Networks that a training program offers. train_severity gives each the finest head alone.
inline std::vector<std::string> networks_of(const std::string& program) {
  return program == "train_severity" ? std::vector<std::string>{"severity", "compact", "resnet9", "resnet18"}
                                     : models::network_names();
}

}  // namespace examples
