// Observers that see the batches of an evaluation as they are counted.
#pragma once

#include <utility>
#include <vector>

#include "hcnn/core/logits.hpp"
#include "hcnn/core/targets.hpp"

namespace hcnn::metrics {

/// Base of classes that follow an evaluation batch by batch. Not a template, so that programs without observers do not
/// compile any of it.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  /// Called for each batch, in order.
  virtual void add(const Logits<float>& logits, const Targets& targets) = 0;
  /// As above, for networks in double.
  virtual void add(const Logits<double>& logits, const Targets& targets) = 0;
};

/// Several observers as one: `BatchObservers both({&inspection, &outcomes})`.
class BatchObservers final : public BatchObserver {
 public:
  /// Keeps the pointers; calls the observers in this order. Throws OptionError for a null pointer.
  explicit BatchObservers(std::vector<BatchObserver*> observers) : observers_(std::move(observers)) {
    for (const BatchObserver* observer : observers_)
      if (!observer) fail<OptionError>("BatchObservers", "a null pointer", "an observer is needed");
  }
  void add(const Logits<float>& logits, const Targets& targets) override {
    for (BatchObserver* observer : observers_) observer->add(logits, targets);
  }
  void add(const Logits<double>& logits, const Targets& targets) override {
    for (BatchObserver* observer : observers_) observer->add(logits, targets);
  }

 private:
  std::vector<BatchObserver*> observers_;
};

}  // namespace hcnn::metrics
