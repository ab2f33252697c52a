// A batch of samples, and the options that say how batches are made.
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

  /// Number of samples, the letter N.
  Index count() const { return images.count(); }
};

class BatchAugmentation;  // see data/batch_augmentation.hpp

/// Who prepares the batches. 128 CIFAR images, cropped and flipped, take one core 2 ms, a step some 150 ms: a thread of
/// their own pays for slow augmentations only.
enum class Prefetch {
  none,        ///< the worker team, when `BatchLoader::next` is called
  background,  ///< one more thread, during the step before
};

/// How a `BatchLoader` makes batches.
struct BatchOptions {
  Index batch = 128;           ///< samples per batch, at least 1
  bool shuffle = true;         ///< new order each epoch; else the data set's order
  std::uint64_t seed = 0;      ///< of the order and of the augmentations
  Augmentations augment = {};  ///< applied first to last, before the normalisation; none: images as they are
  std::shared_ptr<const BatchAugmentation> mix = {};  ///< of the normalised images of a batch; null: none
  Normalization normalization = {};                   ///< none: values stay in the data set's units
  bool drop_last = false;                             ///< leave out the last batch of an epoch where it is not full
  Prefetch prefetch = Prefetch::none;                 ///< who prepares the batches; no bit depends on it
};

}  // namespace hcnn::data
