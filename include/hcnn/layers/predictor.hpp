// A network prepared for inference.
#pragma once

#include "hcnn/layers/model.hpp"

namespace hcnn {

/// Options of Predictor.
struct PredictorOptions {
  int threads = 1;  ///< threads that share the work of one call; use 1 if many calls run at once
};

/// An immutable network for inference: batch normalisation folded into the convolutions, weights packed once, memory
/// for training freed. One object serves any number of threads at once; each thread keeps its own scratch memory, so
/// that after its first call with a batch size only the returned logits are allocated.
///
///     const Predictor predictor{std::move(model)};
///     const Logits<float> logits = predictor.logits(images);          // in any thread
template <class T = float>
class Predictor {
 public:
  /// Type of logits.
  using M = Master<T>;

  /// Takes ownership of the network; pass `model.clone()` to go on training the original. Throws OptionError for fewer
  /// than one thread.
  explicit Predictor(Model<T> model, PredictorOptions options = {}) : model_(std::move(model)), options_(options) {
    if (options.threads < 1)
      fail<OptionError>("Predictor", concat(options.threads, " threads"), "at least 1 is needed");
    model_.drop_training_memory();
    model_.prepare_inference();
  }

  /// Logits of every head for a batch, each (N, classes). Throws ShapeError if the samples do not fit.
  Logits<M> logits(TensorView<const T> x) const {
    Logits<M> result;
    logits(x, result);
    return result;
  }
  /// As above, into the logits of an earlier call, whose memory is reused.
  void logits(TensorView<const T> x, Logits<M>& result) const {
    const ThreadCountScope threads(options_.threads);
    model_.infer(x, result, thread_scratch());
  }
  /// Logits of one head, (N, classes). Throws DataError for a head that the network lacks.
  Tensor<M> logits(TensorView<const T> x, std::string_view head) const {
    const ThreadCountScope threads(options_.threads);
    Logits<M> result;
    model_.infer(x, result, thread_scratch(), head);
    return std::move(result[head]);
  }

  /// Shape of one input sample.
  const Shape& input_shape() const { return model_.input_shape(); }
  /// Names and class counts of the heads.
  const MultiHead<T>& heads() const { return model_.heads(); }

 private:
  Model<T> model_;
  PredictorOptions options_;
};

/// `Predictor{std::move(model)}`.
template <class T>
Predictor(Model<T>) -> Predictor<T>;
/// `Predictor{std::move(model), {.threads = 2}}`.
template <class T>
Predictor(Model<T>, PredictorOptions) -> Predictor<T>;

}  // namespace hcnn
