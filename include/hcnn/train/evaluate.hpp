// A network measured on a data set.
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
/// Shapes: (N, K) for each head, the same in both, which is not checked; DataError for a head that `other` lacks.
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
/// `use(batch, logits, scores)` for each batch: the network's own logits (with `options.flip` those of image and mirror
/// image together), and what `options.rule` makes of them, which the observer sees too. Stops early when asked to.
/// Throws DataError for a data set without samples, OptionError for a batch below 1, and what normalisation and rule
/// throw where they do not fit.
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

/// Measures the network on the data set, see `infer_batches`. The loss is the mean over batches weighted by their
/// numbers of samples; it sees the network's own logits, the figures and the observer what the rule makes of them.
/// Throws as `infer_batches`, and what the loss throws where it does not fit; DataError where no head has targets,
/// ShapeError where those of a head do not fit.
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

/// The figures alone, for a network whose loss nobody knows any more, as of one from a file. Throws as the other.
template <class T>
metrics::EvaluationResult evaluate(Model<T>& model, const data::Dataset& dataset, const EvaluateOptions& options = {}) {
  using M = Master<T>;
  metrics::Evaluator<M> evaluator(dataset.taxonomy());
  infer_batches(model, dataset, options, [&](const data::Batch<T>& batch, const Logits<M>&, const Logits<M>& scores) {
    evaluator.add(scores, batch.targets);
  });
  return evaluator.result();
}

/// The logits of every head for all samples, in the data set's order; with a rule, what it makes of them. Samples need
/// no labels. Where it was asked to stop, those so far. Throws as `infer_batches`.
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
