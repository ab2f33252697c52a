// Successive halving: many trials of few epochs, then the best of them again with more.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn::run {

/// One round of successive halving.
struct Rung {
  Index trials;  ///< number of trials
  Index epochs;  ///< epochs of each trial
  friend bool operator==(const Rung&, const Rung&) = default;
};

/// Plans the rounds: each has 1/eta of the trials of the previous one and eta times its epochs, rounded down, so that
/// all cost about the same; the last has `epochs`. There are as many as trials and epochs allow. Throws OptionError
/// unless eta >= 2 and there are at least two rounds.
/// Source: Jamieson, Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter optimization",
/// arXiv:1502.07943, there with eta = 2.
inline std::vector<Rung> halving_rungs(Index trials, Index epochs, Index eta) {
  if (eta < 2) fail<OptionError>("successive halving", concat("eta ", eta), "at least 2 is needed");
  std::vector<Rung> rungs;
  for (Index divisor = 1; trials / divisor >= 1 && epochs / divisor >= 1; divisor *= eta) {
    rungs.push_back({trials / divisor, epochs / divisor});
    if (divisor > std::min(trials, epochs) / eta) break;
  }
  if (rungs.size() < 2)
    fail<OptionError>("successive halving", concat(trials, " trials of ", epochs, " epochs"),
                      concat("at least ", eta, " of both are needed for eta ", eta));
  for (std::size_t i = 0; i < rungs.size() / 2; ++i) std::swap(rungs[i].epochs, rungs[rungs.size() - 1 - i].epochs);
  return rungs;
}

/// Indices of the best `count` scores, best first; among equal scores the earlier first. NaN, i.e. a trial without a
/// score, is left out, so there may be fewer.
inline std::vector<std::size_t> best_of(const std::vector<double>& scores, Index count, bool lowest) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::erase_if(order, [&](std::size_t i) { return std::isnan(scores[i]); });
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return lowest ? scores[a] < scores[b] : scores[a] > scores[b];
  });
  if (static_cast<Index>(order.size()) > count) order.resize(static_cast<std::size_t>(count));
  return order;
}

}  // namespace hcnn::run
