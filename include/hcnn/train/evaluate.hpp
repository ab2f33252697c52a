// A network measured on a data set.
#pragma once

#include <stop_token>

#include "hcnn/data/batches.hpp"
#include "hcnn/layers/model.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/inspection.hpp"
#include "hcnn/train/loss_mean.hpp"

namespace hcnn::train {

/// Options of `evaluate`.
struct EvaluateOptions {
  Index batch = 128;                          ///< samples at a time, at least 1; no figure depends on it
  data::Normalization normalization = {};     ///< the one of the training; none: values as they are in the data set
  std::stop_token stop = {};                  ///< asks to stop after the running batch
  metrics::Inspection* inspection = nullptr;  ///< follows the batches where given
};

/// What `evaluate` returns.
template <class M>
struct Evaluation {
  metrics::EvaluationResult result;  ///< accuracies, confusion and severities
  losses::LossValue<M> loss;         ///< mean of the loss and of each of its terms, nats per sample
};

/// Runs the network over the data set in evaluation mode, without augmentation, in the data set's order. The loss is
/// the mean over batches weighted by their numbers of samples. Stops early, with the batches so far, when asked to.
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
  Logits<M> logits;
  Workspace workspace;
  loader.start(0);
  while (const data::Batch<T>* batch = options.stop.stop_requested() ? nullptr : loader.next()) {
    model.infer(batch->images, logits, workspace);
    mean.add(loss.value(logits, batch->targets), batch->images.count());
    evaluator.add(logits, batch->targets);
    if (options.inspection) options.inspection->add(logits, batch->targets);
  }
  return {evaluator.result(), mean.mean()};
}

}  // namespace hcnn::train
