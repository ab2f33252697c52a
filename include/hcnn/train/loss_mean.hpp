// Mean of a loss over batches.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "hcnn/core/shape.hpp"
#include "hcnn/core/snapshot.hpp"
#include "hcnn/losses/loss_sum.hpp"

namespace hcnn::train {

/// Mean of a loss over batches of different sizes: sum of n_b * value_b / sum of n_b, for each term.
template <class M>
class LossMean {
 public:
  /// The terms are taken from the first batch.
  LossMean() = default;
  /// Takes the terms from `loss`; keeps no reference to it.
  explicit LossMean(const losses::LossSum<M>& loss) : sums_(loss.size()) {
    for (std::size_t i = 0; i < loss.size(); ++i) names_.push_back(loss.name(i));
  }

  /// Visits the sums, to resume a run later; the terms must be known.
  void visit_state(StateVisitor& state) {
    state.visit("sums", std::span<double>(sums_));
    state.visit("total", total_);
    state.visit("samples", samples_);
  }

  /// Adds a batch; all batches must come from the same loss.
  void add(const losses::LossValue<M>& value, Index samples) {
    const auto n = static_cast<double>(samples);
    if (names_.empty())
      for (const auto& part : value.parts) names_.push_back(part.name);
    sums_.resize(names_.size());
    total_ += n * static_cast<double>(value.total);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += n * static_cast<double>(value.parts[i].value);
    samples_ += n;
  }
  /// Forgets every batch, for the next epoch with the same loss.
  void reset() {
    total_ = samples_ = 0;
    std::fill(sums_.begin(), sums_.end(), 0.0);
  }
  /// Mean of the whole loss, nats per sample; 0 if no batch was added.
  double total() const { return samples_ > 0 ? total_ / samples_ : 0; }
  /// Mean of the whole loss and of each of its terms, nats per sample; no terms if none are known yet.
  losses::LossValue<M> mean() const {
    losses::LossValue<M> value;
    value.total = static_cast<M>(total());
    for (std::size_t i = 0; i < sums_.size(); ++i)
      value.parts.push_back({names_[i], static_cast<M>(samples_ > 0 ? sums_[i] / samples_ : 0)});
    return value;
  }

 private:
  std::vector<std::string> names_;
  std::vector<double> sums_;
  double total_ = 0;
  double samples_ = 0;
};

}  // namespace hcnn::train
