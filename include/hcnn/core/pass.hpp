// What a forward pass needs besides its input: training or evaluation mode, and the keys of its random numbers.
#pragma once

#include <cstdint>
#include <span>

#include "hcnn/core/shape.hpp"

namespace hcnn {

/// Training uses batch statistics and dropout; evaluation uses running statistics and drops nothing.
enum class Mode { train, evaluate };

/// Mode and random keys of a forward pass. The same (seed, epoch, sample id) draws the same dropout mask, regardless of
/// thread, batch and call order.
struct Pass {
  Mode mode = Mode::train;                      ///< training or evaluation
  std::uint64_t seed = 0;                       ///< seed of the whole training run
  std::uint64_t epoch = 0;                      ///< current epoch
  std::span<const std::uint64_t> samples = {};  ///< identity of each sample in the batch; empty: 0, 1, 2, ...
  bool train_trunk = true;  ///< false: the trunk of a Model runs in evaluation mode, and its backward pass is skipped

  /// True in training mode.
  bool training() const { return mode == Mode::train; }
  /// Identity of sample n of the batch.
  std::uint64_t sample_id(Index n) const {
    return samples.empty() ? static_cast<std::uint64_t>(n) : samples[static_cast<std::size_t>(n)];
  }
};

}  // namespace hcnn
