// A network measured on a data set.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>
#include <vector>

#include "hcnn/data/augment.hpp"
#include "hcnn/data/batches.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/decision_rule.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/prediction.hpp"
#include "hcnn/train/loss_mean.hpp"

namespace hcnn::train {

/// Options of `evaluate`.
struct EvaluateOptions {
  Index batch = 128;                            ///< samples at a time, at least 1; no accuracy or severity depends
                                                ///< on it, but the loss does where labels are missing or weighted
  data::Normalization normalization = {};       ///< the one of the training; none: values as they are in the data set
  bool flip = false;                            ///< average the probabilities of each image and its mirror image
  std::stop_token stop = {};                    ///< asks to stop after the running batch
  const metrics::DecisionRule* rule = nullptr;  ///< changes the scores that are counted; none: they stay
  metrics::BatchObserver* observer = nullptr;   ///< sees the batches where given: metrics::Inspection
};

/// What `evaluate` returns.
template <class M>
struct Evaluation {
  metrics::EvaluationResult result;  ///< accuracies, confusion and severities
  losses::LossValue<M> loss;         ///< mean of the loss and of each of its terms, nats per sample
};

/// Logits whose softmax is the mean of the two softmaxes: z = log((softmax(a) + softmax(b)) / 2), into `logits`.
template <class M>
void average_probabilities(Logits<M>& logits, const Logits<M>& other) {
  for (auto& [head, values] : logits)
    for (Index n = 0; n < values.count(); ++n) {
      const std::vector<double> a = metrics::softmax(row(values, n)), b = metrics::softmax(row(other[head], n));
      M* scores = values.data() + n * values.shape().size();
      for (std::size_t k = 0; k < a.size(); ++k)
        scores[k] = static_cast<M>(std::log(std::max((a[k] + b[k]) / 2, std::numeric_limits<double>::min())));
    }
}

/// Runs the network over the data set in evaluation mode, without augmentation, in the data set's order. The loss is
/// the mean over batches weighted by their numbers of samples; it sees the network's own logits, the figures and the
/// observer what the rule makes of them. Stops early, with the batches so far, when asked to.
/// Throws DataError for a data set without samples, OptionError for a batch below 1, and what loss and normalisation
/// throw where they do not fit.
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
  Logits<M> logits, mirrored_logits, decided;
  Tensor<T> mirrored;
  Workspace workspace;
  loader.start(0);
  while (const data::Batch<T>* batch = options.stop.stop_requested() ? nullptr : loader.next()) {
    model.infer(batch->images, logits, workspace);
    if (options.flip) {
      mirrored.resize(batch->images.count(), dataset.shape());
      std::copy(batch->images.begin(), batch->images.end(), mirrored.begin());
      const TensorView<T> images = mirrored;
      for (Index n = 0; n < images.count; ++n) data::mirror(images.sample(n), images.shape);
      model.infer(mirrored, mirrored_logits, workspace);
      average_probabilities(logits, mirrored_logits);
    }
    mean.add(loss.value(logits, batch->targets), batch->images.count());
    if (options.rule) options.rule->apply(decided = logits);
    const Logits<M>& scores = options.rule ? decided : logits;
    evaluator.add(scores, batch->targets);
    if (options.observer) options.observer->add(scores, batch->targets);
  }
  return {evaluator.result(), mean.mean()};
}

}  // namespace hcnn::train
