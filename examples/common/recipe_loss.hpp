// What a recipe minimises, and by which optimizer.
#pragma once

#include <memory>
#include <utility>

#include "examples/common/recipe.hpp"

namespace examples {

/// Names of the losses of the finest head, see `make_head_loss`.
inline const std::vector<std::string> kLosses{"ce",  "report",      "readme", "expected",
                                              "hxe", "soft-labels", "leaf",   "learnable"};

/// True for losses that know neither label smoothing nor class weights.
inline bool takes_labels_alone(const std::string& loss) {
  return loss == "hxe" || loss == "leaf" || loss == "learnable";
}

/// What mistakes at the finest level of the tree cost: the recipe's weight of each severity.
inline CostMatrix severity_costs(const Recipe& recipe, const Taxonomy& taxonomy) {
  std::vector<double> weights{0};  // of a correct prediction
  for (Index severity = 1; severity <= taxonomy.levels(); ++severity)
    weights.push_back(severity <= 3 ? recipe.severity_weights.at(static_cast<std::size_t>(severity - 1))
                                    : static_cast<double>(severity));
  return severity_matrix(taxonomy, 0, weights);
}

/// The loss of the finest head: cross-entropy (ce); that times a factor by the severity of the prediction (report,
/// readme), or times one that is trained (learnable); cross-entropy and expected severity (expected); hierarchical
/// cross-entropy (hxe); soft labels; cross-entropy of every level from the summed fine probabilities (leaf).
/// @param smoothed options of the cross-entropy in it
template <class M>
losses::LossSum<M> make_head_loss(const Recipe& recipe, const std::string& head, const CostMatrix& costs,
                                  const Taxonomy& taxonomy, const losses::CrossEntropyOptions& smoothed) {
  const std::string& loss = recipe.loss;
  if (loss == "report" || loss == "readme")
    return losses::severity<M>(
        head, costs,
        {.form = loss == "report" ? losses::SeverityForm::cost : losses::SeverityForm::alpha_plus_cost,
         .correct_weight = recipe.correct_weight,
         .alpha = recipe.alpha,
         .cross_entropy = smoothed});
  if (loss == "hxe") return losses::hierarchical_cross_entropy<M>(head, taxonomy, {.alpha = recipe.hxe_alpha});
  if (loss == "soft-labels")
    return losses::soft_labels<M>(head, costs, {.beta = recipe.beta, .cross_entropy = smoothed});
  if (loss == "leaf") return losses::leaf_aggregation<M>(head, taxonomy);
  if (loss == "learnable") return losses::learnable_severity<M>(head, taxonomy);
  losses::LossSum<M> cross_entropy = losses::cross_entropy<M>(head, smoothed);
  if (loss == "expected") return cross_entropy + recipe.expected_weight * losses::expected_severity<M>(head, costs);
  return cross_entropy;
}

/// The sum of the heads' losses: `make_head_loss` of the finest, cross-entropy of the others; and the divergence
/// between the finest head and each other one where the recipe wants it.
/// @param images that are trained on
template <class M, class T>
losses::LossSum<M> make_loss(const Recipe& recipe, Model<T>& model, const CostMatrix& costs,
                             const data::Dataset& images) {
  const Taxonomy& taxonomy = *images.taxonomy();
  const auto cross_entropy = [&](const std::string& head) {
    losses::CrossEntropyOptions options{.label_smoothing = recipe.label_smoothing};
    if (recipe.class_weights == "balanced") options.class_weights = data::balanced_class_weights(images, head);
    return options;
  };
  const std::string finest = model.heads().name(0);
  if (recipe.consistency > 0 && model.heads().size() < 2)
    fail<OptionError>(concat("--consistency ", recipe.consistency), "a network with the head '" + finest + "' alone",
                      "two heads or more can agree");
  losses::LossSum<M> sum =
      recipe.head_weights.at(0) * make_head_loss<M>(recipe, finest, costs, taxonomy, cross_entropy(finest));
  for (std::size_t h = 1; h < model.heads().size(); ++h) {
    const std::string& name = model.heads().name(h);
    sum = std::move(sum) + recipe.head_weights.at(std::min(h, recipe.head_weights.size() - 1)) *
                               losses::cross_entropy<M>(name, cross_entropy(name));
  }
  for (std::size_t h = 1; recipe.consistency > 0 && h < model.heads().size(); ++h)
    sum = std::move(sum) + recipe.consistency * losses::consistency<M>(finest, model.heads().name(h), taxonomy);
  return sum;
}

/// The recipe's optimizer, without parameters.
template <class M>
std::unique_ptr<Optimizer<M>> make_optimizer(const Recipe& recipe) {
  const double rate = recipe.learning_rate, decay = recipe.weight_decay;
  const ParamList<M> none;
  if (recipe.optimizer == "adam")
    return std::make_unique<Adam<M>>(none, AdamOptions{.learning_rate = rate, .weight_decay = decay});
  if (recipe.optimizer == "adamw")
    return std::make_unique<AdamW<M>>(none, AdamWOptions{.learning_rate = rate, .weight_decay = decay});
  if (recipe.optimizer == "muon")
    return std::make_unique<Muon<M>>(
        none,
        MuonOptions{.learning_rate = rate, .other_learning_rate = recipe.other_learning_rate, .weight_decay = decay});
  return std::make_unique<SGD<M>>(
      none,
      SGDOptions{
          .learning_rate = rate, .momentum = recipe.momentum, .nesterov = recipe.nesterov, .weight_decay = decay});
}

/// The recipe's optimizer of all parameters of network and loss; the trunk is a group of its own where it is frozen or
/// learns at another rate.
template <class T>
std::unique_ptr<Optimizer<Master<T>>> make_optimizer(const Recipe& recipe, Model<T>& model,
                                                     losses::LossSum<Master<T>>& loss) {
  using M = Master<T>;
  std::unique_ptr<Optimizer<M>> optimizer = make_optimizer<M>(recipe);
  ParamList<M> trunk, others, of_loss;
  for (Param<M>* param : model.parameters())
    (recipe.trunk_rate != 1 && param->name.starts_with("trunk.") ? trunk : others).push_back(param);
  if (!trunk.empty())
    optimizer->add_group({.params = trunk, .learning_rate_scale = recipe.trunk_rate, .frozen = recipe.trunk_rate == 0});
  optimizer->add_group({.params = others});
  loss.attach("loss", of_loss);
  // Momentum makes a step of SGD ten times its rate, too far for logarithms of weights: they would swing from 3 to
  // 0.02.
  const double scale = recipe.optimizer == "sgd" || recipe.optimizer == "muon" ? 0.01 : 1;
  if (!of_loss.empty()) optimizer->add_group({.params = of_loss, .learning_rate_scale = scale});
  return optimizer;
}

/// Notes the weights of a learnable severity loss in the history, columns "learned.severity_1" and so on.
template <class T>
class LearnedWeights : public train::Callback<T> {
 public:
  /// Refers to the loss, which must outlive it.
  explicit LearnedWeights(losses::LossSum<Master<T>>& loss) { loss.attach("loss", parameters_); }

  void on_epoch_end(train::FitState<T>&, metrics::EpochRecord& record) override {
    for (const auto* param : parameters_)
      for (Index h = 0; h < param->size(); ++h)
        record.set(concat("learned.severity_", h + 1), std::exp(static_cast<double>(param->value()[h])));
  }

 private:
  ParamList<Master<T>> parameters_;
};

}  // namespace examples
