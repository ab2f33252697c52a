// From what the command line says to the recipe that is trained.
#pragma once

#include "examples/common/training_options.hpp"

namespace examples {

/// Throws OptionError for options that change nothing in this recipe, or that it cannot have.
inline void require_possible(const TrainingOptions& options, const Recipe& recipe) {
  const auto refuse = [](bool wrong, const char* name, const std::string& came, const char* expected) {
    if (wrong) fail<OptionError>(name, came, expected);
  };
  const std::string& schedule = recipe.schedule;
  refuse(!recipe.batch_norm && is_residual(recipe.network), "--no-batch-norm", "with --network " + recipe.network,
         "a network that can do without is needed");
  refuse(options.other_learning_rate && recipe.optimizer != "muon", "--other-learning-rate",
         "with --optimizer " + recipe.optimizer, "it is of muon alone");
  refuse((options.momentum || options.nesterov) && recipe.optimizer != "sgd",
         options.momentum ? "--momentum" : "--nesterov", "with --optimizer " + recipe.optimizer, "it is of sgd alone");
  refuse(recipe.optimizer == "sgd" && recipe.nesterov && recipe.momentum == 0, "--nesterov", "with --momentum 0",
         "a momentum above 0 is needed");
  refuse(options.warm_up && schedule != "one-cycle" && schedule != "hold-linear", "--warm-up",
         "with --schedule " + schedule, "it is of one-cycle and hold-linear alone");
  refuse(options.hold && schedule != "hold-linear", "--hold", "with --schedule " + schedule,
         "it is of hold-linear alone");
  refuse(schedule == "hold-linear" && recipe.warm_up + recipe.hold > 1, "--hold",
         concat(recipe.hold, " and a warm-up of ", recipe.warm_up), "together they must be at most 1");
  refuse(options.flip && recipe.augment == "none", "--flip", "with --augment none", "it is of crop-flip alone");
}

/// The recipe with every option that was given put over it. Throws OptionError as `resolve_loss` and
/// `require_possible`.
inline Recipe resolve(const TrainingOptions& options, Recipe recipe) {
  const auto set = [](auto& value, const auto& given) {
    if (given) value = *given;
  };
  if (options.network && *options.network != recipe.network && is_residual(*options.network)) recipe.dropout = 0;
  if (options.optimizer && *options.optimizer != recipe.optimizer) {
    recipe.optimizer = *options.optimizer;
    recipe.learning_rate = default_learning_rate(recipe.optimizer);
    recipe.weight_decay = default_weight_decay(recipe.optimizer);
  }
  set(recipe.network, options.network);
  set(recipe.activation, options.activation);
  set(recipe.init, options.init);
  set(recipe.momentum, options.momentum);
  set(recipe.nesterov, options.nesterov);
  set(recipe.normalize, options.normalize);
  set(recipe.small_heads, options.small_heads);
  set(recipe.head_weights, options.head_weights);
  set(recipe.class_weights, options.class_weights);
  set(recipe.schedule, options.schedule);
  set(recipe.warm_up, options.warm_up);
  set(recipe.hold, options.hold);
  set(recipe.augment, options.augment);
  set(recipe.flip, options.flip);
  set(recipe.erase, options.erase);
  set(recipe.mixup, options.mixup);
  set(recipe.consistency, options.consistency);
  set(recipe.learning_rate, options.learning_rate);
  set(recipe.other_learning_rate, options.other_learning_rate);
  set(recipe.trunk_rate, options.trunk_rate);
  set(recipe.weight_decay, options.weight_decay);
  set(recipe.dropout, options.dropout);
  set(recipe.label_smoothing, options.label_smoothing);
  set(recipe.epochs, options.common.epochs);
  set(recipe.batch, options.common.batch);
  set(recipe.ema, options.ema);
  set(recipe.clip_norm, options.clip_norm);
  set(recipe.accumulate, options.accumulate);
  set(recipe.patience, options.patience);
  if (options.no_batch_norm) recipe.batch_norm = false;
  resolve_loss(options.losses, options.label_smoothing, recipe);
  require_possible(options, recipe);
  return recipe;
}

/// Settings that suit the synthetic images, where none were given: 6 epochs with a one-cycle schedule.
inline void use_synthetic_defaults(TrainingOptions& options) {
  if (!options.common.epochs) options.common.epochs = 6;
  if (!options.schedule) options.schedule = "one-cycle";
}

}  // namespace examples
