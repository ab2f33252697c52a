// Augmentations against images worked out by hand.
#include "hcnn/data/augment.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <vector>

using namespace hcnn;
using data::PadMode;

namespace {

const Shape kAugmentedShape{.height = 3, .width = 4, .channels = 2};

/// Values 1, 2, 3, ...: none is 0 and no two are equal.
std::vector<float> counting(const Shape& shape) {
  std::vector<float> image(static_cast<std::size_t>(shape.size()));
  std::iota(image.begin(), image.end(), 1.0F);
  return image;
}

std::vector<float> changed(const data::Augmentation& augmentation, std::uint64_t sample) {
  std::vector<float> image = counting(kAugmentedShape);
  RandomStream random(Seed{1}, 0, 0, sample);
  Workspace scratch;
  augmentation.apply(image.data(), kAugmentedShape, random, scratch);
  return image;
}

/// The padded image cut out `down` and `right` of its middle, by the definition.
std::vector<float> cropped(PadMode mode, Index down, Index right) {
  const std::vector<float> image = counting(kAugmentedShape);
  std::vector<float> result;
  for (Index y = down; y < down + kAugmentedShape.height; ++y)
    for (Index x = right; x < right + kAugmentedShape.width; ++x)
      for (Index c = 0; c < kAugmentedShape.channels; ++c) {
        Index row = y, column = x;
        if (mode == PadMode::reflect) {
          row = row < 0 ? -row : row > 2 ? 4 - row : row;
          column = column < 0 ? -column : column > 3 ? 6 - column : column;
        }
        const bool inside = row >= 0 && row < kAugmentedShape.height && column >= 0 && column < kAugmentedShape.width;
        result.push_back(inside ? image[static_cast<std::size_t>((row * kAugmentedShape.width + column) * 2 + c)]
                                : 0.0F);
      }
  return result;
}

}  // namespace

TEST_CASE("pad-crop gives each of its places, and nothing else") {
  for (const PadMode mode : {PadMode::zero, PadMode::reflect}) {
    std::set<std::vector<float>> expected, seen;
    for (Index down = -2; down <= 2; ++down)
      for (Index right = -2; right <= 2; ++right) expected.insert(cropped(mode, down, right));
    CHECK(expected.size() == (mode == PadMode::zero ? 25 : 20));  // three rows mirrored by 2 up or down are the same
    // One place of 25 is missed by 400 draws with probability 25 * 0.96^400 = 2e-6.
    for (std::uint64_t sample = 0; sample < 400; ++sample) seen.insert(changed(*data::pad_crop(2, mode), sample));
    CHECK(seen == expected);
  }
  CHECK(changed(*data::pad_crop(0), 1) == counting(kAugmentedShape));
}

TEST_CASE("a horizontal flip mirrors left and right, keeps the channels and happens half of the time") {
  const std::vector<float> mirrored{7,  8,  5,  6,  3,  4,  1,  2,   // a row, pixel by pixel from the right
                                    15, 16, 13, 14, 11, 12, 9,  10,  //
                                    23, 24, 21, 22, 19, 20, 17, 18};
  CHECK(changed(*data::horizontal_flip(1.0), 0) == mirrored);
  CHECK(changed(*data::horizontal_flip(0.0), 0) == counting(kAugmentedShape));
  int flips = 0;
  for (std::uint64_t sample = 0; sample < 1000; ++sample)
    flips += changed(*data::horizontal_flip(), sample) == mirrored;
  CHECK(std::abs(flips - 500) < 64);  // 4 standard deviations: 4 * sqrt(1000 / 4)
}

TEST_CASE("cutout fills one square, cut off at the border, with every pixel as its centre") {
  for (const Index size : {2, 3}) {  // the centre of an even square is its lower right middle pixel
    CAPTURE(size);
    std::set<std::vector<float>> expected, seen;
    for (Index y = 0; y < kAugmentedShape.height; ++y)
      for (Index x = 0; x < kAugmentedShape.width; ++x) {
        std::vector<float> image = counting(kAugmentedShape);
        const auto inside = [size](Index distance) { return distance >= -1 && distance <= size - 2; };
        for (Index row = 0; row < kAugmentedShape.height; ++row)
          for (Index column = 0; column < kAugmentedShape.width; ++column)
            if (inside(row - y) && inside(column - x))
              for (Index c = 0; c < 2; ++c)
                image[static_cast<std::size_t>((row * kAugmentedShape.width + column) * 2 + c)] = 0.5F;
        expected.insert(image);
      }
    CHECK(expected.size() == 12);
    for (std::uint64_t sample = 0; sample < 300; ++sample) seen.insert(changed(*data::cutout(size, 0.5F), sample));
    CHECK(seen == expected);  // one centre of 12 missed: 12 * (11/12)^300 = 6e-11
  }
}

TEST_CASE("an augmentation says what it is") {
  CHECK(data::pad_crop(4)->name() == "pad_crop(4, zero)");
  CHECK(data::pad_crop(4, PadMode::reflect)->name() == "pad_crop(4, reflect)");
  CHECK(data::horizontal_flip()->name() == "horizontal_flip(0.5)");
  CHECK(data::cutout(8)->name() == "cutout(8, 0)");
}

TEST_CASE("options outside their range are refused") {
  CHECK_THROWS_AS(data::pad_crop(-1), OptionError);
  CHECK_THROWS_AS(data::horizontal_flip(1.1), OptionError);
  CHECK_THROWS_AS(data::horizontal_flip(std::nan("")), OptionError);
  CHECK_THROWS_AS(data::cutout(0), OptionError);
  CHECK_THROWS_AS(data::cutout(2, std::numeric_limits<float>::infinity()), OptionError);
  CHECK_THROWS_AS(data::pad_crop(3, PadMode::reflect)->check(kAugmentedShape), ShapeError);
  CHECK_NOTHROW(data::pad_crop(2, PadMode::reflect)->check(kAugmentedShape));
  CHECK_NOTHROW(data::pad_crop(3)->check(kAugmentedShape));
}
