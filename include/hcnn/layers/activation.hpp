// Activations ReLU and LeakyReLU; they work in place and need no extra memory.
#pragma once

#include "hcnn/kernels/elementwise.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Rectified linear unit: y = max(x, 0), any shape. The gradient at 0 is 0, as in PyTorch.
template <class T = float>
class ReLU : public Layer<T> {
 public:
  std::string type() const override { return "ReLU"; }
  Shape build(const Shape& input) override { return input; }
  LayerTraits traits() const override {
    return {.backward_reads_input = false, .backward_reads_output = true, .in_place = true};
  }
  void backward(TensorView<const T>, TensorView<const T> y, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (!dx.empty()) kernels::relu_backward(y.data, dy.data, dx.data, dy.size());
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::relu(x.data, y.data, x.size());
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<ReLU>(*this); }
};

/// Options of LeakyReLU.
struct LeakyReLUOptions {
  double slope = 0.01;  ///< factor for negative inputs, above 0
};

/// Leaky ReLU: y = x where x > 0, else slope * x, any shape. The gradient at 0 is the slope, as in PyTorch. Throws
/// OptionError unless the slope is positive: backward tells the two sides apart by the sign of y.
template <class T = float>
class LeakyReLU : public Layer<T> {
 public:
  using typename Layer<T>::M;

  /// Throws OptionError for a slope that is not positive.
  explicit LeakyReLU(LeakyReLUOptions options = {}) : slope_(options.slope) {
    if (!(slope_ > 0)) fail<OptionError>("LeakyReLU", concat("slope ", slope_), "it must be above 0");
  }

  std::string type() const override { return "LeakyReLU"; }
  std::string options() const override { return concat("slope ", slope_); }
  Shape build(const Shape& input) override { return input; }
  LayerTraits traits() const override {
    return {.backward_reads_input = false, .backward_reads_output = true, .in_place = true};
  }
  void backward(TensorView<const T>, TensorView<const T> y, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (!dx.empty()) kernels::leaky_relu_backward(y.data, dy.data, dx.data, dy.size(), slope());
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::leaky_relu(x.data, y.data, x.size(), slope());
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<LeakyReLU>(*this); }

  /// Factor for negative inputs.
  M slope() const { return static_cast<M>(slope_); }

 private:
  double slope_;
};

}  // namespace hcnn
