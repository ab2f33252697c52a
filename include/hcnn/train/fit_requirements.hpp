// Checks before training: options in range, images that fit, and something to change.
#pragma once

#include <algorithm>

#include "hcnn/layers/model.hpp"
#include "hcnn/optim/optimizer.hpp"
#include "hcnn/train/fit_options.hpp"

namespace hcnn::train {

/// Throws OptionError for an option of `fit` outside its range.
template <class T>
void require_options(const FitOptions<T>& options) {
  if (options.epochs < 1) fail<OptionError>("fit", concat(options.epochs, " epochs"), "at least 1 is needed");
  require_option(options.accumulate >= 1, "fit", "accumulate", options.accumulate, "must be >= 1");
  require_option(options.limit_batches >= 0, "fit", "limit_batches", options.limit_batches, "must be >= 0");
  require_nonnegative("fit", "clip_norm", options.clip_norm);
}

/// Throws DataError for a data set without samples, or without a full batch under `drop_last`; ShapeError for images to
/// validate of another shape than those to train on.
template <class T>
void require_images(const FitOptions<T>& options, const data::Dataset& dataset) {
  if (dataset.size() == 0 || (options.validate && options.validate->size() == 0))
    fail<DataError>("fit", dataset.size() == 0 ? "no samples to train on" : "no samples to validate",
                    "some are needed");
  if (options.validate && options.validate->shape() != dataset.shape())
    fail<ShapeError>("fit", "images to validate of " + to_string(options.validate->shape()),
                     "those to train on are " + to_string(dataset.shape()));
  if (options.drop_last && dataset.size() < options.batch)
    fail<DataError>("fit", concat(dataset.size(), " samples, batches of ", options.batch, " and drop_last"),
                    "a full batch is needed");
}

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
    fail<OptionError>("fit", "the optimizer has none of this model's parameters",
                      "make it from this model's parameters()");
  for (const Param<M>* param : loss_parameters)
    if (!has(param))
      fail<OptionError>("fit", "an optimizer without the loss's parameter '" + param->name + "'",
                        "give it to the optimizer: LossSum::attach lists it; a frozen group keeps its value");
}

}  // namespace hcnn::train
