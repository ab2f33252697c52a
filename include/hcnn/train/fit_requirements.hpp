// Checks before training that it can change something.
#pragma once

#include <algorithm>

#include "hcnn/layers/model.hpp"
#include "hcnn/optim/optimizer.hpp"

namespace hcnn::train {

/// Throws OptionError for a network of several layers whose weights are all 0: it would never learn.
template <class T>
void require_start_values(Model<T>& model) {
  using M = Master<T>;
  Index weights = 0, zero = 0;
  for (const Param<M>* param : model.parameters())
    if (param->role == Role::weight) {
      ++weights;
      zero += std::all_of(param->value(), param->value() + param->size(), [](M value) { return value == M{0}; });
    }
  if (weights > 1 && zero == weights)
    fail<OptionError>("fit", "every weight is 0", "call init::he_normal(model, seed), or load a model, first");
}

/// Throws OptionError for an optimizer that has none of the model's parameters, e.g. after `model.clone()`, or lacks a
/// parameter of the loss: they would never be updated. Parameters in frozen groups count as present.
template <class T>
void require_movable(Model<T>& model, const Optimizer<Master<T>>& optimizer,
                     const ParamList<Master<T>>& loss_parameters) {
  using M = Master<T>;
  const auto has = [&](const Param<M>* param) {
    return std::any_of(optimizer.groups().begin(), optimizer.groups().end(), [&](const ParamGroup<M>& group) {
      return std::find(group.params.begin(), group.params.end(), param) != group.params.end();
    });
  };
  if (std::none_of(model.parameters().begin(), model.parameters().end(), has))
    fail<OptionError>("fit", "an optimizer of no parameter of this model", "it was made for another one");
  for (const Param<M>* param : loss_parameters)
    if (!has(param))
      fail<OptionError>("fit", "an optimizer without the loss's parameter '" + param->name + "'",
                        "give it to the optimizer: LossSum::attach lists it; a frozen group keeps its value");
}

}  // namespace hcnn::train
