// A hash that tells data sets apart.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "hcnn/core/parallel.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// 64-bit FNV-1a hash of all samples in their order, word by word: identities, labels and pixel values. The same at any
/// number of threads. Cost: every pixel is read once.
inline std::uint64_t fingerprint(const Dataset& dataset) {
  constexpr std::uint64_t kStart = 0xcbf29ce484222325u;
  const auto mix = [](std::uint64_t& hash, std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3u; };
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(dataset.size()), kStart);
  parallel_ranges(dataset.size(), [&](Index begin, Index end) {
    std::vector<float> image(static_cast<std::size_t>(dataset.shape().size()));
    for (Index i = begin; i < end; ++i) {
      std::uint64_t& hash = hashes[static_cast<std::size_t>(i)];
      mix(hash, dataset.id(i));
      for (Index level = 0; level < dataset.levels(); ++level)
        mix(hash, static_cast<std::uint64_t>(dataset.label(level, i)));
      dataset.copy_image(i, image.data());
      for (const float value : image) mix(hash, std::bit_cast<std::uint32_t>(value));
    }
  });
  std::uint64_t hash = kStart;
  for (const std::uint64_t sample : hashes) mix(hash, sample);
  return hash;
}

}  // namespace hcnn::data
