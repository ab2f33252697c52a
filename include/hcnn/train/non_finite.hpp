// Finds the value that is NaN or infinite when training breaks.
#pragma once

#include <cmath>
#include <string>

#include "hcnn/layers/diagnose.hpp"
#include "hcnn/train/callbacks.hpp"

namespace hcnn::train {

/// Throws NumericError naming the epoch and the parameter if a parameter is not finite: the gradients of the last step
/// may have been bad, with no later loss to reveal it.
template <class T>
void require_finite_parameters(const FitState<T>& state) {
  for (const auto* param : state.model.state())
    if (!all_finite(param->value(), param->size()))
      fail<NumericError>(concat("epoch ", state.epoch), "parameter " + param->name + " is not finite",
                         "a smaller learning rate or clip_norm may help");
}

/// Throws NumericError naming the epoch, the batch (its number in the epoch, from 1) and the layer in which the first
/// non-finite value arises. `value` is the loss of these images.
template <class T>
[[noreturn]] void stop_at_non_finite(const FitState<T>& state, Index batch, TensorView<const T> images,
                                     Master<T> value) {
  const std::string place = find_non_finite<T>(state.model, images);
  fail<NumericError>(
      concat("epoch ", state.epoch, ", batch ", batch),
      concat("the loss is ", value, place.empty() ? "" : "; the first value that is not finite is in " + place),
      "a smaller learning rate or clip_norm may help");
}

}  // namespace hcnn::train
