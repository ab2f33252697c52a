// Muon: momentum that is orthogonalised before it updates weight matrices; SGD for all other parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "hcnn/optim/optimizer.hpp"
#include "hcnn/optim/orthogonalize.hpp"

namespace hcnn {

/// Options of Muon.
struct MuonOptions {
  double learning_rate = 0.02;        ///< for matrices: roughly how far each singular value moves per step; above 0
  double other_learning_rate = 0.05;  ///< for all other parameters, by SGD; scaled by the same schedule; >= 0
  double momentum = 0.95;             ///< momentum of both, in [0, 1)
  bool nesterov = true;               ///< use Nesterov momentum
  double weight_decay = 0;            ///< each step multiplies weights by 1 - learning rate * this; >= 0
  Index steps = 5;                    ///< Newton-Schulz steps of the orthogonalisation, at least 1
  std::string others = "heads.";      ///< name prefix of weights left to SGD: the classifiers; "": none
};

/// For a weight of two or more dimensions, as a matrix W (O, I) with I = C KH KW:
///   b = momentum b + g;  u = nesterov ? g + momentum b : b;
///   W = (1 - rate decay) W - rate sqrt(max(1, O / I)) orthogonalize(u)
/// and for biases, normalisation and `others`:  w = (1 - r decay) w - r u,  r = rate other_learning_rate /
/// learning_rate. All singular values of an update are about equal, so rare directions learn as fast as common ones.
/// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks",
/// kellerjordan.github.io/posts/muon; there the others are optimised by AdamW.
template <class M = float>
class Muon final : public Optimizer<M> {
 public:
  /// Parameters as for Optimizer. Throws OptionError for an option outside its range.
  explicit Muon(const ParamList<M>& params, const MuonOptions& options = {})
      : Optimizer<M>("Muon", {"muon.momentum"}, params, options.learning_rate, options.weight_decay, false),
        options_(options) {
    require_option(options.learning_rate > 0, "Muon", "learning_rate", options.learning_rate, "must be above 0");
    require_nonnegative("Muon", "other_learning_rate", options.other_learning_rate);
    require_option(options.momentum >= 0 && options.momentum < 1, "Muon", "momentum", options.momentum,
                   "must be in [0, 1)");
    require_option(options.steps >= 1, "Muon", "steps", options.steps, "must be at least 1");
  }

  /// Options given at construction; the current learning rate is `learning_rate()`.
  const MuonOptions& options() const { return options_; }

  /// True for a parameter that is updated as a matrix.
  bool orthogonalizes(const Param<M>& param) const {
    const bool other = !options_.others.empty() && param.name.starts_with(options_.others);
    return param.is_matrix() && !other;
  }

 private:
  using typename Optimizer<M>::Range;

  std::string settings() const override {
    return concat("other_learning_rate ", options_.other_learning_rate, ", momentum ", options_.momentum,
                  options_.nesterov ? ", nesterov" : "", ", steps ", options_.steps, ", others ", options_.others);
  }

  void update_param(const Param<M>& param, const Range& whole) override {
    if (!orthogonalizes(param)) return Optimizer<M>::update_param(param, whole);
    const Index rows = param.dims[0], columns = param.size() / rows;
    const M momentum = static_cast<M>(options_.momentum);
    M *const w = whole.value, *const g = whole.grad, *const b = whole.state[0];
    parallel_elements(whole.size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        b[i] = momentum * b[i] + g[i];
        g[i] = options_.nesterov ? g[i] + momentum * b[i] : b[i];
      }
    });
    orthogonalize(rows, columns, g, options_.steps, workspace_);
    const double shape = std::sqrt(std::max(1.0, static_cast<double>(rows) / static_cast<double>(columns)));
    const M rate = static_cast<M>(whole.learning_rate * shape);
    const M keep = static_cast<M>(1 - whole.learning_rate * whole.weight_decay);
    parallel_elements(whole.size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) w[i] = keep * w[i] - rate * std::exchange(g[i], M{0});
    });
  }

  // SGD, for all other parameters.
  void update(const Range& range) const override {
    const double slower = range.learning_rate * options_.other_learning_rate / options_.learning_rate;
    const M rate = static_cast<M>(slower), keep = static_cast<M>(1 - slower * range.weight_decay);
    const M momentum = static_cast<M>(options_.momentum);
    M *const w = range.value, *const g = range.grad, *const b = range.state[0];
    for (Index i = 0; i < range.size; ++i) {
      b[i] = momentum * b[i] + g[i];
      w[i] = keep * w[i] - rate * (options_.nesterov ? g[i] + momentum * b[i] : b[i]);
    }
  }

  MuonOptions options_;
  Workspace workspace_;
};

}  // namespace hcnn
