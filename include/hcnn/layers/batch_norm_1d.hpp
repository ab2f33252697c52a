// Batch normalisation of feature vectors.
#pragma once

#include "hcnn/layers/batch_norm.hpp"

namespace hcnn {

/// BatchNorm2d for feature vectors: (N, C) -> (N, C), after Flatten or Linear. A training batch needs N > 1. Throws
/// ShapeError if height or width of the input exceeds 1.
template <class T = float>
class BatchNorm1d : public BatchNorm2d<T> {
 public:
  /// Options are checked by `build`.
  explicit BatchNorm1d(BatchNorm2dOptions options = {}) : BatchNorm2d<T>(options) {}

  std::string type() const override { return "BatchNorm1d"; }
  Shape build(const Shape& input) override {
    if (input.pixels() != 1)
      fail<ShapeError>("BatchNorm1d", concat("input is ", to_string(input)),
                       "1x1 with any number of channels is needed: put Flatten before it, or use BatchNorm2d");
    return BatchNorm2d<T>::build(input);
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<BatchNorm1d>(*this); }
};

}  // namespace hcnn
