// What a layer needs to write itself into an ONNX graph.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <typeindex>
#include <typeinfo>
#include <utility>
#include <vector>

#include "hcnn/exchange/onnx_graph.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn::exchange {

template <class T>
class OnnxWriter;

/// A function that adds the nodes of one layer and returns their output.
template <class T>
using OnnxWrite = std::function<OnnxValue(Layer<T>&, OnnxWriter<T>&, const OnnxValue&)>;

/// How layers of one class are written.
template <class T>
using OnnxLayer = std::pair<std::type_index, OnnxWrite<T>>;

/// The entry for layer class L, not for classes derived from it. `write(layer, to, x)` adds the nodes of one layer and
/// returns its output:
///
///     onnx_layer<SiLU<float>>([](SiLU<float>&, OnnxWriter<float>& to, const OnnxValue& x) {
///       return to.add("Mul", {x, to.add("Sigmoid", {x})});
///     })
template <class L, class Write>
OnnxLayer<typename L::Scalar> onnx_layer(Write write) {
  using T = typename L::Scalar;
  return {typeid(L), [write](Layer<T>& layer, OnnxWriter<T>& to, const OnnxValue& x) {
            return write(static_cast<L&>(layer), to, x);
          }};
}

/// Scale and shift of each output channel after a convolution or a linear layer, to be folded into its weights.
struct OnnxFold {
  std::vector<double> scale = {};  ///< empty: nothing is folded
  std::vector<double> shift = {};  ///< same length as `scale`
};

/// Writes the layers of one network into a graph. It keeps the path of the layer being written; nodes and constants are
/// named after it.
template <class T>
class OnnxWriter {
 public:
  using M = Master<T>;  ///< type of the parameters

  /// @param where start of every message  @param params of the network, named; they must outlive the writer
  /// @param layers how each class of layers is written  @param fold fold batch normalisation into the weights before it
  OnnxWriter(std::string where, const ParamList<M>& params, std::map<std::type_index, OnnxWrite<T>> layers, bool fold)
      : where_(std::move(where)), layers_(std::move(layers)), fold_(fold) {
    for (const Param<M>* param : params) params_.emplace(param->name, param);
  }

  /// Writes a layer inside the current one; `name` is its own part of the path. Throws Error for an unknown class of
  /// layers, and if the output written has another shape than the layer's.
  OnnxValue layer(Layer<T>& layer, const std::string& name, const OnnxValue& x) {
    return at(name, [&] {
      const auto found = layers_.find(typeid(layer));
      if (found == layers_.end())
        refuse(layer.type() + " has no ONNX form", "give one in OnnxOptions::layers, or leave the layer out");
      OnnxValue y = found->second(layer, *this, x);
      if (y.shape != layer.output_shape())
        refuse(layer.type() + " was written with output " + to_string(y.shape),
               "its output is " + to_string(layer.output_shape()));
      return y;
    });
  }

  /// Adds a node of ONNX's operator set 17; its output has the shape and form of `like`.
  OnnxValue add(std::string_view op, const std::vector<OnnxValue>& inputs, const std::vector<OnnxAttribute>& attributes,
                const OnnxValue& like) {
    return graph_.node(path_, op, inputs, attributes, like);
  }
  /// Adds a node whose output has the shape and form of its first input.
  OnnxValue add(std::string_view op, const std::vector<OnnxValue>& inputs,
                const std::vector<OnnxAttribute>& attributes = {}) {
    return add(op, inputs, attributes, inputs.at(0));
  }
  /// Adds a constant array of floats.
  OnnxValue constant(const std::string& name, const std::vector<Index>& dims, std::span<const float> values) {
    return graph_.constant<float>(path_ + '.' + name, dims, values);
  }
  /// Adds the current layer's parameter or buffer with this name, e.g. "weight", in PyTorch's order.
  OnnxValue parameter(const std::string& name) {
    const Param<M>& param = this->param(name);
    const std::vector<double> exact = values(param);
    return constant(name, param.dims, std::vector<float>(exact.begin(), exact.end()));
  }

  /// The value as N, C, H, W.
  OnnxValue image(const OnnxValue& x) {
    if (!x.vector) return x;
    const std::vector<std::int64_t> axes = {2, 3};
    return add("Unsqueeze", {x, graph_.constant<std::int64_t>(path_ + ".axes", {2}, axes)}, {}, {.shape = x.shape});
  }
  /// The value as N, C: all its channels, rows and columns in this order.
  OnnxValue vector(const OnnxValue& x) {
    if (x.vector) return x;
    return add("Flatten", {x}, {{"axis", 1}}, {.shape = {.channels = x.shape.size()}, .vector = true});
  }

  /// Adds an operator with the current layer's weight (O, ...) and, if it has one, bias (O), with `fold` applied.
  OnnxValue product(std::string_view op, const OnnxValue& x, const std::vector<OnnxAttribute>& attributes,
                    const OnnxFold& fold, const OnnxValue& like) {
    if (fold.scale.empty()) {
      std::vector<OnnxValue> inputs = {x, parameter("weight")};
      if (find("bias")) inputs.push_back(parameter("bias"));
      return add(op, inputs, attributes, like);
    }
    const Param<M>& weight = param("weight");
    const std::vector<double> exact = values(weight),
                              bias = find("bias") ? values(param("bias")) : std::vector<double>{};
    const std::size_t depth = exact.size() / fold.scale.size();
    std::vector<float> folded(exact.size()), folded_bias(fold.scale.size());
    for (std::size_t o = 0; o < fold.scale.size(); ++o) {
      for (std::size_t k = o * depth; k < (o + 1) * depth; ++k)
        folded[k] = static_cast<float>(fold.scale[o] * exact[k]);
      folded_bias[o] = static_cast<float>(fold.shift[o] + (bias.empty() ? 0.0 : fold.scale[o] * bias[o]));
    }
    return add(op, {x, constant("weight", weight.dims, folded), constant("bias", {weight.dims[0]}, folded_bias)},
               attributes, like);
  }

  /// Calls `task` with `name` appended to the path.
  template <class Task>
  OnnxValue at(const std::string& name, const Task& task) {
    const std::string outer = path_;
    path_ += (path_.empty() ? "" : ".") + name;
    OnnxValue y = task();
    path_ = outer;
    return y;
  }

  /// Values of the current layer's parameter with this name, in PyTorch's order.
  std::vector<double> parameter_values(const std::string& name) const { return values(param(name)); }

  /// True if batch normalisation is folded into the weights before it.
  bool folds() const { return fold_; }
  /// The graph so far.
  OnnxGraph& graph() { return graph_; }

 private:
  const Param<M>* find(const std::string& name) const {
    const auto found = params_.find(path_ + '.' + name);
    return found == params_.end() ? nullptr : found->second;
  }
  const Param<M>& param(const std::string& name) const {
    if (const Param<M>* found = find(name)) return *found;
    refuse("no parameter '" + name + "'", "see Model::state for the names");
  }
  static std::vector<double> values(const Param<M>& param) {
    std::vector<double> list(static_cast<std::size_t>(param.size()));
    for (Index i = 0; i < param.size(); ++i)
      list[static_cast<std::size_t>(i)] = static_cast<double>(param.value()[param.memory_index(i)]);
    return list;
  }
  [[noreturn]] void refuse(const std::string& came, const std::string& expected) const {
    fail<Error>(where_ + ": layer " + printable(path_), came, expected);
  }

  std::string where_;
  std::map<std::string, const Param<M>*> params_;
  std::map<std::type_index, OnnxWrite<T>> layers_;
  bool fold_;
  OnnxGraph graph_;
  std::string path_;  // path of the layer being written
};

}  // namespace hcnn::exchange
