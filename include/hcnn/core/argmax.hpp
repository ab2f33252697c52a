// The class that a row of scores predicts.
#pragma once

#include <cmath>
#include <span>

#include "hcnn/core/targets.hpp"

namespace hcnn {

/// Index of the largest score; the first of equal ones. Needs at least one score.
template <class M>
Label argmax(std::span<const M> scores) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < scores.size(); ++k)
    if (scores[k] > scores[best]) best = k;
  return static_cast<Label>(best);
}

/// Class that the scores predict: their argmax, or kNoLabel if one of them is NaN. Needs at least one score.
template <class M>
Label predicted_class(std::span<const M> scores) {
  for (const M score : scores)
    if (std::isnan(score)) return kNoLabel;
  return argmax(scores);
}

/// Scores of sample n as a span: row n of the (N, classes) tensor. 0 <= n < N is not checked.
template <class M>
std::span<const M> row(const Tensor<M>& scores, Index n) {
  return {scores.view().sample(n), static_cast<std::size_t>(scores.shape().size())};
}

}  // namespace hcnn
