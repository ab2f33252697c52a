// Adam and AdamW.
#pragma once

#include <cmath>

#include "hcnn/optim/optimizer.hpp"

namespace hcnn {

/// Options of Adam; the defaults are those of the paper and of PyTorch, except for `decay_all`.
struct AdamOptions {
  double learning_rate = 1e-3;  ///< roughly how far a weight moves per step; finite and >= 0
  double beta1 = 0.9;           ///< decay rate of the first moment, in [0, 1)
  double beta2 = 0.999;         ///< decay rate of the second moment, in [0, 1)
  double epsilon = 1e-8;        ///< added to the square root of the bias-corrected second moment; >= 0
  double weight_decay = 0;      ///< L2 penalty: this times the weight is added to the gradient; >= 0
  bool decay_all = false;       ///< also decay biases and normalisation, as PyTorch does by default
};

/// Options of AdamW; the defaults are PyTorch's, except for `decay_all`.
struct AdamWOptions {
  double learning_rate = 1e-3;  ///< roughly how far a weight moves per step; finite and >= 0
  double beta1 = 0.9;           ///< decay rate of the first moment, in [0, 1)
  double beta2 = 0.999;         ///< decay rate of the second moment, in [0, 1)
  double epsilon = 1e-8;        ///< added to the square root of the bias-corrected second moment; >= 0
  double weight_decay = 1e-2;   ///< each step multiplies weights by 1 - learning_rate * this; >= 0
  bool decay_all = false;       ///< also decay biases and normalisation, as PyTorch does by default
};

/// Common base of Adam and AdamW, which differ in where weight decay acts.
///   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
///   w -= learning_rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon),  t the optimizer's step count.
template <class M>
class AdamFamily : public Optimizer<M> {
 public:
  /// Options given at construction; the current learning rate is `learning_rate()`.
  const AdamOptions& options() const { return options_; }

 protected:
  using typename Optimizer<M>::Range;

  /// @param type class name  @param prefix of the names of the state arrays
  AdamFamily(const std::string& type, const std::string& prefix, const ParamList<M>& params, const AdamOptions& options)
      : Optimizer<M>(type, {prefix + ".m", prefix + ".v"}, params, options.learning_rate, options.weight_decay,
                     options.decay_all),
        options_(options) {
    require_option(options.beta1 >= 0 && options.beta1 < 1, type, "beta1", options.beta1, "must be in [0, 1)");
    require_option(options.beta2 >= 0 && options.beta2 < 1, type, "beta2", options.beta2, "must be in [0, 1)");
    require_nonnegative(type, "epsilon", options.epsilon);
  }

  /// @param penalty factor of w that is added to the gradient
  /// @param shrink factor of w that is subtracted in addition to the gradient step
  void move(const Range& range, double penalty, double shrink) const {
    const M beta1 = static_cast<M>(options_.beta1), rest1 = static_cast<M>(1 - options_.beta1);
    const M beta2 = static_cast<M>(options_.beta2), rest2 = static_cast<M>(1 - options_.beta2);
    const M rate = static_cast<M>(range.learning_rate / correction1_);
    const M inverse_root = static_cast<M>(1 / std::sqrt(correction2_)), epsilon = static_cast<M>(options_.epsilon);
    const M decay = static_cast<M>(penalty), keep = static_cast<M>(1 - shrink);
    M *const w = range.value, *const m = range.state[0], *const v = range.state[1];
    const M* const g = range.grad;
    for (Index i = 0; i < range.size; ++i) {
      const M gradient = g[i] + decay * w[i];
      m[i] = beta1 * m[i] + rest1 * gradient;
      v[i] = beta2 * v[i] + rest2 * gradient * gradient;
      w[i] = keep * w[i] - rate * m[i] / (std::sqrt(v[i]) * inverse_root + epsilon);
    }
  }

 private:
  std::string settings() const override {
    return concat("beta1 ", options_.beta1, ", beta2 ", options_.beta2, ", epsilon ", options_.epsilon);
  }

  void begin_step() override {
    const auto t = static_cast<double>(this->step_count());
    correction1_ = 1 - std::pow(options_.beta1, t);
    correction2_ = 1 - std::pow(options_.beta2, t);
  }

  AdamOptions options_;
  double correction1_ = 1;
  double correction2_ = 1;
};

/// Adam with an L2 penalty: g += weight_decay w. Source: Kingma, Ba 2015, arXiv:1412.6980, algorithm 1.
template <class M = float>
class Adam final : public AdamFamily<M> {
 public:
  /// Parameters as for Optimizer. Throws OptionError for an option outside its range.
  explicit Adam(const ParamList<M>& params, const AdamOptions& options = {})
      : AdamFamily<M>("Adam", "adam", params, options) {}

 private:
  void update(const typename AdamFamily<M>::Range& range) const override { this->move(range, range.weight_decay, 0); }
};

/// Adam with decoupled weight decay: w -= learning_rate weight_decay w, in addition to the gradient step.
/// Source: Loshchilov, Hutter 2019, arXiv:1711.05101, algorithm 2.
template <class M = float>
class AdamW final : public AdamFamily<M> {
 public:
  /// Parameters as for Optimizer. Throws OptionError for an option outside its range.
  explicit AdamW(const ParamList<M>& params, const AdamWOptions& options = {})
      : AdamFamily<M>("AdamW", "adamw", params,
                      {.learning_rate = options.learning_rate,
                       .beta1 = options.beta1,
                       .beta2 = options.beta2,
                       .epsilon = options.epsilon,
                       .weight_decay = options.weight_decay,
                       .decay_all = options.decay_all}) {}

 private:
  void update(const typename AdamFamily<M>::Range& range) const override {
    this->move(range, 0, range.learning_rate * range.weight_decay);
  }
};

}  // namespace hcnn
