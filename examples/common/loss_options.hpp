// Options of the loss on the command line of a training program.
#pragma once

#include "examples/common/options.hpp"
#include "examples/common/recipe_loss.hpp"

namespace examples {

/// What the command line says of the loss; what is not given comes from the recipe.
struct LossOptions {
  std::optional<std::string> loss;
  std::optional<double> alpha, correct_weight, severity_1, severity_2, severity_3;
  std::optional<double> expected_weight, hxe_alpha, beta;
};

/// Adds the options of a program that may train with a loss that knows the tree.
inline void add_severity_options(CLI::App& app, LossOptions& options) {
  app.add_option(
         "--loss", options.loss,
         "loss of the finest head; ce: cross-entropy; report: ce times S[y, argmax p] for a mistake; readme: ce times "
         "alpha + S[y, argmax p]; learnable: ce times trained weights; expected: ce plus expected severity; hxe: "
         "hierarchical cross-entropy; soft-labels: ce with targets that fall with the severity; leaf: ce of every "
         "level from summed fine probabilities [default: ce]")
      ->check(CLI::IsMember(kLosses));
  const auto weight = [&](const char* name, std::optional<double>& value, const char* text) {
    app.add_option(name, value, text)->check(between(0.0, 1e6));
  };
  weight("--alpha", options.alpha, "--loss readme: alpha [default: 1]");
  weight("--correct-weight", options.correct_weight, "--loss report: weight of a correct prediction [default: 1]");
  weight("--expected-weight", options.expected_weight,
         "--loss expected: weight of the expected severity [default: 0.5]");
  weight("--hxe-alpha", options.hxe_alpha, "--loss hxe: how fast the weights decrease towards the root [default: 0.1]");
  weight("--beta", options.beta, "--loss soft-labels: how fast the targets decrease with the severity [default: 10]");
  weight("--severity-1", options.severity_1, "S of a mistake within the superclass [default: 1]");
  weight("--severity-2", options.severity_2, "S of a mistake within the group [default: 2]");
  weight("--severity-3", options.severity_3, "S of any other mistake [default: 3]");
}

/// Throws OptionError for an option of a loss that is not trained with: it would change nothing.
inline void require_used(const LossOptions& options, const std::string& loss) {
  const auto refuse = [&](const char* name, bool given, const char* losses) {
    if (given) fail<OptionError>(name, "with --loss " + loss, concat("it is of ", losses, " alone"));
  };
  refuse("--alpha", options.alpha && loss != "readme", "--loss readme");
  refuse("--correct-weight", options.correct_weight && loss != "report", "--loss report");
  refuse("--expected-weight", options.expected_weight && loss != "expected", "--loss expected");
  refuse("--hxe-alpha", options.hxe_alpha && loss != "hxe", "--loss hxe");
  refuse("--beta", options.beta && loss != "soft-labels", "--loss soft-labels");
  const bool costs = loss == "report" || loss == "readme" || loss == "expected" || loss == "soft-labels";
  for (const auto& [name, given] : {std::pair{"--severity-1", options.severity_1.has_value()},
                                    {"--severity-2", options.severity_2.has_value()},
                                    {"--severity-3", options.severity_3.has_value()}})
    refuse(name, given && !costs, "--loss report, readme, expected and soft-labels");
}

/// Puts the options over the recipe. A recipe's label smoothing is of cross-entropy: soft labels and losses that take
/// labels alone go without, unless it was asked for. Throws OptionError as `require_used`.
/// @param smoothing that was asked for, if it was
inline void resolve_loss(const LossOptions& options, const std::optional<double>& smoothing, Recipe& recipe) {
  const auto set = [](auto& value, const auto& given) {
    if (given) value = *given;
  };
  const bool other_loss = options.loss && *options.loss != recipe.loss;
  set(recipe.loss, options.loss);
  set(recipe.alpha, options.alpha);
  set(recipe.correct_weight, options.correct_weight);
  set(recipe.expected_weight, options.expected_weight);
  set(recipe.hxe_alpha, options.hxe_alpha);
  set(recipe.beta, options.beta);
  set(recipe.severity_weights.at(0), options.severity_1);
  set(recipe.severity_weights.at(1), options.severity_2);
  set(recipe.severity_weights.at(2), options.severity_3);
  require_used(options, recipe.loss);
  const bool labels_alone = takes_labels_alone(recipe.loss);
  if (labels_alone && recipe.class_weights != "none")
    fail<OptionError>("--class-weights " + recipe.class_weights, "with --loss " + recipe.loss,
                      "a loss made of cross-entropy is needed");
  if (labels_alone && smoothing && *smoothing > 0)
    fail<OptionError>("--label-smoothing", "with --loss " + recipe.loss, "that loss takes labels as they are");
  if ((labels_alone || recipe.loss == "soft-labels") && (other_loss || smoothing))  // else it is the resumed run's own
    recipe.label_smoothing = smoothing.value_or(0);
}

}  // namespace examples
