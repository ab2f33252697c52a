// Stochastic gradient descent, with momentum (heavy ball or Nesterov).
#pragma once

#include "hcnn/optim/optimizer.hpp"

namespace hcnn {

/// Options of SGD.
struct SGDOptions {
  double learning_rate = 0.01;  ///< factor of the gradient, finite and >= 0
  double momentum = 0;          ///< momentum coefficient, in [0, 1); 0: no momentum
  bool nesterov = false;        ///< use Nesterov momentum; needs momentum > 0
  double weight_decay = 0;      ///< L2 penalty: this times the weight is added to the gradient; >= 0
  bool decay_all = false;       ///< also decay biases and normalisation, as PyTorch does by default
};

/// SGD as in PyTorch, without dampening:
///   g += weight_decay w;  b = momentum b + g;  w -= learning_rate (nesterov ? g + momentum b : b).
/// The velocity b starts at 0 and is not scaled by the learning rate, so schedule changes act at once.
/// Source: Sutskever, Martens, Dahl, Hinton 2013, "On the importance of initialization and momentum", ICML.
template <class M = float>
class SGD final : public Optimizer<M> {
 public:
  /// Parameters as for Optimizer. Throws OptionError for an option outside its range.
  explicit SGD(const ParamList<M>& params, const SGDOptions& options = {})
      : Optimizer<M>("SGD", std::vector<std::string>(options.momentum > 0 ? 1 : 0, "sgd.momentum"), params,
                     options.learning_rate, options.weight_decay, options.decay_all),
        options_(options) {
    require_option(options.momentum >= 0 && options.momentum < 1, "SGD", "momentum", options.momentum,
                   "must be in [0, 1)");
    require_option(!options.nesterov || options.momentum > 0, "SGD", "nesterov with momentum", options.momentum,
                   "must be > 0");
  }

  /// Options given at construction; the current learning rate is `learning_rate()`.
  const SGDOptions& options() const { return options_; }

 private:
  using typename Optimizer<M>::Range;

  std::string settings() const override {
    return concat("momentum ", options_.momentum, options_.nesterov ? ", nesterov" : "");
  }

  void update(const Range& range) const override {
    const M rate = static_cast<M>(range.learning_rate), decay = static_cast<M>(range.weight_decay);
    const M momentum = static_cast<M>(options_.momentum);
    M *const w = range.value, *const g = range.grad, *const b = range.state[0];
    if (!b) {
      for (Index i = 0; i < range.size; ++i) w[i] -= rate * (g[i] + decay * w[i]);
    } else if (options_.nesterov) {
      for (Index i = 0; i < range.size; ++i) {
        const M gradient = g[i] + decay * w[i];
        b[i] = momentum * b[i] + gradient;
        w[i] -= rate * (gradient + momentum * b[i]);
      }
    } else {
      for (Index i = 0; i < range.size; ++i) {
        b[i] = momentum * b[i] + (g[i] + decay * w[i]);
        w[i] -= rate * b[i];
      }
    }
  }

  SGDOptions options_;
};

}  // namespace hcnn
