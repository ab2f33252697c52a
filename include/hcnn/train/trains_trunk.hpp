// Whether a training moves anything of the trunk.
#pragma once

#include <algorithm>

#include "hcnn/layers/model.hpp"
#include "hcnn/optim/optimizer.hpp"

namespace hcnn::train {

/// False where the optimizer trains no parameter of the trunk, all of which are frozen or in no group: a step can then
/// leave out the trunk's backward pass (`Pass::train_trunk`). True for a trunk without parameters.
template <class T>
bool trains_trunk(Model<T>& model, const Optimizer<Master<T>>& optimizer) {
  const auto of_trunk = [](const Param<Master<T>>* param) { return param->name.starts_with("trunk."); };
  const auto& trained = optimizer.trainable();
  return std::any_of(trained.begin(), trained.end(), of_trunk) ||
         std::none_of(model.parameters().begin(), model.parameters().end(), of_trunk);
}

}  // namespace hcnn::train
