// Two-dimensional convolution.
#pragma once

#include <algorithm>

#include "hcnn/kernels/convolution.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Options of Conv2d.
struct Conv2dOptions {
  Index out_channels = 0;  ///< number of output channels, at least 1
  Extent2 kernel = 3;      ///< kernel size, pixels
  Extent2 stride = 1;      ///< stride, pixels
  Extent2 padding = 0;     ///< zero padding on each side, pixels
  Extent2 dilation = 1;    ///< distance between neighbouring taps, pixels
  Index groups = 1;        ///< number of groups; each output channel sees only the input channels of its group
  bool bias = true;        ///< whether each output channel has a bias
};

/// 2-d convolution (strictly, cross-correlation, as in PyTorch):
///   y[n, v, u, o] = b[o] + sum_{i, j, c} w[o, c, i, j] x[n, v*stride - padding + i*dilation, u*... + j*dilation, c]
/// Shapes: (N, H, W, C) -> (N, H', W', O), H' = floor((H + 2*padding - dilation*(kernel-1) - 1) / stride) + 1.
/// Parameters: weight [O, C/groups, KH, KW], bias [O].
template <class T = float>
class Conv2d : public Layer<T> {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Options are checked when the network is built: OptionError, or ShapeError if the kernel does not fit into the
  /// padded input or the groups do not divide the channels.
  explicit Conv2d(Conv2dOptions options) : options_(options) {}

  std::string type() const override { return "Conv2d"; }
  std::string options() const override {
    const auto& o = options_;
    std::string text = concat(o.out_channels, ", kernel ", to_string(o.kernel));
    if (o.stride != Extent2(1)) text += ", stride " + to_string(o.stride);
    if (o.padding != Extent2(0)) text += ", padding " + to_string(o.padding);
    if (o.dilation != Extent2(1)) text += ", dilation " + to_string(o.dilation);
    if (o.groups != 1) text += concat(", groups ", o.groups);
    return o.bias ? text : text + ", no bias";
  }

  Shape build(const Shape& input) override {
    const auto& o = options_;
    geometry_ = {input, o.out_channels, o.kernel, o.stride, o.padding, o.dilation, o.groups};
    check(input);
    weight_ = Param<M>(Role::weight, {o.out_channels, geometry_.group_inputs(), o.kernel.height, o.kernel.width}, M{0},
                       ParamLayout::convolution);
    if (o.bias) bias_ = Param<M>(Role::bias, {o.out_channels});
    return geometry_.output();
  }

  void attach(const std::string& path, ParamList<M>& list) override {
    attach_weight_and_bias(path, weight_, options_.bias ? &bias_ : nullptr, list);
  }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass&, Workspace&) override {
    kernels::conv_forward<T>(geometry_, weight_.value(), weight_.version, bias(), packed_, x, y);
  }

  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    if (options_.bias)
      kernels::add_column_sums(dy.count * dy.shape.pixels(), dy.shape.channels, dy.data, bias_.grad(), workspace);
    kernels::conv_backward_weights<T>(geometry_, x, dy, weight_.grad(), workspace);
    if (!dx.empty()) kernels::conv_backward_data<T>(geometry_, weight_.value(), dy, dx);
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::conv_forward<T>(geometry_, weight_.value(), weight_.version, bias(), packed_, x, y);
  }

  void prepare_inference() override {
    kernels::refresh_forward<T>(geometry_, weight_.value(), weight_.version, packed_);
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Conv2d>(*this); }
  Index multiply_adds() const override { return geometry_.output().size() * geometry_.depth(); }

  /// Extents of input, output and kernel.
  const kernels::ConvGeometry& geometry() const { return geometry_; }
  /// Weights [O, C/groups, KH, KW].
  Param<M>& weight() { return weight_; }
  /// Weights, read-only.
  const Param<M>& weight() const { return weight_; }
  /// Values of the bias, or null if there is none.
  const M* bias() const { return options_.bias ? bias_.value() : nullptr; }
  /// Version of the bias; 1 without a bias.
  std::uint64_t bias_version() const { return bias_.version; }
  /// Weights as packed by `prepare_inference`.
  const kernels::CachedPanels& packed() const { return packed_; }

 private:
  void check(const Shape& input) const {
    const auto& o = options_;
    constexpr Index kMost = Index{1} << 20;  // of one extent in pixels: their products cannot overflow
    const auto within = [](Extent2 extent, Index least) {
      return std::min(extent.height, extent.width) >= least && std::max(extent.height, extent.width) <= kMost;
    };
    if (o.out_channels < 1 || !within(o.kernel, 1) || !within(o.stride, 1) || !within(o.dilation, 1) || o.groups < 1 ||
        !within(o.padding, 0))
      fail<OptionError>("Conv2d", options(),
                        "out_channels, kernel, stride, dilation, groups >= 1 and padding >= 0, at most 2^20 pixels");
    if (input.channels % o.groups != 0 || o.out_channels % o.groups != 0)
      fail<ShapeError>("Conv2d",
                       concat(o.groups, " groups; input has ", input.channels, " channels, output ", o.out_channels),
                       "both must be multiples of groups");
    const Extent2 span = geometry_.span();
    if (input.height + 2 * o.padding.height < span.height || input.width + 2 * o.padding.width < span.width)
      fail<ShapeError>("Conv2d",
                       concat("kernel covers ", span.height, "x", span.width, " pixels; input is ", input.height, "x",
                              input.width, " with padding ", to_string(o.padding)),
                       "the kernel must fit into the padded input");
  }

  Conv2dOptions options_;
  kernels::ConvGeometry geometry_;
  Param<M> weight_;
  Param<M> bias_;
  kernels::CachedPanels packed_;  // packed by prepare_inference
};

}  // namespace hcnn
