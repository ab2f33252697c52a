// Random logits and labels for the tests of losses.
#pragma once

#include <string>
#include <vector>

#include "hcnn/core/logits.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/core/targets.hpp"

namespace hcnn::testing {

/// N and classes of the batches that every loss is gradient-checked on.
struct BatchCase {
  Index count, classes;
};
inline const std::vector<BatchCase>& batch_cases() {
  static const std::vector<BatchCase> cases = {{1, 1}, {1, 2}, {2, 1}, {1, 5},  {3, 5},   {2, 6}, {7, 6},
                                               {7, 9}, {9, 3}, {5, 4}, {4, 33}, {5, 100}, {16, 3}};
  return cases;
}

/// (count, classes) normal numbers times `scale`.
inline Logits<double> random_logits(const std::string& head, Index count, Index classes, std::uint64_t seed,
                                    double scale = 2) {
  RandomStream random(Seed{seed}, hash_name("logits"));
  Logits<double> logits;
  for (double& value : logits.resize(head, count, classes)) value = scale * random.normal();
  return logits;
}

/// `count` labels below `classes`; with `skip`, every third sample has none.
inline std::vector<Label> random_labels(Index count, Index classes, std::uint64_t seed, bool skip = false) {
  RandomStream random(Seed{seed}, hash_name("labels"));
  std::vector<Label> labels;
  for (Index n = 0; n < count; ++n) {
    const auto label = static_cast<Label>(random.below(static_cast<std::uint32_t>(classes)));
    labels.push_back(skip && n % 3 == 1 ? kNoLabel : label);
  }
  return labels;
}

/// Targets with these labels at level "fine".
inline Targets labelled(std::vector<Label> labels) {
  Targets targets;
  targets.level("fine").labels = std::move(labels);
  return targets;
}

}  // namespace hcnn::testing
