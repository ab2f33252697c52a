// Who sees the batches of an evaluation as they are counted.
#pragma once

#include "hcnn/core/logits.hpp"
#include "hcnn/core/targets.hpp"

namespace hcnn::metrics {

/// Base of what follows an evaluation batch by batch. Not a template, so that programs that observe nothing compile
/// none of it.
class BatchObserver {
 public:
  virtual ~BatchObserver() = default;
  /// Called for each batch, in order.
  virtual void add(const Logits<float>& logits, const Targets& targets) = 0;
  /// The same for networks in double.
  virtual void add(const Logits<double>& logits, const Targets& targets) = 0;
};

}  // namespace hcnn::metrics
