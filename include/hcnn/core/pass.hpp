// What a forward pass is told besides its input: training or evaluation, and the keys of its random numbers.
#pragma once

#include <cstdint>
#include <span>

#include "hcnn/core/shape.hpp"

namespace hcnn {

/// Training uses batch statistics and dropout; evaluation uses running statistics and drops nothing.
enum class Mode { train, evaluate };

/// The same (seed, epoch, sample id) draws the same dropout mask, whatever the thread, batch or call order.
struct Pass {
  Mode mode = Mode::train;                      ///< training or evaluation
  std::uint64_t seed = 0;                       ///< of the whole training
  std::uint64_t epoch = 0;                      ///< running one
  std::span<const std::uint64_t> samples = {};  ///< identity of each sample of the batch; empty: 0, 1, 2, ...
  bool train_trunk = true;  ///< false: a Model's trunk runs in evaluation mode, and its backward pass is left out

  /// True in training.
  bool training() const { return mode == Mode::train; }
  /// Identity of sample n of the batch.
  std::uint64_t sample_id(Index n) const {
    return samples.empty() ? static_cast<std::uint64_t>(n) : samples[static_cast<std::size_t>(n)];
  }
};

}  // namespace hcnn
