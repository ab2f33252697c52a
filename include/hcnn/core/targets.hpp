// What a network should answer: for each level of the hierarchy, labels or class probabilities.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hcnn/core/tensor.hpp"

namespace hcnn {

/// Class index of a sample at one level.
using Label = std::int32_t;
/// The sample has no label at this level; losses and metrics skip it.
inline constexpr Label kNoLabel = -1;

/// Targets of one level for a batch: labels, and where `probabilities` is not empty, soft targets that replace them in
/// the losses that take them. Labels stay: accuracy and severity are counted against them.
struct LevelTargets {
  std::string level;             ///< name
  std::vector<Label> labels;     ///< N class indices, or kNoLabel
  Tensor<double> probabilities;  ///< (N, classes) rows that sum to 1, or empty
};

/// Targets of every level for a batch of samples.
class Targets {
 public:
  /// The level's targets; throws DataError and lists the levels there are.
  const LevelTargets& operator[](std::string_view level) const {
    for (const auto& entry : levels_)
      if (entry.level == level) return entry;
    fail<DataError>("Targets", concat("no level '", level, "'"),
                    "levels are: " + joined(levels_, &LevelTargets::level));
  }
  /// True where the level exists.
  bool has(std::string_view level) const {
    for (const auto& entry : levels_)
      if (entry.level == level) return true;
    return false;
  }
  /// The level's targets, added where missing.
  LevelTargets& level(std::string_view name) {
    for (auto& entry : levels_)
      if (entry.level == name) return entry;
    levels_.push_back({std::string(name), {}, {}});
    return levels_.back();
  }

  /// The levels, in the order they were added.
  auto begin() const { return levels_.begin(); }
  /// Behind the last level.
  auto end() const { return levels_.end(); }

 private:
  std::vector<LevelTargets> levels_;
};

}  // namespace hcnn
