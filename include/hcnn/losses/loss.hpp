// Base class of all losses: named logits and targets in, value and gradients out.
#pragma once

#include <memory>
#include <string>

#include "hcnn/core/logits.hpp"
#include "hcnn/core/param.hpp"
#include "hcnn/core/targets.hpp"

/// Losses: named logits and targets in, value and gradients out.
namespace hcnn::losses {

/// A loss on logits of type M (float or double). It sees named logits, never layers. To write one: derive, implement
/// `name`, `evaluate` and `clone`, and `attach` if there are parameters; then `cross_entropy("fine") + 0.1 * MyLoss{}`.
template <class M = float>
class Loss {
 public:
  /// Type of logits.
  using Scalar = M;

  virtual ~Loss() = default;

  /// Name in tables of results, e.g. "cross_entropy(fine)".
  virtual std::string name() const = 0;
  /// Returns the value in nats per sample, without `weight`, and adds weight * d value / d logits to `gradients`, which
  /// has the heads and shapes of `logits`. Unless the loss says otherwise, the mean is over the samples that have a
  /// label; 0 if there are none. Adds weight * d value / d parameter to `Param::grad` of its parameters. Allocates no
  /// memory after the first batch of a size. Throws DataError or ShapeError if logits and targets do not fit.
  virtual M evaluate(const Logits<M>& logits, const Targets& targets, Logits<M>& gradients, M weight) = 0;
  /// Appends the loss's own parameters, Role::loss, to `list` and names them `path + ".severity"` and so on.
  virtual void attach(const std::string& path, ParamList<M>& list) {
    static_cast<void>(path);
    static_cast<void>(list);
  }
  /// Returns a copy with the same options and parameters.
  virtual std::unique_ptr<Loss<M>> clone() const = 0;
};

}  // namespace hcnn::losses
