// Gradient clipping by global norm.
#pragma once

#include <cmath>

#include "hcnn/core/parallel.hpp"
#include "hcnn/core/param.hpp"
#include "hcnn/core/workspace.hpp"

namespace hcnn {

/// Euclidean norm of all gradients together, summed in double in an order that depends only on the sizes. Not finite if
/// any gradient is not. Buffers have no gradient and do not count.
template <class M>
double gradient_norm(const ParamList<M>& params) {
  double total = 0;
  for (const Param<M>* param : params) {
    if (param->is_buffer()) continue;
    const WorkspaceScope scope(thread_scratch());
    const Index blocks = (param->size() + kElementGrain - 1) / kElementGrain;
    double* const sums = thread_scratch().take<double>(blocks);
    parallel_elements(param->size(), [&](Index begin, Index end) {
      double sum = 0;
      for (Index i = begin; i < end; ++i) {
        const auto g = static_cast<double>(param->grad()[i]);
        sum += g * g;
      }
      sums[begin / kElementGrain] = sum;
    });
    for (Index b = 0; b < blocks; ++b) total += sums[b];
  }
  return std::sqrt(total);
}

/// Scales all gradients by min(1, max_norm / (norm + 1e-6)) as PyTorch does, and returns the norm before scaling. Call
/// it between the backward pass and the step: `clip_gradient_norm(optimizer.trainable(), 1.0)`. A norm that is not
/// finite is returned with the gradients unchanged: the caller decides whether to skip the step or to stop.
/// Throws OptionError unless max_norm > 0. Source: Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063, algorithm 1.
template <class M>
double clip_gradient_norm(const ParamList<M>& params, double max_norm) {
  require_option(max_norm > 0, "clip_gradient_norm", "max_norm", max_norm, "must be > 0");
  const double norm = gradient_norm(params);
  const double factor = max_norm / (norm + 1e-6);
  if (!std::isfinite(norm) || factor >= 1) return norm;
  for (Param<M>* param : params) {
    if (param->is_buffer()) continue;
    parallel_elements(param->size(), [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) param->grad()[i] *= static_cast<M>(factor);
    });
  }
  return norm;
}

}  // namespace hcnn
