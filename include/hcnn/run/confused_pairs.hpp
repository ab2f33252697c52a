// The most frequent mistakes of a head, and thumbnails of samples.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "hcnn/data/dataset.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/metrics/inspection.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/severity_names.hpp"

namespace hcnn::run {

/// Samples of class `truth` that were predicted as `predicted`.
struct ConfusedPair {
  Label truth = 0;                  ///< true class of the samples
  Label predicted = 0;              ///< predicted class, another one
  Index count = 0;                  ///< number of samples, at least 1
  std::vector<Index> samples = {};  ///< indices of the first samples, where recorded
};

/// Returns the `most` pairs of classes that were confused most often; among equal counts the lower classes first.
inline std::vector<ConfusedPair> confused_pairs(const metrics::HeadResult& head,
                                                const metrics::HeadInspection* inspection, std::size_t most = 12) {
  std::vector<ConfusedPair> pairs;
  const auto classes = static_cast<Label>(head.confusion.classes());
  for (Label truth = 0; truth < classes; ++truth)
    for (Label predicted = 0; predicted < classes; ++predicted)
      if (const Index count = head.confusion(truth, predicted); truth != predicted && count > 0)
        pairs.push_back({truth, predicted, count});
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const ConfusedPair& a, const ConfusedPair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), most));
  for (ConfusedPair& pair : pairs) {
    if (!inspection) continue;
    const auto found = inspection->mistakes.find({pair.truth, pair.predicted});
    if (found != inspection->mistakes.end()) pair.samples = found->second;
  }
  return pairs;
}

/// Meaning of each severity at a level of the tree.
inline std::vector<std::string> severity_names(const Taxonomy& tree, Index level) {
  std::vector<std::string> levels;
  for (; level < tree.levels(); ++level) levels.push_back(tree.level_name(level));
  return severity_names(levels);
}

/// Table cells of a pair: names, count, fraction of the true class, and severity ("" without a label tree).
inline std::vector<std::string> pair_row(const ConfusedPair& pair, const ClassOrder& classes,
                                         const metrics::HeadResult& head, const Taxonomy* tree) {
  const double share = static_cast<double>(pair.count) / static_cast<double>(head.confusion.support(pair.truth));
  std::string severity;
  if (tree && tree->has_level(head.level)) {
    const Index level = tree->level_index(head.level);
    severity =
        severity_names(*tree, level)[static_cast<std::size_t>(tree->severity(pair.truth, pair.predicted, level))];
  }
  return {classes.names[static_cast<std::size_t>(pair.truth)], classes.names[static_cast<std::size_t>(pair.predicted)],
          std::to_string(pair.count), decimal(100 * share, 2) + " %", severity};
}

/// Sample i as a PNG file, at most 64 pixels wide and high. Values are clamped to 0..1 and scaled to 0..255; an image
/// without exactly 3 channels shows its first one in grey.
inline std::string thumbnail(const data::Dataset& images, Index i) {
  constexpr Index kMost = 64;
  const Shape& shape = images.shape();
  std::vector<float> values(static_cast<std::size_t>(shape.size()));
  images.copy_image(i, values.data());
  io::Image image(shape.width, shape.height);
  const Index step = shape.channels == 3 ? 1 : 0;
  for (Index pixel = 0; pixel < shape.width * shape.height; ++pixel)
    for (Index c = 0; c < 3; ++c)
      image.pixels[static_cast<std::size_t>(pixel * 3 + c)] = static_cast<std::uint8_t>(std::lround(
          255 * std::clamp(values[static_cast<std::size_t>(pixel * shape.channels + c * step)], 0.0F, 1.0F)));
  const Index longest = std::max(shape.width, shape.height);
  if (longest <= kMost) return io::encode_png(image);
  const auto shorter = [&](Index extent) { return std::max<Index>(1, extent * kMost / longest); };
  return io::encode_png(io::resize(image, shorter(shape.width), shorter(shape.height)));
}

}  // namespace hcnn::run
