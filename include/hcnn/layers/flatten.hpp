// Flattens feature maps to a feature vector.
#pragma once

#include "hcnn/kernels/elementwise.hpp"
#include "hcnn/kernels/transpose.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// HxWxC -> 1x1x(C H W), channel by channel, so that the weights of a following Linear match PyTorch's, whose maps are
/// stored as C, H, W. A 1x1 map is passed on in place.
template <class T = float>
class Flatten : public Layer<T> {
 public:
  std::string type() const override { return "Flatten"; }
  Shape build(const Shape& input) override {
    input_ = input;
    return {1, 1, input.size()};
  }
  LayerTraits traits() const override { return {.backward_reads_input = false, .in_place = input_.pixels() == 1}; }

  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (dx.empty()) return;
    if (keeps_order()) return kernels::copy(dy.data, dx.data, dy.size());
    parallel_for(dy.count, [&](Index n) {  // (P, C) = (C, P)^T
      kernels::transpose(dy.sample(n), dx.sample(n), input_.channels, input_.pixels());
    });
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    if (keeps_order()) return kernels::copy(x.data, y.data, x.size());
    parallel_for(x.count, [&](Index n) {  // (C, P) = (P, C)^T
      kernels::transpose(x.sample(n), y.sample(n), input_.pixels(), input_.channels);
    });
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Flatten>(*this); }

 private:
  bool keeps_order() const { return input_.pixels() == 1 || input_.channels == 1; }

  Shape input_;
};

}  // namespace hcnn
