// A batch of samples, and the options of batch loading.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "hcnn/core/targets.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/data/augment.hpp"
#include "hcnn/data/normalization.hpp"

namespace hcnn::data {

/// Samples of one training step.
template <class T>
struct Batch {
  Tensor<T> images;                ///< (N, H, W, C)
  Targets targets;                 ///< labels of every level of the data set
  std::vector<std::uint64_t> ids;  ///< identity of each sample, for `Pass::samples`

  /// Number of samples, N.
  Index count() const { return images.count(); }
};

class BatchAugmentation;  // see data/batch_augmentation.hpp

/// Who prepares the batches. Cropping and flipping 128 CIFAR images takes one core 2 ms, a training step about 150 ms:
/// a background thread pays for slow augmentations only.
enum class Prefetch {
  none,        ///< all threads, inside `BatchLoader::next`
  background,  ///< one extra thread, during the previous step
};

/// Options of `BatchLoader`.
struct BatchOptions {
  Index batch = 128;                                  ///< samples per batch, at least 1
  bool shuffle = true;                                ///< reshuffle in each epoch; else the data set's order
  std::uint64_t seed = 0;                             ///< seed of the order and the augmentations
  Augmentations augment = {};                         ///< applied first to last, before normalisation; empty: none
  std::shared_ptr<const BatchAugmentation> mix = {};  ///< applied to each batch, after normalisation; null: none
  Normalization normalization = {};                   ///< empty: values stay in the data set's units
  bool drop_last = false;                             ///< leave out an incomplete last batch of an epoch
  Prefetch prefetch = Prefetch::none;                 ///< who prepares the batches; results are bitwise the same
};

}  // namespace hcnn::data
