// Random changes of a whole training batch: images and targets together.
#pragma once

#include <span>
#include <string>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/data/batch.hpp"

namespace hcnn::data {

/// Changes a batch whose images are augmented and normalised: `data::mixup`. Not a template, so that programs that
/// change no batches compile none of it. To write one: derive from `BatchAugmentationOf`.
class BatchAugmentation {
 public:
  virtual ~BatchAugmentation() = default;
  /// What a run is compared by when it is resumed: class and options.
  virtual std::string name() const = 0;
  /// Changes the batch. All that is random comes from `random`, which is keyed by seed, epoch and place of the batch.
  /// @param classes of each level of the targets
  virtual void apply(Batch<float>& batch, std::span<const Index> classes, RandomStream& random) const = 0;
  /// The same in double.
  virtual void apply(Batch<double>& batch, std::span<const Index> classes, RandomStream& random) const = 0;
  /// The same in bfloat16.
  virtual void apply(Batch<bfloat16>& batch, std::span<const Index> classes, RandomStream& random) const = 0;
};

/// Base of batch augmentations: implement `name` and `template <class T> void change(Batch<T>&, std::span<const Index>,
/// RandomStream&) const`.
template <class Augmentation>
class BatchAugmentationOf : public BatchAugmentation {
 public:
  /// Calls `change`.
  void apply(Batch<float>& batch, std::span<const Index> classes, RandomStream& random) const final {
    static_cast<const Augmentation&>(*this).change(batch, classes, random);
  }
  /// Calls `change`.
  void apply(Batch<double>& batch, std::span<const Index> classes, RandomStream& random) const final {
    static_cast<const Augmentation&>(*this).change(batch, classes, random);
  }
  /// Calls `change`.
  void apply(Batch<bfloat16>& batch, std::span<const Index> classes, RandomStream& random) const final {
    static_cast<const Augmentation&>(*this).change(batch, classes, random);
  }
};

}  // namespace hcnn::data
