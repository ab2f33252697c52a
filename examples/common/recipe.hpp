// The training recipes: everything that makes one training differ from another.
#pragma once

#include <algorithm>
#include <hcnn/hcnn.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace examples {

using namespace hcnn;

/// All settings of a training but data, seed and precision.
struct Recipe {
  std::string name;
  std::string network = "multihead";  ///< see models::network_options
  bool single_head = false;           ///< the finest head alone, whatever the network
  std::string activation = "relu";    ///< relu or leaky_relu
  std::string init = "he";            ///< he or xavier; small_heads adds N(0, 0.01^2) for the heads
  bool small_heads = false;
  bool batch_norm = true;
  double dropout = 0.5;
  std::string optimizer = "adam";  ///< adam, adamw, sgd or muon
  double learning_rate = 1e-3;
  double other_learning_rate = 0.05;  ///< muon: of all that is no matrix, and of the heads
  double trunk_rate = 1;              ///< times the learning rate: of the trunk; 0: it is frozen
  double momentum = 0.9;              ///< sgd
  bool nesterov = false;              ///< sgd
  double weight_decay = 0;            ///< of weights only, not of biases and normalisation
  std::string schedule = "plateau";   ///< one of kSchedules
  double warm_up = 0.15;              ///< one-cycle and hold-linear: share of the steps that climb
  double hold = 0.5;                  ///< hold-linear: share of the steps at the full rate
  std::string augment = "none";       ///< none, crop-flip or crop-flip-cutout
  std::string flip = "random";        ///< of crop-flip and crop-flip-cutout: random or alternating
  double erase = 0;                   ///< probability of random erasing
  double mixup = 0;                   ///< alpha of mixup; 0: none
  bool normalize = false;             ///< inputs to mean 0, deviation 1 per channel; else [0, 1]
  double label_smoothing = 0;
  std::string loss = "ce";                        ///< see make_head_loss
  double alpha = 1;                               ///< loss readme: factor alpha + S[y, argmax p]
  double correct_weight = 1;                      ///< loss report: factor of a correct prediction
  std::vector<double> severity_weights{1, 2, 3};  ///< S of a mistake of severity 1, 2, 3; of a higher one itself
  double expected_weight = 0.5;                   ///< loss expected: of the expected severity beside cross-entropy
  double hxe_alpha = 0.1;                         ///< loss hxe: how fast the weights fall towards the root
  double beta = 10;                               ///< loss soft-labels: how fast the shares fall with the severity
  double consistency = 0;                         ///< weight of the divergence between the fine and each coarser head
  std::string class_weights = "none";             ///< of cross-entropy, at every head: none or balanced
  std::vector<double> head_weights{1, 1, 1};      ///< of the heads' losses, fine first; of further heads the last
  Index epochs = 50;
  Index batch = 128;     ///< images a pass
  Index accumulate = 1;  ///< passes whose gradients are added up for a step
  double clip_norm = 0;  ///< largest norm of all gradients together; 0: any
  double ema = 0;        ///< decay of the weights' moving average over the last third; 0: there is none
  Index patience = 0;    ///< epochs without a better monitored value before the training ends; 0: it does not
};

/// Weight decay that the optimizer is known for where none was asked for.
inline double default_weight_decay(const std::string& optimizer) { return optimizer == "adamw" ? 0.01 : 0; }

/// Learning rate that suits the optimizer where none was asked for.
inline double default_learning_rate(const std::string& optimizer) {
  return optimizer == "sgd" ? 0.01 : optimizer == "muon" ? 0.02 : 1e-3;
}

/// True for the residual networks, which have batch normalisation and, unless it is asked for, no dropout.
inline bool is_residual(const std::string& network) { return network.starts_with("resnet"); }

/// Choices of the settings that are texts, for --help and config.json.
inline const std::vector<std::string> kActivations{"relu", "leaky_relu"};
inline const std::vector<std::string> kInits{"he", "xavier"};
inline const std::vector<std::string> kOptimizers{"adam", "adamw", "sgd", "muon"};
inline const std::vector<std::string> kSchedules{"constant", "plateau", "one-cycle", "hold-linear", "cosine", "linear"};
inline const std::vector<std::string> kAugmentations{"none", "crop-flip", "crop-flip-cutout"};
inline const std::vector<std::string> kClassWeights{"none", "balanced"};
inline const std::vector<std::string> kFlips{"random", "alternating"};

/// Names of the recipes (see examples/README.md); `small` is for a few hundred or thousand pictures of your own.
inline const std::vector<std::string> kRecipes{"report", "readme", "best", "small", "resnet9"};

/// The recipe of that name.
inline Recipe make_recipe(const std::string& name) {
  Recipe recipe{.name = name};
  if (name == "readme") {
    recipe.network = "compact";
    recipe.augment = "crop-flip";
  } else if (name == "best") {
    recipe.optimizer = "sgd";
    recipe.nesterov = true;
    recipe.learning_rate = 0.1;
    recipe.weight_decay = 5e-4;
    recipe.schedule = "one-cycle";
    recipe.augment = "crop-flip-cutout";
    recipe.normalize = true;
    recipe.label_smoothing = 0.1;
    recipe.dropout = 0.25;
    recipe.head_weights = {1, 0.5, 0.25};
    recipe.small_heads = true;
    recipe.batch = 256;
  } else if (name == "small") {
    recipe.network = "compact";
    recipe.schedule = "one-cycle";
    recipe.augment = "crop-flip";
    recipe.normalize = true;
    recipe.dropout = 0.25;
    recipe.batch = 32;
    recipe.epochs = 30;
  } else if (name == "resnet9") {
    recipe.network = "resnet9";
    recipe.optimizer = "sgd";
    recipe.nesterov = true;
    recipe.learning_rate = 0.2;
    recipe.weight_decay = 5e-4;
    recipe.schedule = "hold-linear";
    recipe.warm_up = 0.2;
    recipe.hold = 0;
    recipe.augment = "crop-flip";
    recipe.normalize = true;
    recipe.label_smoothing = 0.1;
    recipe.dropout = 0;
    recipe.head_weights = {1, 0.5, 0.25};
    recipe.small_heads = true;
    recipe.batch = 512;
    recipe.epochs = 25;
  } else if (name != "report") {
    fail<OptionError>("--recipe", "'" + name + "'", "expected report, readme, best, small or resnet9");
  }
  return recipe;
}

/// The recipe in one line: what `--help` says it is made of.
inline std::string describe(const Recipe& recipe) {
  std::string text = concat(recipe.network, " network, ", recipe.optimizer, recipe.nesterov ? " with Nesterov" : "",
                            ", learning rate ", recipe.learning_rate, " (", recipe.schedule, "), weight decay ",
                            recipe.weight_decay, ", dropout ", recipe.dropout, ", augment ", recipe.augment);
  if (recipe.normalize) text += ", normalised inputs";
  text += concat(", label smoothing ", recipe.label_smoothing, ", loss weights of the heads");
  for (const double weight : recipe.head_weights) text += concat(" ", weight);
  if (recipe.ema > 0) text += concat(", weights averaged with decay ", recipe.ema);
  if (recipe.small_heads) text += ", small start values of the heads";
  return text + concat(", batch ", recipe.batch * recipe.accumulate, ", ", recipe.epochs, " epochs");
}

/// The network of the recipe, for these images: a head for each of their levels; network severity, and programs of a
/// single head, have the finest alone.
inline models::NetworkOptions recipe_network(const Recipe& recipe, const data::Dataset& images) {
  models::NetworkOptions network = models::network_options(recipe.network);
  models::input_of(network) = images.shape();
  const Index levels = recipe.single_head || recipe.network == "severity" ? 1 : images.levels();
  models::heads_of(network).clear();
  for (Index level = 0; level < levels; ++level)
    models::heads_of(network).push_back({images.level_name(level), images.class_count(level)});
  std::visit(
      [&](auto& options) {
        options.activation = recipe.activation == "relu" ? models::Activation::relu : models::Activation::leaky_relu;
        options.dropout = recipe.dropout;
        if constexpr (requires { options.batch_norm; }) options.batch_norm = recipe.batch_norm;
      },
      network);
  return network;
}

/// The network with fresh weights.
template <class T>
Model<T> make_model(const Recipe& recipe, const data::Dataset& images, std::uint64_t seed) {
  Model<T> model = models::make_network<T>(recipe_network(recipe, images));
  if (recipe.init == "he")
    init::he_normal(model, Seed{seed}, {.slope = recipe.activation == "relu" ? 0.0 : 0.01});
  else
    init::xavier_uniform(model, Seed{seed});
  if (recipe.small_heads) init::normal(model, "heads.", 0.01, Seed{seed});
  return model;
}

inline schedules::Schedule make_schedule(const Recipe& recipe) {
  if (recipe.schedule == "plateau") return schedules::reduce_on_plateau({.factor = 0.1, .patience = 5});
  if (recipe.schedule == "one-cycle") return schedules::one_cycle({.warm_up = recipe.warm_up});
  if (recipe.schedule == "hold-linear")
    return schedules::hold_then_linear({.warm_up = recipe.warm_up, .hold = recipe.hold});
  if (recipe.schedule == "cosine") return schedules::cosine();
  if (recipe.schedule == "linear") return schedules::linear();
  return schedules::constant();
}

inline data::Augmentations make_augmentations(const Recipe& recipe) {
  data::Augmentations list;
  if (recipe.augment != "none") {
    list.push_back(data::pad_crop(4, recipe.augment == "crop-flip" ? data::PadMode::zero : data::PadMode::reflect));
    list.push_back(recipe.flip == "alternating" ? data::alternating_flip() : data::horizontal_flip());
  }
  if (recipe.augment == "crop-flip-cutout") list.push_back(data::cutout(8));
  if (recipe.erase > 0) list.push_back(data::random_erasing({.probability = recipe.erase}));
  return list;
}

/// What mixes the images of a batch; null for nothing.
inline std::shared_ptr<const data::BatchAugmentation> make_mix(const Recipe& recipe) {
  return recipe.mixup > 0 ? data::mixup(recipe.mixup) : nullptr;
}

}  // namespace examples
