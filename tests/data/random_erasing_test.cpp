// Random erasing and the flip that alternates.
#include "hcnn/data/random_erasing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace hcnn;

namespace {

const Shape kErasedShape{.height = 20, .width = 30, .channels = 2};

std::vector<float> changed(const data::Augmentation& augmentation, const Shape& shape, std::uint64_t epoch,
                           std::uint64_t sample, float fill) {
  std::vector<float> image(static_cast<std::size_t>(shape.size()), fill);
  if (fill == 0) std::iota(image.begin(), image.end(), 1.0F);
  RandomStream random(Seed{1}, hash_name("augmentation"), epoch, sample);
  Workspace scratch;
  augmentation.apply(image.data(), shape, random, scratch);
  return image;
}

/// Rows and columns from the first to the last changed pixel, and how many pixels are changed.
struct Rectangle {
  Index top = 1000, bottom = -1, left = 1000, right = -1, pixels = 0;
  Index height() const { return bottom - top + 1; }
  Index width() const { return right - left + 1; }
};

Rectangle erased(const std::vector<float>& image) {
  Rectangle r;
  for (Index y = 0; y < kErasedShape.height; ++y)
    for (Index x = 0; x < kErasedShape.width; ++x) {
      const float* pixel = image.data() + (y * kErasedShape.width + x) * kErasedShape.channels;
      if (pixel[0] == 7 && pixel[1] == 7) continue;
      CHECK((pixel[0] >= 0 && pixel[0] < 1 && pixel[1] >= 0 && pixel[1] < 1));
      r = {std::min(r.top, y), std::max(r.bottom, y), std::min(r.left, x), std::max(r.right, x), r.pixels + 1};
    }
  return r;
}

}  // namespace

TEST_CASE("what is erased is one rectangle of noise within the range of areas and ratios") {
  const auto augmentation = data::random_erasing({.probability = 1, .least_area = 0.05, .most_area = 0.3});
  double high = 0, areas = 0;
  for (std::uint64_t sample = 0; sample < 400; ++sample) {
    const Rectangle r = erased(changed(*augmentation, kErasedShape, 1, sample, 7));
    REQUIRE(r.pixels > 0);
    CHECK(r.pixels == r.height() * r.width());
    // Rounding each side moves it by at most half a pixel.
    const double h = static_cast<double>(r.height()), w = static_cast<double>(r.width());
    CHECK((h + 0.5) * (w + 0.5) >= 0.05 * 600);
    CHECK((h - 0.5) * (w - 0.5) <= 0.3 * 600);
    CHECK((h + 0.5) / (w - 0.5) >= 0.3);
    CHECK((h - 0.5) / (w + 0.5) <= 1 / 0.3);
    high += h > w;
    areas += h * w / 600;
  }
  CHECK(high / 400 > 0.3);  // wide and high ones; in a wide image some high ones do not fit
  CHECK(high / 400 < 0.6);
  // Uniform between 0.05 and 0.3 has a mean of 0.175; the greatest areas are redrawn if they do not fit.
  CHECK(std::abs(areas / 400 - 0.17) < 0.017);
}

TEST_CASE("an image is erased as often as asked for, the same one in the same place") {
  const auto half = data::random_erasing(), never = data::random_erasing({.probability = 0});
  int changes = 0;
  for (std::uint64_t sample = 0; sample < 1000; ++sample) {
    const std::vector<float> image = changed(*half, kErasedShape, 1, sample, 7);
    changes += erased(image).pixels > 0;
    CHECK(changed(*half, kErasedShape, 1, sample, 7) == image);
    CHECK(erased(changed(*never, kErasedShape, 1, sample, 7)).pixels == 0);
  }
  CHECK(std::abs(changes - 500) < 4 * std::sqrt(250.0));
}

TEST_CASE("in an image of one pixel that no rectangle fits the image stays") {
  const auto augmentation = data::random_erasing({.probability = 1, .most_area = 0.1});
  const std::vector<float> image = changed(*augmentation, {1, 1, 3}, 1, 5, 7);
  CHECK(image == std::vector<float>{7, 7, 7});
}

TEST_CASE("options of random erasing outside their range are refused") {
  CHECK_THROWS_AS(data::random_erasing({.probability = 1.1}), OptionError);
  CHECK_THROWS_AS(data::random_erasing({.least_area = 0}), OptionError);
  CHECK_THROWS_AS(data::random_erasing({.least_area = 0.5}), OptionError);
  CHECK_THROWS_AS(data::random_erasing({.most_area = 1.5}), OptionError);
  CHECK_THROWS_AS(data::random_erasing({.least_ratio = 2}), OptionError);
}

TEST_CASE("the alternating flip shows every image from both sides in any two epochs, half of them mirrored first") {
  const auto flip = data::alternating_flip();
  const Shape shape{2, 3, 1};
  int mirrored_first = 0;
  for (std::uint64_t sample = 0; sample < 400; ++sample) {
    const std::vector<float> plain = {1, 2, 3, 4, 5, 6}, mirrored = {3, 2, 1, 6, 5, 4};
    const bool first = changed(*flip, shape, 1, sample, 0) == mirrored;
    for (std::uint64_t epoch = 1; epoch < 6; ++epoch)
      CHECK(changed(*flip, shape, epoch, sample, 0) == (first == (epoch % 2 == 1) ? mirrored : plain));
    mirrored_first += first;
  }
  CHECK(std::abs(mirrored_first - 200) < 40);  // 4 standard errors
}

TEST_CASE("the flip's side does not depend on what other augmentations have drawn, and another seed has another one") {
  int same = 0;
  for (std::uint64_t sample = 0; sample < 100; ++sample) {
    float images[3][2] = {{1, 2}, {1, 2}, {1, 2}};
    Workspace scratch;
    for (int i = 0; i < 3; ++i) {
      RandomStream random(Seed{i == 2 ? 9u : 1u}, hash_name("augmentation"), 4, sample);
      if (i == 1) random.uniform();
      data::alternating_flip()->apply(images[i], {1, 2, 1}, random, scratch);
    }
    CHECK(images[0][0] == images[1][0]);
    same += images[0][0] == images[2][0];
  }
  CHECK(same > 20);
  CHECK(same < 80);
}
