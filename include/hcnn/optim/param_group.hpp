// Groups of parameters with settings of their own, and the named arrays that optimizers keep for files.
#pragma once

#include <optional>
#include <string>

#include "hcnn/core/param.hpp"

namespace hcnn {

/// Parameters that share settings: `add_group({.params = heads, .learning_rate_scale = 0.1})`.
template <class M>
struct ParamGroup {
  ParamList<M> params = {};                 ///< buffers among them are left out
  double learning_rate_scale = 1;           ///< times the optimizer's learning rate; finite and >= 0
  std::optional<double> weight_decay = {};  ///< of every parameter here; unset: the optimizer's, by its own rule
  bool frozen = false;                      ///< values stay; gradients are zeroed all the same. Running statistics
                                            ///< go on following the batches unless the whole trunk is frozen:
                                            ///< `train::fit` then runs it in evaluation mode, without backward pass
};

/// One array of a file: `size` values at `data`, which stay where they are while their owner lives.
template <class M>
struct NamedState {
  std::string name;   ///< "adam.m.trunk.0.0.weight"
  M* data = nullptr;  ///< values, contiguous, in the order of the parameter's memory
  Index size = 0;     ///< number of values
};

}  // namespace hcnn
