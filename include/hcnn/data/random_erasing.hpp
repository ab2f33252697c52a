// Random erasing: overwrites a rectangle of random size and shape with noise.
#pragma once

#include <cmath>
#include <memory>
#include <string>

#include "hcnn/data/augment.hpp"

namespace hcnn::data {

/// Options of `random_erasing`; the defaults are the paper's for CIFAR.
struct RandomErasingOptions {
  double probability = 0.5;  ///< probability that an image is changed, 0..1
  double least_area = 0.02;  ///< smallest area as a fraction of the image; above 0
  double most_area = 0.4;    ///< largest area as a fraction of the image; at least least_area, at most 1
  double least_ratio = 0.3;  ///< smallest height / width; above 0, at most 1; the largest is its inverse
};

/// Overwrites a rectangle with random values in [0, 1), one for each pixel and channel: random_erasing. Source: Zhong
/// et al. 2020, "Random Erasing Data Augmentation", arXiv:1708.04896, algorithm 1. Here the ratio is drawn on a
/// logarithmic scale, so that wide and tall rectangles are equally likely, and after 100 rectangles that do not fit the
/// image stays unchanged.
class RandomErasing : public Augmentation {
 public:
  /// Throws OptionError for an option outside its range.
  explicit RandomErasing(const RandomErasingOptions& options) : options_(options) {
    const auto& o = options_;
    require_option(o.probability >= 0 && o.probability <= 1, "random_erasing", "probability", o.probability,
                   "must be in 0..1");
    require_option(o.least_area > 0 && o.least_area <= o.most_area, "random_erasing", "least_area", o.least_area,
                   "must be above 0 and at most most_area");
    require_option(o.most_area <= 1, "random_erasing", "most_area", o.most_area, "must be at most 1");
    require_option(o.least_ratio > 0 && o.least_ratio <= 1, "random_erasing", "least_ratio", o.least_ratio,
                   "must be above 0 and at most 1");
  }
  std::string name() const override {
    return concat("random_erasing(", options_.probability, ", area ", options_.least_area, "..", options_.most_area,
                  ", ratio ", options_.least_ratio, ')');
  }
  void apply(float* image, const Shape& shape, RandomStream& random, Workspace&) const override {
    if (random.uniform() >= options_.probability) return;
    for (int attempt = 0; attempt < 100; ++attempt) {
      const double share = options_.least_area + (options_.most_area - options_.least_area) * random.uniform();
      const double area = share * static_cast<double>(shape.pixels());
      const double ratio = std::exp(std::log(options_.least_ratio) * (1 - 2 * random.uniform()));
      const auto height = static_cast<Index>(std::lround(std::sqrt(area * ratio)));
      const auto width = static_cast<Index>(std::lround(std::sqrt(area / ratio)));
      if (height < 1 || width < 1 || height > shape.height || width > shape.width) continue;
      const Index top = random.below(static_cast<std::uint32_t>(shape.height - height + 1));
      const Index left = random.below(static_cast<std::uint32_t>(shape.width - width + 1));
      for (Index y = top; y < top + height; ++y) {
        float* const row = image + (y * shape.width + left) * shape.channels;
        for (Index i = 0; i < width * shape.channels; ++i) row[i] = static_cast<float>(random.uniform());
      }
      return;
    }
  }

 private:
  RandomErasingOptions options_;
};

/// Overwrites a random rectangle with noise. Throws OptionError for an option outside its range.
inline std::shared_ptr<const Augmentation> random_erasing(const RandomErasingOptions& options = {}) {
  return std::make_shared<RandomErasing>(options);
}

}  // namespace hcnn::data
