// Max pooling over sliding windows.
#pragma once

#include <cstdint>

#include "hcnn/kernels/pooling.hpp"
#include "hcnn/layers/layer.hpp"
#include "hcnn/layers/pool_windows.hpp"

namespace hcnn {

/// Options of MaxPool2d.
struct MaxPool2dOptions {
  Extent2 window = 2;   ///< window size, pixels
  Extent2 stride = 0;   ///< stride, pixels; 0 means the window's size
  Extent2 padding = 0;  ///< padding on each side, pixels, never the maximum; at most half the window
};

/// y = maximum of each window: HxWxC -> OHxOWxC with OH = floor((H + 2 padding - window) / stride) + 1, as in PyTorch.
/// Among equal values the first in row-major order gets the gradient. Throws ShapeError if the window does not fit into
/// the padded input.
template <class T = float>
class MaxPool2d : public Layer<T> {
 public:
  /// Throws OptionError for an option outside its range.
  explicit MaxPool2d(MaxPool2dOptions options = {})
      : windows_("MaxPool2d", options.window, options.stride, options.padding) {}

  std::string type() const override { return "MaxPool2d"; }
  std::string options() const override { return windows_.text(); }
  Shape build(const Shape& input) override { return windows_.build(input); }
  LayerTraits traits() const override { return {.backward_reads_input = false}; }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass&, Workspace& workspace) override {
    if (few_taps())
      kernels::max_pool(x.data, y.data, small_taps_ = workspace.take<std::uint8_t>(y.size()), x.count, x.shape.channels,
                        windows_.rows(), windows_.columns());
    else
      kernels::max_pool(x.data, y.data, large_taps_ = workspace.take<std::int32_t>(y.size()), x.count, x.shape.channels,
                        windows_.rows(), windows_.columns());
  }

  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (dx.empty()) return;
    if (few_taps())
      kernels::max_pool_backward(dy.data, small_taps_, dx.data, dx.count, dx.shape.channels, windows_.rows(),
                                 windows_.columns());
    else
      kernels::max_pool_backward(dy.data, large_taps_, dx.data, dx.count, dx.shape.channels, windows_.rows(),
                                 windows_.columns());
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::max_pool(x.data, y.data, static_cast<std::uint8_t*>(nullptr), x.count, x.shape.channels, windows_.rows(),
                      windows_.columns());
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<MaxPool2d>(*this); }

  /// The windows, for kernels that include the pooling.
  const PoolWindows& windows() const { return windows_; }

 private:
  // One byte holds the position in windows of up to 256 pixels: a quarter of a float map's memory traffic.
  bool few_taps() const { return windows_.rows().window * windows_.columns().window <= 256; }

  PoolWindows windows_;
  std::uint8_t* small_taps_ = nullptr;  // in the workspace, from forward to backward; which of the two: few_taps()
  std::int32_t* large_taps_ = nullptr;
};

}  // namespace hcnn
