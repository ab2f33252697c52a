// Evaluation of a network on a data set.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <stop_token>
#include <string>
#include <utility>
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
  Index batch = 128;                            ///< samples per batch, at least 1; accuracies and severities do not
                                                ///< depend on it, the loss does if labels are missing or weighted
  data::Normalization normalization = {};       ///< normalisation used in training; empty: pixel values as they are
  bool flip = false;                            ///< average the probabilities of each image and its mirror image
  std::stop_token stop = {};                    ///< asks to stop after the current batch
  const metrics::DecisionRule* rule = nullptr;  ///< rule applied to the logits before scoring; null: none
  metrics::BatchObserver* observer = nullptr;   ///< sees each batch, e.g. metrics::Inspection; null: none
};

/// What `evaluate` returns if it is given the loss: all metrics, and the loss.
template <class M>
struct Evaluation : metrics::EvaluationResult {
  losses::LossValue<M> loss;  ///< mean of the loss and of each of its terms, nats per sample
};

/// Sets `logits` to the logits whose softmax is the mean of both softmaxes: z = log((softmax(a) + softmax(b)) / 2).
/// Shapes: (N, K) for each head, the same in both (not checked). Throws DataError for a head that `other` lacks.
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

/// Runs the network over the data set in evaluation mode, without augmentation, in the data set's order, and calls
/// `use(batch, logits, scores)` for each batch. `logits` are the network's own (with `options.flip`: averaged over
/// image and mirror image); `scores` are the logits after `options.rule`, and are what the observer sees. Stops early
/// when asked to. Throws DataError for a data set without samples, OptionError for a batch size below 1, and the errors
/// of normalisation and rule if they do not fit.
template <class T, class Use>
void infer_batches(Model<T>& model, const data::Dataset& dataset, const EvaluateOptions& options, const Use& use) {
  using M = Master<T>;
  if (dataset.size() == 0) fail<DataError>("evaluate", "no samples", "at least one is needed");
  model.prepare_inference();
  data::BatchLoader<T> loader(dataset,
                              {.batch = options.batch, .shuffle = false, .normalization = options.normalization});
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
    if (options.rule) options.rule->apply(decided = logits);
    const Logits<M>& scores = options.rule ? decided : logits;
    use(*batch, std::as_const(logits), scores);
    if (options.observer) options.observer->add(scores, batch->targets);
  }
}

/// Measures the network on the data set; see `infer_batches`. The loss is the mean over batches weighted by their
/// sample counts, computed from the network's own logits; metrics and observer use the scores after `options.rule`.
/// Throws as `infer_batches` and as the loss if it does not fit; DataError if no head has targets, ShapeError if a
/// head's targets do not fit.
template <class T>
Evaluation<Master<T>> evaluate(Model<T>& model, losses::LossSum<Master<T>>& loss, const data::Dataset& dataset,
                               const EvaluateOptions& options = {}) {
  using M = Master<T>;
  metrics::Evaluator<M> evaluator(dataset.taxonomy());
  LossMean<M> mean;
  infer_batches(model, dataset, options,
                [&](const data::Batch<T>& batch, const Logits<M>& logits, const Logits<M>& scores) {
                  mean.add(loss.value(logits, batch.targets), batch.images.count());
                  evaluator.add(scores, batch.targets);
                });
  return {evaluator.result(), mean.mean()};
}

/// Metrics only, for a network whose loss is unknown, e.g. one loaded from a file. Throws as the overload above,
/// without the errors of the loss.
template <class T>
metrics::EvaluationResult evaluate(Model<T>& model, const data::Dataset& dataset, const EvaluateOptions& options = {}) {
  using M = Master<T>;
  metrics::Evaluator<M> evaluator(dataset.taxonomy());
  infer_batches(model, dataset, options, [&](const data::Batch<T>& batch, const Logits<M>&, const Logits<M>& scores) {
    evaluator.add(scores, batch.targets);
  });
  return evaluator.result();
}

/// Returns the logits of every head for all samples, in the data set's order, after `options.rule` if given. Samples
/// need no labels. If asked to stop, returns those computed so far. Throws as `infer_batches`.
template <class T>
Logits<Master<T>> predict(Model<T>& model, const data::Dataset& dataset, const EvaluateOptions& options = {}) {
  using M = Master<T>;
  std::vector<std::pair<std::string, std::vector<M>>> heads;
  Index count = 0;
  infer_batches(model, dataset, options, [&](const data::Batch<T>& batch, const Logits<M>&, const Logits<M>& scores) {
    count += batch.images.count();
    heads.resize(scores.size());
    std::size_t h = 0;
    for (const auto& [head, values] : scores) {
      heads[h].first = head;
      heads[h].second.insert(heads[h].second.end(), values.begin(), values.end());
      ++h;
    }
  });
  Logits<M> all;
  for (const auto& [head, values] : heads)
    std::copy(values.begin(), values.end(), all.resize(head, count, static_cast<Index>(values.size()) / count).begin());
  return all;
}

}  // namespace hcnn::train
