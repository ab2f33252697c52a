// Random augmentations of a training image.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/core/workspace.hpp"

namespace hcnn::data {

/// A random augmentation of one image. To write one: derive, implement `name` and `apply`, and pass
/// `std::make_shared<Mine>(...)`. `apply` must not modify members: several threads call it on one object at once.
class Augmentation {
 public:
  virtual ~Augmentation() = default;
  /// The factory call that makes it: "pad_crop(4, zero)".
  virtual std::string name() const = 0;
  /// Throws ShapeError if images of this shape cannot be augmented; called once, before the first image.
  virtual void check(const Shape& shape) const { static_cast<void>(shape); }
  /// Augments the image in place: H, W, C, values in the data set's units (0..1 for byte pixels). `random` is keyed by
  /// seed, epoch and sample, so the same key gives the same change; `scratch` provides temporary memory.
  virtual void apply(float* image, const Shape& shape, RandomStream& random, Workspace& scratch) const = 0;
};

/// Augmentations, applied first to last: `{pad_crop(4), horizontal_flip()}`.
using Augmentations = std::vector<std::shared_ptr<const Augmentation>>;

/// What lies outside an image: 0 (black), or the image mirrored without repeating the border (PyTorch's "reflect").
enum class PadMode { zero, reflect };

/// Pads every side, then crops the original size at a random position: pad_crop.
/// Source: He et al. 2015, arXiv:1512.03385, section 4.2.
class PadCrop : public Augmentation {
 public:
  /// @param pixels padding of each side. Throws OptionError for a negative number.
  PadCrop(Index pixels, PadMode mode) : pixels_(pixels), mode_(mode) {
    if (pixels < 0) fail<OptionError>("pad_crop", concat(pixels, " pixels"), "at least 0 is needed");
  }
  std::string name() const override {
    return concat("pad_crop(", pixels_, mode_ == PadMode::zero ? ", zero)" : ", reflect)");
  }
  void check(const Shape& shape) const override {
    if (mode_ == PadMode::reflect && pixels_ >= std::min(shape.height, shape.width))
      fail<ShapeError>(name(), "an image " + to_string(shape), "both sides must be longer than the padding");
  }
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace& scratch) const override {
    const auto places = static_cast<std::uint32_t>(2 * pixels_ + 1);
    const Index down = static_cast<Index>(random.below(places)) - pixels_;
    const Index right = static_cast<Index>(random.below(places)) - pixels_;
    const WorkspaceScope scope(scratch);
    float* original = scratch.take<float>(shape.size());
    std::copy_n(image, shape.size(), original);
    for (Index y = 0; y < shape.height; ++y)
      for (Index x = 0; x < shape.width; ++x, image += shape.channels) {
        const Index from_y = source(y + down, shape.height), from_x = source(x + right, shape.width);
        if (from_y < 0 || from_x < 0)
          std::fill_n(image, shape.channels, 0.0F);
        else
          std::copy_n(original + (from_y * shape.width + from_x) * shape.channels, shape.channels, image);
      }
  }

 private:
  // Row or column of the original for position `at`; -1 for zero padding.
  Index source(Index at, Index extent) const {
    if (at >= 0 && at < extent) return at;
    if (mode_ == PadMode::zero) return -1;
    return at < 0 ? -at : 2 * (extent - 1) - at;
  }

  Index pixels_;
  PadMode mode_;
};

/// Mirrors an image left to right, in place.
template <class T>
void mirror(T* image, const Shape& shape) {
  for (Index y = 0; y < shape.height; ++y) {
    T* row = image + y * shape.width * shape.channels;
    for (Index left = 0, right = shape.width - 1; left < right; ++left, --right)
      std::swap_ranges(row + left * shape.channels, row + (left + 1) * shape.channels, row + right * shape.channels);
  }
}

/// Mirrors an image left to right with a given probability: horizontal_flip.
class HorizontalFlip : public Augmentation {
 public:
  /// Throws OptionError for a probability outside 0..1.
  explicit HorizontalFlip(double probability) : probability_(probability) {
    if (!(probability >= 0.0 && probability <= 1.0))
      fail<OptionError>("horizontal_flip", concat("probability ", probability), "0..1 is needed");
  }
  std::string name() const override { return concat("horizontal_flip(", probability_, ")"); }
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace&) const override {
    if (random.uniform() < probability_) mirror(image, shape);
  }

 private:
  double probability_;
};

/// Mirrors every image left to right in every other epoch: alternating_flip.
/// Source: Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv:2404.00498, section 3.6.
class AlternatingFlip : public Augmentation {
 public:
  std::string name() const override { return "alternating_flip"; }
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace&) const override {
    constexpr std::uint32_t kFarAway = 0xFFFFFFFF;  // a block of the stream that no other augmentation reaches
    const std::uint32_t start = random.in_epoch(0).block(kFarAway)[0];
    if ((start ^ random.epoch()) & 1u) mirror(image, shape);
  }
};

/// Overwrites a square centred anywhere in the image, clipped at the border: cutout.
/// Source: DeVries, Taylor 2017, "Improved Regularization of CNNs with Cutout", arXiv:1708.04552.
class Cutout : public Augmentation {
 public:
  /// @param size of each side, pixels  @param fill in the data set's units. Throws OptionError for a size below 1 or a
  /// fill that is not finite.
  Cutout(Index size, float fill) : size_(size), fill_(fill) {
    if (size < 1) fail<OptionError>("cutout", concat("size ", size), "at least 1 pixel is needed");
    if (!std::isfinite(fill)) fail<OptionError>("cutout", concat("fill ", fill), "a finite value is needed");
  }
  std::string name() const override { return concat("cutout(", size_, ", ", fill_, ")"); }
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace&) const override {
    const Index top = static_cast<Index>(random.below(static_cast<std::uint32_t>(shape.height))) - size_ / 2;
    const Index left = static_cast<Index>(random.below(static_cast<std::uint32_t>(shape.width))) - size_ / 2;
    const Index first = std::max(left, Index{0}), last = std::min(left + size_, shape.width);
    for (Index y = std::max(top, Index{0}); y < std::min(top + size_, shape.height); ++y)
      std::fill_n(image + (y * shape.width + first) * shape.channels, (last - first) * shape.channels, fill_);
  }

 private:
  Index size_;
  float fill_;
};

/// Random crop of the original size from the padded image. `pixels` is the padding of each side. Throws OptionError for
/// a negative number; with PadMode::reflect, a loader throws ShapeError unless both sides of its images are longer than
/// the padding.
inline std::shared_ptr<const Augmentation> pad_crop(Index pixels, PadMode mode = PadMode::zero) {
  return std::make_shared<PadCrop>(pixels, mode);
}
/// Mirrors left to right with this probability. Throws OptionError for one outside 0..1.
inline std::shared_ptr<const Augmentation> horizontal_flip(double probability = 0.5) {
  return std::make_shared<HorizontalFlip>(probability);
}
/// Mirrors in the odd or in the even epochs, drawn for each sample: two consecutive epochs show every image both ways
/// round, where `horizontal_flip` shows half of the images only one way round.
inline std::shared_ptr<const Augmentation> alternating_flip() { return std::make_shared<AlternatingFlip>(); }
/// Overwrites a square of `size` x `size` pixels with `fill`; augmentations run before normalisation, so 0 is black.
/// Throws OptionError for a size below 1 or a fill that is not finite.
inline std::shared_ptr<const Augmentation> cutout(Index size, float fill = 0.0F) {
  return std::make_shared<Cutout>(size, fill);
}

}  // namespace hcnn::data
