// Muon: momentum whose matrices are orthogonalised before they move the weights; SGD for all other parameters.
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
  double learning_rate = 0.02;        ///< of matrices: about how far each singular value moves in a step; above 0
  double other_learning_rate = 0.05;  ///< of everything else, by SGD; follows the schedule of the first; >= 0
  double momentum = 0.95;             ///< forgetting factor of both, in [0, 1)
  bool nesterov = true;               ///< looks ahead along the velocity
  double weight_decay = 0;            ///< share of the weights that a step takes away, times its learning rate; >= 0
  Index steps = 5;                    ///< of the orthogonalisation, at least 1
  std::string others = "heads.";      ///< weights whose names begin so are left to SGD: the classifiers; "": none
};

/// For a weight of two or more dimensions, as a matrix W (O, I) with I = C KH KW:
///   b = momentum b + g;  u = nesterov ? g + momentum b : b;
///   W = (1 - rate decay) W - rate sqrt(max(1, O / I)) orthogonalize(u)
/// and for biases, normalisation and `others`:  w = (1 - r decay) w - r u,  r = rate other_learning_rate /
/// learning_rate. All singular values of a step are alike, so rare directions learn as fast as common ones.
/// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks",
/// kellerjordan.github.io/posts/muon; there the others are optimised by AdamW.
template <class M = float>
class Muon final : public Optimizer<M> {
 public:
  /// Parameters as Optimizer takes them. Throws OptionError for an option outside its range.
  explicit Muon(const ParamList<M>& params, const MuonOptions& options = {})
      : Optimizer<M>("Muon", {"muon.momentum"}, params, options.learning_rate, options.weight_decay, false),
        options_(options) {
    require_option(options.learning_rate > 0, "Muon", "learning_rate", options.learning_rate, "must be above 0");
    require_nonnegative("Muon", "other_learning_rate", options.other_learning_rate);
    require_option(options.momentum >= 0 && options.momentum < 1, "Muon", "momentum", options.momentum,
                   "must be in [0, 1)");
    require_option(options.steps >= 1, "Muon", "steps", options.steps, "must be at least 1");
  }

  /// What it was made with; the learning rate in force is `learning_rate()`.
  const MuonOptions& options() const { return options_; }

  /// True for a parameter that is moved as a matrix.
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

  // SGD.
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
