// Average pooling to a given output size: AdaptiveAvgPool2d, and GlobalAvgPool2d for one value per channel.
#pragma once

#include "hcnn/kernels/pooling.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Options of AdaptiveAvgPool2d.
struct AdaptiveAvgPool2dOptions {
  Index height = 1;  ///< output rows
  Index width = 1;   ///< output columns
};

/// y = mean of each bin: HxWxC -> height x width x C. Output row o averages the input rows from floor(o H / height) up
/// to, not including, ceil((o + 1) H / height), as in PyTorch; columns likewise. Throws OptionError if an option is
/// below 1.
template <class T = float>
class AdaptiveAvgPool2d : public Layer<T> {
 public:
  /// Throws OptionError for an output below 1x1.
  explicit AdaptiveAvgPool2d(AdaptiveAvgPool2dOptions options = {})
      : rows_{0, options.height}, columns_{0, options.width} {
    if (options.height < 1 || options.width < 1)
      fail<OptionError>("AdaptiveAvgPool2d", concat("output ", options.height, 'x', options.width),
                        "height and width must be at least 1");
  }

  std::string type() const override { return "AdaptiveAvgPool2d"; }
  std::string options() const override { return concat("output ", rows_.output, 'x', columns_.output); }
  Shape build(const Shape& input) override {
    require_positive(type(), input);
    rows_.input = input.height;
    columns_.input = input.width;
    return {rows_.output, columns_.output, input.channels};
  }
  LayerTraits traits() const override { return {.backward_reads_input = false}; }

  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (!dx.empty()) kernels::average_pool_backward(dy.data, dx.data, dx.count, dx.shape.channels, rows_, columns_);
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::average_pool(x.data, y.data, x.count, x.shape.channels, rows_, columns_);
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<AdaptiveAvgPool2d>(*this); }

 private:
  kernels::AdaptiveBins rows_;
  kernels::AdaptiveBins columns_;
};

/// y = mean of each channel: HxWxC -> 1x1xC.
template <class T = float>
class GlobalAvgPool2d : public AdaptiveAvgPool2d<T> {
 public:
  std::string type() const override { return "GlobalAvgPool2d"; }
  std::string options() const override { return {}; }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<GlobalAvgPool2d>(*this); }
};

}  // namespace hcnn
