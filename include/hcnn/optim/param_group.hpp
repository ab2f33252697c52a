// Parameter groups with their own settings, and the named state arrays of optimizers.
#pragma once

#include <optional>
#include <string>

#include "hcnn/core/param.hpp"

namespace hcnn {

/// Parameters that share settings: `add_group({.params = heads, .learning_rate_scale = 0.1})`.
template <class M>
struct ParamGroup {
  ParamList<M> params = {};                 ///< parameters of the group; buffers are ignored
  double learning_rate_scale = 1;           ///< factor on the optimizer's learning rate; finite and >= 0
  std::optional<double> weight_decay = {};  ///< weight decay of all parameters here; unset: the optimizer's, by its own
                                            ///< rule
  bool frozen = false;                      ///< whether updates are skipped; gradients are zeroed all the same. Running
                                            ///< statistics keep following the batches, unless the whole trunk is
                                            ///< frozen: `train::fit` then runs it in evaluation mode, without a
                                            ///< backward pass
};

/// One array of a file: `size` values at `data`, valid while their owner lives.
template <class M>
struct NamedState {
  std::string name;   ///< name, e.g. "adam.m.trunk.0.0.weight"
  M* data = nullptr;  ///< contiguous values, in the parameter's memory order
  Index size = 0;     ///< number of values
};

}  // namespace hcnn
