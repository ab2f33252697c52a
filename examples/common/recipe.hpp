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
  std::string network = "multihead";  ///< see models::multi_head_cnn_options
  std::string activation = "relu";    ///< relu or leaky_relu
  std::string init = "he";            ///< he or xavier; small_heads adds N(0, 0.01^2) for the heads
  bool small_heads = false;
  bool batch_norm = true;
  double dropout = 0.5;
  std::string optimizer = "adam";  ///< adam, adamw or sgd (momentum 0.9; nesterov in recipe best)
  double learning_rate = 1e-3;
  bool nesterov = false;
  double weight_decay = 0;           ///< of weights only, not of biases and normalisation
  std::string schedule = "plateau";  ///< constant, plateau or one-cycle
  std::string augment = "none";      ///< none, crop-flip or crop-flip-cutout
  bool normalize = false;            ///< inputs to mean 0, deviation 1 per channel; else [0, 1]
  double label_smoothing = 0;
  std::string loss = "ce";                        ///< ce, report or readme: the two severity-aware forms
  double alpha = 1;                               ///< loss readme: factor alpha + S[y, argmax p]
  double correct_weight = 1;                      ///< loss report: factor of a correct prediction
  std::vector<double> severity_weights{1, 2, 3};  ///< S of a mistake of severity 1, 2, 3; of a higher one itself
  std::vector<double> head_weights{1, 1, 1};      ///< of the heads' losses, fine first; of further heads the last
  Index epochs = 50;
  Index batch = 128;     ///< images a pass
  Index accumulate = 1;  ///< passes whose gradients are added up for a step
  double clip_norm = 0;  ///< largest norm of all gradients together; 0: any
  double ema = 0;        ///< decay of the weights' moving average over the last third; 0: there is none
  Index patience = 0;    ///< epochs without a better validation loss before the training ends; 0: it does not
};

/// Weight decay that the optimizer is known for where none was asked for.
inline double default_weight_decay(const std::string& optimizer) { return optimizer == "adamw" ? 0.01 : 0; }

/// Learning rate that suits the optimizer where none was asked for.
inline double default_learning_rate(const std::string& optimizer) { return optimizer == "sgd" ? 0.01 : 1e-3; }

/// Names of the recipes (see README); `small` is for a few hundred or thousand pictures of your own.
inline const std::vector<std::string> kRecipes{"report", "readme", "best", "small"};

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
  } else if (name != "report") {
    fail<OptionError>("--recipe", "'" + name + "'", "expected report, readme, best or small");
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

/// The network of the recipe, for these images: a head for each of their levels; network severity has the finest alone.
inline models::MultiHeadCnnOptions network_options(const Recipe& recipe, const data::Dataset& images) {
  auto options = models::multi_head_cnn_options(recipe.network);
  options.input = images.shape();
  options.heads.clear();
  for (Index level = 0; level < (recipe.network == "severity" ? 1 : images.levels()); ++level)
    options.heads.push_back({images.level_name(level), images.class_count(level)});
  options.activation = recipe.activation == "relu" ? models::Activation::relu : models::Activation::leaky_relu;
  options.dropout = recipe.dropout;
  options.batch_norm = recipe.batch_norm;
  return options;
}

/// The network with fresh weights.
template <class T>
Model<T> make_model(const Recipe& recipe, const data::Dataset& images, std::uint64_t seed) {
  Model<T> model = models::multi_head_cnn<T>(network_options(recipe, images));
  if (recipe.init == "he")
    init::he_normal(model, Seed{seed}, {.slope = recipe.activation == "relu" ? 0.0 : 0.01});
  else
    init::xavier_uniform(model, Seed{seed});
  if (recipe.small_heads) init::normal(model, "heads.", 0.01, Seed{seed});
  return model;
}

/// What mistakes at the finest level of the tree cost: the recipe's weight of each severity.
inline CostMatrix severity_costs(const Recipe& recipe, const Taxonomy& taxonomy) {
  std::vector<double> weights{0};  // of a correct prediction
  for (Index severity = 1; severity <= taxonomy.levels(); ++severity)
    weights.push_back(severity <= 3 ? recipe.severity_weights.at(static_cast<std::size_t>(severity - 1))
                                    : static_cast<double>(severity));
  return severity_matrix(taxonomy, 0, weights);
}

/// The severity-aware loss of the recipe for the finest head.
template <class M>
losses::LossSum<M> make_severity_loss(const Recipe& recipe, const std::string& head, CostMatrix costs) {
  return losses::severity<M>(
      head, std::move(costs),
      {.form = recipe.loss == "report" ? losses::SeverityForm::report : losses::SeverityForm::readme,
       .correct_weight = recipe.correct_weight,
       .alpha = recipe.alpha,
       .cross_entropy = {.label_smoothing = recipe.label_smoothing}});
}

/// The sum of the heads' losses; the fine head's is severity-aware, with these costs, where the recipe says so.
template <class M, class T>
losses::LossSum<M> make_loss(const Recipe& recipe, Model<T>& model, const CostMatrix& costs) {
  std::optional<losses::LossSum<M>> sum;
  for (std::size_t h = 0; h < model.heads().size(); ++h) {
    const std::string& name = model.heads().name(h);
    losses::LossSum<M> term = h > 0 || recipe.loss == "ce"
                                  ? losses::cross_entropy<M>(name, {.label_smoothing = recipe.label_smoothing})
                                  : make_severity_loss<M>(recipe, name, costs);
    term = recipe.head_weights.at(std::min(h, recipe.head_weights.size() - 1)) * term;
    sum = sum ? *sum + term : term;
  }
  return *sum;
}

template <class M>
std::unique_ptr<Optimizer<M>> make_optimizer(const Recipe& recipe, const ParamList<M>& params) {
  const double rate = recipe.learning_rate, decay = recipe.weight_decay;
  if (recipe.optimizer == "adam")
    return std::make_unique<Adam<M>>(params, AdamOptions{.learning_rate = rate, .weight_decay = decay});
  if (recipe.optimizer == "adamw")
    return std::make_unique<AdamW<M>>(params, AdamWOptions{.learning_rate = rate, .weight_decay = decay});
  return std::make_unique<SGD<M>>(
      params, SGDOptions{.learning_rate = rate, .momentum = 0.9, .nesterov = recipe.nesterov, .weight_decay = decay});
}

inline schedules::Schedule make_schedule(const Recipe& recipe) {
  if (recipe.schedule == "plateau") return schedules::reduce_on_plateau({.factor = 0.1, .patience = 5});
  if (recipe.schedule == "one-cycle") return schedules::one_cycle({.warm_up = 0.15});
  return schedules::constant();
}

inline data::Augmentations make_augmentations(const Recipe& recipe) {
  if (recipe.augment == "none") return {};
  if (recipe.augment == "crop-flip") return {data::pad_crop(4), data::horizontal_flip()};
  return {data::pad_crop(4, data::PadMode::reflect), data::horizontal_flip(), data::cutout(8)};
}

}  // namespace examples
