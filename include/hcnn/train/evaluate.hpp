// A network measured on a data set.
#pragma once

#include "hcnn/data/batches.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/losses/weighted_sum.hpp"
#include "hcnn/metrics/evaluator.hpp"

namespace hcnn::train {

struct EvaluateOptions {
  Index batch = 128;
  data::Normalization normalization = {};
};

/// Figures of a network on a data set, and the mean of its loss and of each part, nats per sample.
template <class M>
struct Evaluation {
  metrics::EvaluationResult result;
  losses::LossValue<M> loss;
};

/// Mean of a loss over batches of different sizes: sum of n_b * value_b / sum of n_b, term by term.
template <class M>
class LossMean {
 public:
  void add(const losses::LossValue<M>& value, Index samples) {
    const auto n = static_cast<double>(samples);
    if (names_.empty())
      for (const auto& part : value.parts) names_.push_back(part.name);
    sums_.resize(names_.size());
    total_ += n * static_cast<double>(value.total);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += n * static_cast<double>(value.parts[i].value);
    samples_ += n;
  }
  void reset() {
    total_ = samples_ = 0;
    std::fill(sums_.begin(), sums_.end(), 0.0);
  }
  double total() const { return samples_ > 0 ? total_ / samples_ : 0; }
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

/// Runs the network over the data set in evaluation mode, without augmentation, in the data set's order. With several
/// calls on one network keep an Evaluator-owning object instead: this allocates its memory anew.
template <class T>
Evaluation<Master<T>> evaluate(Model<T>& model, losses::LossSum<Master<T>>& loss, const data::Dataset& dataset,
                               const EvaluateOptions& options = {}) {
  using M = Master<T>;
  model.prepare_inference();
  data::BatchLoader<T> loader(dataset,
                              {.batch = options.batch, .shuffle = false, .normalization = options.normalization});
  metrics::Evaluator<M> evaluator(dataset.taxonomy());
  LossMean<M> mean;
  Logits<M> logits;
  Workspace workspace;
  loader.start(0);
  while (const data::Batch<T>* batch = loader.next()) {
    model.infer(batch->images, logits, workspace);
    mean.add(loss.value(logits, batch->targets), batch->images.count());
    evaluator.add(logits, batch->targets);
  }
  return {evaluator.result(), mean.mean()};
}

}  // namespace hcnn::train
