// Names of the severities.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"

namespace hcnn::run {

/// Meaning of each severity: "0: right", "1: same superclass", ..., the last one e.g. "3: different group".
/// @param levels names of the level of the predictions and of the coarser ones, at least one
inline std::vector<std::string> severity_names(std::span<const std::string> levels) {
  std::vector<std::string> names = {"0: right"};
  for (std::size_t above = 1; above < levels.size(); ++above) names.push_back(concat(above, ": same ", levels[above]));
  names.push_back(concat(levels.size(), ": different ", levels.back()));
  return names;
}

}  // namespace hcnn::run
