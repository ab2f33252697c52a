// Random augmentations of a whole training batch: images and targets together.
#pragma once

#include <span>
#include <string>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/data/batch.hpp"

namespace hcnn::data {

/// Changes a batch of augmented and normalised images: `data::mixup`. Not a template, so that programs without one
/// compile none of it. To write one: derive from `BatchAugmentationOf`.
class BatchAugmentation {
 public:
  virtual ~BatchAugmentation() = default;
  /// Class and options; a resumed run must have the same.
  virtual std::string name() const = 0;
  /// Changes the batch in place. All randomness comes from `random`, keyed by seed, epoch and position of the batch.
  /// @param classes number of classes of each level of the targets
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
