// Input for tests of networks.
#pragma once

#include "hcnn/core/random.hpp"
#include "hcnn/core/tensor.hpp"

namespace hcnn::testing {

/// Normally distributed values, the same at every call.
template <class T>
Tensor<T> random_batch(Index count, const Shape& shape) {
  Tensor<T> x(count, shape);
  RandomStream random(Seed{4}, 1);
  for (T& value : x) value = T(static_cast<float>(random.normal()));
  return x;
}

}  // namespace hcnn::testing
