// From logits to predictions: probabilities, and the likeliest classes.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include "hcnn/core/argmax.hpp"

/// Metrics, and what turns logits into predictions.
namespace hcnn::metrics {

/// p_k = exp(z_k) / sum_j exp(z_j) of one sample with at least one score. The greatest score is subtracted first, to
/// avoid overflow.
template <class M>
std::vector<double> softmax(std::span<const M> scores) {
  const auto greatest = static_cast<double>(scores[static_cast<std::size_t>(argmax(scores))]);
  std::vector<double> probabilities;
  for (const M score : scores) probabilities.push_back(std::exp(static_cast<double>(score) - greatest));
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

/// log p_k = z_k - log sum_j exp(z_j) of one sample with at least one score; finite if the scores are.
template <class M>
std::vector<double> log_softmax(std::span<const M> scores) {
  const auto greatest = static_cast<double>(scores[static_cast<std::size_t>(argmax(scores))]);
  double sum = 0;
  for (const M score : scores) sum += std::exp(static_cast<double>(score) - greatest);
  const double shift = greatest + std::log(sum);
  std::vector<double> logarithms;
  for (const M score : scores) logarithms.push_back(static_cast<double>(score) - shift);
  return logarithms;
}

/// The `count` classes with the greatest scores, greatest first; among equal scores the lower class first, NaN after
/// all numbers. All classes if there are no more than `count`.
template <class M>
std::vector<Label> likeliest(std::span<const M> scores, Index count) {
  std::vector<Label> classes(scores.size());
  std::iota(classes.begin(), classes.end(), Label{0});
  const auto score = [&](Label k) { return static_cast<double>(scores[static_cast<std::size_t>(k)]); };
  std::stable_sort(classes.begin(), classes.end(), [&](Label a, Label b) {
    return score(a) > score(b) || (std::isnan(score(b)) && !std::isnan(score(a)));
  });
  classes.resize(std::min(classes.size(), static_cast<std::size_t>(count)));
  return classes;
}

}  // namespace hcnn::metrics
