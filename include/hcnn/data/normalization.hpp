// Per-channel normalisation of images.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// value -> (value - mean[c]) / deviation[c]; with empty lists values are unchanged. It runs after the augmentations:
/// what they pad or cut out with 0 is black, not the mean.
struct Normalization {
  std::vector<float> mean;       ///< mean of each channel, in the data set's units (0..1 for byte pixels)
  std::vector<float> deviation;  ///< standard deviation of each channel, above 0

  /// Throws ShapeError unless both lists are empty or have one value per channel; OptionError for a bad value.
  void check(const Shape& shape) const {
    const auto channels = static_cast<std::size_t>(shape.channels);
    if (mean.size() != deviation.size() || (!mean.empty() && mean.size() != channels))
      fail<ShapeError>("Normalization", concat(mean.size(), " means and ", deviation.size(), " deviations"),
                       concat("one for each of ", channels, " channels, or none, is expected"));
    for (std::size_t c = 0; c < mean.size(); ++c)
      if (!std::isfinite(mean[c]) || !std::isfinite(deviation[c]) || !(deviation[c] > 0.0F))
        fail<OptionError>("Normalization", concat("mean ", mean[c], ", deviation ", deviation[c], " of channel ", c),
                          "finite values and a deviation of more than 0 are expected");
  }

  /// Normalises one image, H, W, C, in place.
  void apply(float* image, const Shape& shape) const {
    if (mean.empty()) return;
    const auto channels = static_cast<std::size_t>(shape.channels);
    for (Index p = 0; p < shape.pixels(); ++p)
      for (std::size_t c = 0; c < channels; ++c, ++image) *image = (*image - mean[c]) / deviation[c];
  }
};

/// Mean over all pixels of (value - shift[c])^power for each channel, summed in double, in the order of the samples at
/// any number of threads.
/// @param power 1 or 2
inline std::vector<double> channel_moment(const Dataset& dataset, const std::vector<double>& shift, int power) {
  const Shape& shape = dataset.shape();
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::vector<double> parts(static_cast<std::size_t>(dataset.size()) * channels);
  parallel_ranges(dataset.size(), [&](Index begin, Index end) {
    std::vector<float> image(static_cast<std::size_t>(shape.size()));
    for (Index i = begin; i < end; ++i) {
      dataset.copy_image(i, image.data());
      double* sums = parts.data() + static_cast<std::size_t>(i) * channels;
      for (std::size_t k = 0; k < image.size(); ++k) {
        const double value = static_cast<double>(image[k]) - shift[k % channels];
        sums[k % channels] += power == 1 ? value : value * value;
      }
    }
  });
  std::vector<double> moment(channels);
  for (std::size_t k = 0; k < parts.size(); ++k) moment[k % channels] += parts[k];
  for (double& value : moment) value /= static_cast<double>(dataset.size() * shape.pixels());
  return moment;
}

/// Mean and (population) standard deviation of each channel over the whole data set; a constant channel gets standard
/// deviation 1. Throws DataError for a data set without samples.
inline Normalization measure_normalization(const Dataset& dataset) {
  if (dataset.size() == 0) fail<DataError>("measure_normalization", "no samples", "at least one is needed");
  const auto zero = std::vector<double>(static_cast<std::size_t>(dataset.shape().channels));
  const std::vector<double> mean = channel_moment(dataset, zero, 1), variance = channel_moment(dataset, mean, 2);
  Normalization result;
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const auto deviation = static_cast<float>(std::sqrt(variance[c]));
    result.mean.push_back(static_cast<float>(mean[c]));
    result.deviation.push_back(deviation > 0.0F ? deviation : 1.0F);
  }
  return result;
}

}  // namespace hcnn::data
