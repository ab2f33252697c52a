// Average pooling over sliding windows.
#pragma once

#include "hcnn/kernels/pooling.hpp"
#include "hcnn/layers/layer.hpp"
#include "hcnn/layers/pool_windows.hpp"

namespace hcnn {

/// Options of AvgPool2d.
struct AvgPool2dOptions {
  Extent2 window = 2;   ///< window size, pixels
  Extent2 stride = 0;   ///< stride, pixels; 0 means the window's size
  Extent2 padding = 0;  ///< zero padding on each side, pixels, counted in the mean; at most half the window
};

/// y = mean of each window: HxWxC -> OHxOWxC with OH = floor((H + 2 padding - window) / stride) + 1. Padding counts in
/// the mean (PyTorch's count_include_pad). Throws ShapeError if the window does not fit into the padded input.
template <class T = float>
class AvgPool2d : public Layer<T> {
 public:
  /// Throws OptionError for an option outside its range.
  explicit AvgPool2d(AvgPool2dOptions options = {})
      : windows_("AvgPool2d", options.window, options.stride, options.padding) {}

  std::string type() const override { return "AvgPool2d"; }
  std::string options() const override { return windows_.text(); }
  Shape build(const Shape& input) override { return windows_.build(input); }
  LayerTraits traits() const override { return {.backward_reads_input = false}; }

  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (!dx.empty())
      kernels::average_pool_backward(dy.data, dx.data, dx.count, dx.shape.channels, windows_.rows(),
                                     windows_.columns());
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::average_pool(x.data, y.data, x.count, x.shape.channels, windows_.rows(), windows_.columns());
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<AvgPool2d>(*this); }

  /// The windows, for code that exports the layer.
  const PoolWindows& windows() const { return windows_; }

 private:
  PoolWindows windows_;
};

}  // namespace hcnn
