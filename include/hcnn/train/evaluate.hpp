// A network measured on a data set.
#pragma once

#include <stop_token>

#include "hcnn/data/batches.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/losses/weighted_sum.hpp"
#include "hcnn/metrics/evaluator.hpp"

namespace hcnn::train {

/// Options of evaluate.
struct EvaluateOptions {
  Index batch = 128;
  data::Normalization normalization = {};
  std::stop_token stop = {};  ///< asks to stop after the running batch
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

/// Runs the network over the data set in evaluation mode, without augmentation, in the data set's order. The loss is
/// the mean over batches weighted by their numbers of samples. Stops early, with the batches so far, when asked to.
/// Throws DataError for a data set without samples.
template <class T>
Evaluation<Master<T>> evaluate(Model<T>& model, losses::LossSum<Master<T>>& loss, const data::Dataset& dataset,
                               const EvaluateOptions& options = {}) {
  using M = Master<T>;
  if (dataset.size() == 0) fail<DataError>("evaluate", "no samples", "at least one is needed");
  model.prepare_inference();
  data::BatchLoader<T> loader(dataset,
                              {.batch = options.batch, .shuffle = false, .normalization = options.normalization});
  metrics::Evaluator<M> evaluator(dataset.taxonomy());
  LossMean<M> mean;
  Logits<M> logits;
  Workspace workspace;
  loader.start(0);
  while (const data::Batch<T>* batch = options.stop.stop_requested() ? nullptr : loader.next()) {
    model.infer(batch->images, logits, workspace);
    mean.add(loss.value(logits, batch->targets), batch->images.count());
    evaluator.add(logits, batch->targets);
  }
  return {evaluator.result(), mean.mean()};
}

}  // namespace hcnn::train
