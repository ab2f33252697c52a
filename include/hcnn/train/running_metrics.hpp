// Loss and metrics of the epoch so far, collected during training.
#pragma once

#include "hcnn/data/batch.hpp"
#include "hcnn/data/dataset.hpp"
#include "hcnn/train/callbacks.hpp"
#include "hcnn/train/loss_mean.hpp"
#include "hcnn/train/record.hpp"

namespace hcnn::train {

/// Loss, accuracies and severities over the batches of an epoch, as seen during training.
template <class T>
class RunningMetrics {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// @param taxonomy label tree of the data set, or null
  RunningMetrics(const losses::LossSum<M>& loss, const Taxonomy* taxonomy) : evaluator_(taxonomy), mean_(loss) {}

  /// Determines which heads and levels are counted, so that a snapshot's counts can be loaded before the first batch.
  /// Throws DataError if no head has targets.
  void prepare(const Model<T>& model, const data::Dataset& dataset) {
    Logits<M> logits;
    for (std::size_t h = 0; h < model.heads().size(); ++h)
      logits.resize(model.heads().name(h), 0, model.heads().classes(h));
    Targets targets;
    for (Index level = 0; level < dataset.levels(); ++level) targets.level(dataset.level_name(level));
    evaluator_.prepare(logits, targets);
  }
  /// Forgets every batch, for the next epoch.
  void reset() {
    evaluator_.reset();
    mean_.reset();
    step_ = {};
  }

  /// Adds a batch of the current step.
  void add(const data::Batch<T>& batch, const Logits<M>& logits, const losses::LossValue<M>& value) {
    evaluator_.add(logits, batch.targets);
    mean_.add(value, batch.images.count());
    step_.images += batch.images.count();
    step_.loss += static_cast<double>(value.total) * static_cast<double>(batch.images.count());
  }
  /// Ends a step of one or more batches and updates `state`.
  void end_step(FitState<T>& state) {
    const auto& severity = evaluator_.result().severity;
    const Index levels = severity.sum(), graded = severity.total() - step_.graded_before;
    state.hd1 = graded > 0 ? static_cast<double>(levels - step_.levels_before) / static_cast<double>(graded) : 0;
    state.loss = step_.loss / static_cast<double>(step_.images);
    state.running_loss = mean_.total();
    state.images += step_.images;
    ++state.step;
    step_ = {.graded_before = severity.total(), .levels_before = levels};
  }

  /// Metrics so far.
  const metrics::EvaluationResult& result() const { return evaluator_.result(); }
  /// Mean loss so far, nats per sample.
  double loss() const { return mean_.total(); }
  /// Copies loss and metrics into the columns "train.loss", "train.fine.top1", ...
  void record(metrics::EpochRecord& record) const {
    record_evaluation(record, "train", mean_.mean(), evaluator_.result());
  }

  /// Visits all counts and sums, to resume a run later; call after `prepare`.
  void visit_state(StateVisitor& state) {
    state.visit("figures", evaluator_);
    state.visit("loss", mean_);
    const auto& severity = evaluator_.result().severity;
    step_ = {.graded_before = severity.total(), .levels_before = severity.sum()};
  }

 private:
  // Sums over the current step; `..._before`: sums over the epoch up to the start of the step.
  struct Step {
    Index images = 0;
    double loss = 0;  // nats
    Index graded_before = 0;
    Index levels_before = 0;
  };

  metrics::Evaluator<M> evaluator_;
  LossMean<M> mean_;
  Step step_;
};

}  // namespace hcnn::train
