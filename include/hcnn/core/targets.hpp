// Targets of a network: labels or class probabilities for each level of the hierarchy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hcnn/core/tensor.hpp"

namespace hcnn {

/// Class index of a sample at one level.
using Label = std::int32_t;
/// Label of a sample without a class at this level; losses and metrics skip it.
inline constexpr Label kNoLabel = -1;

/// Targets of one level for a batch: labels and, if `probabilities` is not empty, soft targets that replace them in the
/// losses that support them. Accuracy and severity always use the labels.
struct LevelTargets {
  std::string level;             ///< name of the level
  std::vector<Label> labels;     ///< N class indices, or kNoLabel
  Tensor<double> probabilities;  ///< (N, classes), rows that sum to 1; or empty
};

/// Targets of every level for a batch of samples.
class Targets {
 public:
  /// Targets of the level; throws DataError, listing the existing levels, if there is no such level.
  const LevelTargets& operator[](std::string_view level) const {
    for (const auto& entry : levels_)
      if (entry.level == level) return entry;
    fail<DataError>("Targets", concat("no level '", level, "'"),
                    "levels are: " + joined(levels_, &LevelTargets::level));
  }
  /// True if the level exists.
  bool has(std::string_view level) const {
    for (const auto& entry : levels_)
      if (entry.level == level) return true;
    return false;
  }
  /// Targets of the level, which is added if missing. A level that is added makes references to the others invalid, as
  /// std::vector::push_back does.
  LevelTargets& level(std::string_view name) {
    for (auto& entry : levels_)
      if (entry.level == name) return entry;
    levels_.push_back({std::string(name), {}, {}});
    return levels_.back();
  }

  /// The levels, in the order they were added.
  auto begin() const { return levels_.begin(); }
  /// Past the last level.
  auto end() const { return levels_.end(); }

 private:
  std::vector<LevelTargets> levels_;
};

}  // namespace hcnn
