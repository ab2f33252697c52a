// How each layer of the library is written into an ONNX graph: one function per class, and a table of them.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <vector>

#include "hcnn/exchange/onnx_writer.hpp"
#include "hcnn/layers/adaptive_avg_pool.hpp"
#include "hcnn/layers/avg_pool.hpp"
#include "hcnn/layers/batch_norm_1d.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/flatten.hpp"
#include "hcnn/layers/linear.hpp"
#include "hcnn/layers/residual.hpp"
#include "hcnn/layers/sequential.hpp"

namespace hcnn::exchange {

/// A layer and its name within a path.
template <class T>
struct NamedLayer {
  Layer<T>* layer;   ///< layer of the network
  std::string name;  ///< "0", or "1.body.0", relative to the layer being written
};

/// True if the layer is of class L itself, not of a derived class.
template <class L>
bool is_exactly(const Layer<typename L::Scalar>& layer) {
  return typeid(layer) == typeid(L);
}

/// Conv: ONNX's pads are top, left, bottom, right.
template <class T>
OnnxValue write_convolution(Conv2d<T>& layer, OnnxWriter<T>& to, const OnnxValue& x, const OnnxFold& fold = {}) {
  const kernels::ConvGeometry& g = layer.geometry();
  const Extent2 pad = g.padding;
  return to.product("Conv", to.image(x),
                    {{"dilations", {g.dilation.height, g.dilation.width}},
                     {"group", g.groups},
                     {"kernel_shape", {g.kernel.height, g.kernel.width}},
                     {"pads", {pad.height, pad.width, pad.height, pad.width}},
                     {"strides", {g.stride.height, g.stride.width}}},
                    fold, {.shape = layer.output_shape()});
}

/// Gemm with the weight in PyTorch's order, (O, I).
template <class T>
OnnxValue write_linear(Linear<T>& layer, OnnxWriter<T>& to, const OnnxValue& x, const OnnxFold& fold = {}) {
  return to.product("Gemm", to.vector(x), {{"transB", 1}}, fold, {.shape = layer.output_shape(), .vector = true});
}

/// BatchNormalization in evaluation mode.
template <class T>
OnnxValue write_batch_norm(BatchNorm2d<T>& layer, OnnxWriter<T>& to, const OnnxValue& x) {
  return to.add(
      "BatchNormalization",
      {x, to.parameter("weight"), to.parameter("bias"), to.parameter("running_mean"), to.parameter("running_var")},
      {{"epsilon", layer.epsilon()}});
}

/// MaxPool or AveragePool over sliding windows.
template <class T>
OnnxValue write_pool(const char* op, const PoolWindows& windows, Layer<T>& layer, OnnxWriter<T>& to, const OnnxValue& x,
                     std::vector<OnnxAttribute> more = {}) {
  const kernels::SlidingWindows &rows = windows.rows(), &columns = windows.columns();
  more.push_back({"kernel_shape", {rows.window, columns.window}});
  more.push_back({"pads", {rows.padding, columns.padding, rows.padding, columns.padding}});
  more.push_back({"strides", {rows.stride, columns.stride}});
  return to.add(op, {to.image(x)}, more, {.shape = layer.output_shape()});
}

/// The means over the bins of one axis as a matrix: (output, input), or its transpose.
inline std::vector<float> bin_means(const kernels::AdaptiveBins& axis, bool transposed) {
  std::vector<float> matrix(static_cast<std::size_t>(axis.input * axis.output));
  for (Index o = 0; o < axis.output; ++o)
    for (Index i = axis.inputs(o).begin; i < axis.inputs(o).end; ++i)
      matrix[static_cast<std::size_t>(transposed ? i * axis.output + o : o * axis.input + i)] =
          1.0F / static_cast<float>(axis.length(o));
  return matrix;
}

/// AveragePool if all bins are equal. ONNX has no operator for unequal bins, so these become two products with matrices
/// of means:  (h, w) = (h, H) (H, W) (W, w)  for each channel.
template <class T>
OnnxValue write_adaptive_pool(Layer<T>& layer, OnnxWriter<T>& to, const OnnxValue& x) {
  const Shape in = layer.input_shape(), out = layer.output_shape();
  if (in == out) return x;
  const OnnxValue image = to.image(x), like{.shape = out};
  if (out.pixels() == 1) return to.add("GlobalAveragePool", {image}, {}, like);
  if (in.height % out.height == 0 && in.width % out.width == 0) {
    const std::vector<std::int64_t> window = {in.height / out.height, in.width / out.width};
    return to.add("AveragePool", {image}, {{"kernel_shape", window}, {"strides", window}}, like);
  }
  const OnnxValue columns =
      to.constant("columns", {in.width, out.width}, bin_means({in.width, out.width}, /*transposed=*/true));
  const OnnxValue rows =
      to.constant("rows", {out.height, in.height}, bin_means({in.height, out.height}, /*transposed=*/false));
  const OnnxValue narrow = to.add("MatMul", {image, columns}, {}, {.shape = {in.height, out.width, in.channels}});
  return to.add("MatMul", {rows, narrow}, {}, like);
}

/// Add. If one branch is a vector and the other one pixel, both are made vectors: ONNX would broadcast them.
template <class T>
OnnxValue write_residual(Residual<T>& block, OnnxWriter<T>& to, const OnnxValue& x) {
  std::vector<OnnxValue> branches;
  block.for_each_child([&](Layer<T>& child, const std::string& name) { branches.push_back(to.layer(child, name, x)); });
  if (branches.size() == 1) branches.push_back(x);
  if (branches[0].vector != branches[1].vector)
    for (OnnxValue& branch : branches) branch = to.vector(branch);
  return to.add("Add", branches);
}

/// Appends the layers of a Sequential, with nested ones in place.
template <class T>
void append_named_layers(Layer<T>& layers, const std::string& path, std::vector<NamedLayer<T>>& list) {
  layers.for_each_child([&](Layer<T>& child, const std::string& name) {
    if (is_exactly<Sequential<T>>(child))
      append_named_layers(child, path + name + '.', list);
    else
      list.push_back({&child, path + name});
  });
}

/// Scale and shift of a batch normalisation, in evaluation mode.
template <class T>
OnnxFold fold_of(const BatchNorm2d<T>& norm, const std::string& name, OnnxWriter<T>& to) {
  OnnxFold fold;
  to.at(name, [&] {
    const std::vector<double> mean = to.parameter_values("running_mean"), variance = to.parameter_values("running_var");
    fold.scale = to.parameter_values("weight");
    fold.shift = to.parameter_values("bias");
    for (std::size_t c = 0; c < mean.size(); ++c) {
      fold.scale[c] /= std::sqrt(variance[c] + norm.epsilon());
      fold.shift[c] -= mean[c] * fold.scale[c];
    }
    return OnnxValue{};
  });
  return fold;
}

/// A chain of layers. A batch normalisation after a convolution or a linear layer is folded into it, if the writer
/// folds.
template <class T>
OnnxValue write_chain(const std::vector<NamedLayer<T>>& list, OnnxWriter<T>& to, OnnxValue x) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Layer<T>& layer = *list[i].layer;
    const std::string& name = list[i].name;
    Layer<T>* next = to.folds() && i + 1 < list.size() ? list[i + 1].layer : nullptr;
    const bool norm = next && (is_exactly<BatchNorm2d<T>>(*next) || is_exactly<BatchNorm1d<T>>(*next));
    const bool convolution = is_exactly<Conv2d<T>>(layer);
    if (!norm || !(convolution || is_exactly<Linear<T>>(layer))) {
      x = to.layer(layer, name, x);
      continue;
    }
    const OnnxFold fold = fold_of(static_cast<BatchNorm2d<T>&>(*next), list[++i].name, to);
    x = to.at(name, [&] {
      return convolution ? write_convolution(static_cast<Conv2d<T>&>(layer), to, x, fold)
                         : write_linear(static_cast<Linear<T>&>(layer), to, x, fold);
    });
  }
  return x;
}

/// Every layer of the library. Layers whose class is missing here cannot be exported.
template <class T>
std::vector<OnnxLayer<T>> library_onnx_layers() {
  using Writer = OnnxWriter<T>;
  const auto nothing = [](Layer<T>&, Writer&, const OnnxValue& x) { return x; };
  const auto batch_norm = [](BatchNorm2d<T>& layer, Writer& to, const OnnxValue& x) {
    return write_batch_norm(layer, to, x);
  };
  const auto adaptive = [](Layer<T>& layer, Writer& to, const OnnxValue& x) {
    return write_adaptive_pool(layer, to, x);
  };
  return {
      onnx_layer<Conv2d<T>>(
          [](Conv2d<T>& layer, Writer& to, const OnnxValue& x) { return write_convolution(layer, to, x); }),
      onnx_layer<Linear<T>>(
          [](Linear<T>& layer, Writer& to, const OnnxValue& x) { return write_linear(layer, to, x); }),
      onnx_layer<BatchNorm2d<T>>(batch_norm),
      onnx_layer<BatchNorm1d<T>>(batch_norm),
      onnx_layer<ReLU<T>>([](ReLU<T>&, Writer& to, const OnnxValue& x) { return to.add("Relu", {x}); }),
      onnx_layer<LeakyReLU<T>>([](LeakyReLU<T>& layer, Writer& to, const OnnxValue& x) {
        return to.add("LeakyRelu", {x}, {{"alpha", layer.slope()}});
      }),
      onnx_layer<MaxPool2d<T>>([](MaxPool2d<T>& layer, Writer& to, const OnnxValue& x) {
        return write_pool("MaxPool", layer.windows(), layer, to, x);
      }),
      onnx_layer<AvgPool2d<T>>([](AvgPool2d<T>& layer, Writer& to, const OnnxValue& x) {
        return write_pool("AveragePool", layer.windows(), layer, to, x, {{"count_include_pad", 1}});
      }),
      onnx_layer<AdaptiveAvgPool2d<T>>(adaptive),
      onnx_layer<GlobalAvgPool2d<T>>(adaptive),
      onnx_layer<Flatten<T>>([](Flatten<T>&, Writer& to, const OnnxValue& x) { return to.vector(x); }),
      onnx_layer<Dropout<T>>(nothing),
      onnx_layer<Residual<T>>(
          [](Residual<T>& block, Writer& to, const OnnxValue& x) { return write_residual(block, to, x); }),
      onnx_layer<Sequential<T>>([](Sequential<T>& layers, Writer& to, const OnnxValue& x) {
        std::vector<NamedLayer<T>> list;
        append_named_layers<T>(layers, "", list);
        return write_chain(list, to, x);
      }),
  };
}

}  // namespace hcnn::exchange
