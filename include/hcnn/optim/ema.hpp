// Exponential moving average (EMA) of a network's weights, for evaluation.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "hcnn/core/parallel.hpp"
#include "hcnn/optim/optimizer.hpp"

namespace hcnn {

/// Shadow copy of all parameters: trained ones are averaged, buffers (running statistics) are copied as they are.
/// Averaging starts from the values at construction. To evaluate: swap(), refresh the running statistics on training
/// data if there is batch normalisation, evaluate, swap() again: parameters and statistics are then as before.
/// Source: Polyak, Juditsky 1992, "Acceleration of stochastic approximation by averaging", SIAM J. Control Optim. 30.
template <class M = float>
class ExponentialMovingAverage {
 public:
  /// Copies the values; keeps pointers to the parameters, which must outlive it.
  explicit ExponentialMovingAverage(const ParamList<M>& params) {
    for (Param<M>* param : params) {
      shadows_.push_back({param, AlignedBuffer<M>(param->size())});
      std::copy_n(param->value(), param->size(), shadows_.back().values.data());
    }
  }

  /// average = decay average + (1 - decay) value; call it after each step. Throws OptionError for a decay outside [0,
  /// 1], and while swapped in.
  void update(double decay) {
    require_option(decay >= 0 && decay <= 1, "ExponentialMovingAverage", "decay", decay, "must be in [0, 1]");
    require_option(!swapped_, "ExponentialMovingAverage::update", "swapped", true, "swap the parameters back first");
    const M keep = static_cast<M>(decay), take = static_cast<M>(1 - decay);
    for (Shadow& shadow : shadows_) {
      const M* const value = shadow.param->value();
      M* const average = shadow.values.data();
      if (shadow.param->is_buffer()) {
        std::copy_n(value, shadow.param->size(), average);
        continue;
      }
      parallel_elements(shadow.param->size(), [&](Index begin, Index end) {
        // Both forms leave a value unchanged if it equals the average; keep + take is not 1 in float.
        if (take < M{0.5})
          for (Index i = begin; i < end; ++i) average[i] += take * (value[i] - average[i]);
        else
          for (Index i = begin; i < end; ++i) average[i] = value[i] - keep * (value[i] - average[i]);
      });
    }
  }

  /// Swaps the averages and the network's values; calling it twice changes nothing.
  void swap() {
    for (Shadow& shadow : shadows_) {
      std::swap_ranges(shadow.param->value(), shadow.param->value() + shadow.param->size(), shadow.values.data());
      shadow.param->touch();
    }
    swapped_ = !swapped_;
  }
  /// True while the network holds the averages.
  bool swapped() const { return swapped_; }

  /// The averages as "ema.<parameter>", for checkpoints. Throws OptionError while they are in the network.
  std::vector<NamedState<M>> state() {
    require_option(!swapped_, "ExponentialMovingAverage::state", "swapped", true, "swap the parameters back first");
    std::vector<NamedState<M>> list;
    for (Shadow& shadow : shadows_)
      list.push_back({"ema." + shadow.param->name, shadow.values.data(), shadow.param->size()});
    return list;
  }
  /// Visits the averages, to resume a run later; throws as `state`.
  void visit_state(StateVisitor& visitor) {
    for (const NamedState<M>& entry : state())
      visitor.visit(entry.name, std::span<M>(entry.data, static_cast<std::size_t>(entry.size)));
  }

 private:
  struct Shadow {
    Param<M>* param;
    AlignedBuffer<M> values;
  };
  std::vector<Shadow> shadows_;
  bool swapped_ = false;
};

}  // namespace hcnn
