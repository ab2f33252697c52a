// Stochastic gradient descent, with momentum (heavy ball or Nesterov).
#pragma once

#include "hcnn/optim/optimizer.hpp"

namespace hcnn {

/// Options of SGD.
struct SGDOptions {
  double learning_rate = 0.01;  ///< factor of the gradient, finite and >= 0
  double momentum = 0;          ///< forgetting factor of the velocity, in [0, 1); 0: no velocity is kept
  bool nesterov = false;        ///< looks ahead along the velocity; needs momentum > 0
  double weight_decay = 0;      ///< factor of the L2 penalty's gradient, >= 0; 0: no penalty
  bool decay_all = false;       ///< also decay biases and normalisation, as PyTorch does by default
};

/// SGD as PyTorch writes it, without dampening:
///   g += weight_decay w;  b = momentum b + g;  w -= learning_rate (nesterov ? g + momentum b : b).
/// The velocity b begins at 0 and is not scaled by the learning rate, so that a schedule acts at once.
/// Source: Sutskever, Martens, Dahl, Hinton 2013, "On the importance of initialization and momentum", ICML.
template <class M = float>
class SGD final : public Optimizer<M> {
 public:
  /// Parameters as Optimizer takes them. Throws OptionError for an option outside its range.
  explicit SGD(const ParamList<M>& params, const SGDOptions& options = {})
      : Optimizer<M>("SGD", std::vector<std::string>(options.momentum > 0 ? 1 : 0, "sgd.momentum"), params,
                     options.learning_rate, options.weight_decay, options.decay_all),
        options_(options) {
    require_option(options.momentum >= 0 && options.momentum < 1, "SGD", "momentum", options.momentum,
                   "must be in [0, 1)");
    require_option(!options.nesterov || options.momentum > 0, "SGD", "nesterov with momentum", options.momentum,
                   "must be > 0");
  }

  /// What it was made with; the learning rate in force is `learning_rate()`.
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
