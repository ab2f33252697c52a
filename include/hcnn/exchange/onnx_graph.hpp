// An ONNX graph under construction: nodes, constants, one input and named outputs.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hcnn/core/shape.hpp"
#include "hcnn/io/protobuf_writer.hpp"

namespace hcnn::exchange {

/// A value of a graph: the input, the output of a node, or a constant. ONNX lays out images as N, C, H, W and feature
/// vectors as N, C; hcnn does not distinguish one pixel from a vector, so a value says which of the two it is.
struct OnnxValue {
  std::string name = {};  ///< unique in the graph
  Shape shape = {};       ///< shape of one sample; unset for a constant
  bool vector = false;    ///< true: (N, C); false: (N, C, H, W)
};

/// An attribute of a node: `{"axis", 1}`, `{"alpha", 0.01F}`, `{"strides", {2, 2}}`.
struct OnnxAttribute {
  std::string name;                                                    ///< name as in ONNX's operator
  std::variant<std::int64_t, float, std::vector<std::int64_t>> value;  ///< INT, FLOAT or INTS

  /// From a number: integers stay integers, doubles become floats.
  template <class Number>
  requires std::is_arithmetic_v<Number> OnnxAttribute(std::string key, Number number)
      : name(std::move(key)),
        value(static_cast<std::conditional_t<std::is_integral_v<Number>, std::int64_t, float>>(number)) {}
  /// From a list of integers.
  OnnxAttribute(std::string key, std::vector<std::int64_t> list) : name(std::move(key)), value(std::move(list)) {}
};

/// Builds a GraphProto. Field numbers are those of onnx.proto, IR version 8 (ONNX 1.12).
class OnnxGraph {
 public:
  /// Adds the input, (N, C, H, W), with the given shape after the batch dimension.
  OnnxValue input(const std::string& name, const Shape& shape, std::string_view documentation) {
    names_.insert(name);
    graph_.message(11, value_info(name, {shape.channels, shape.height, shape.width}, documentation));
    return {name, shape, false};
  }

  /// Adds a node with one output. `name` is made unique; `result` gives shape and form of the output.
  OnnxValue node(const std::string& name, std::string_view op, const std::vector<OnnxValue>& inputs,
                 const std::vector<OnnxAttribute>& attributes, OnnxValue result) {
    result.name = unique(name);
    io::ProtobufWriter node;
    for (const OnnxValue& input : inputs) node.text(1, input.name);
    node.text(2, result.name);
    node.text(3, result.name);
    node.text(4, op);
    for (const OnnxAttribute& attribute : attributes) node.message(5, encode(attribute));
    graph_.message(1, node);
    return result;
  }

  /// Adds a constant array of floats or integers. `name` is made unique.
  template <class Value>
  OnnxValue constant(const std::string& name, const std::vector<Index>& dims, std::span<const Value> values) {
    static_assert(std::is_same_v<Value, float> || std::is_same_v<Value, std::int64_t>);
    io::ProtobufWriter tensor;
    for (const Index extent : dims) tensor.integer(1, extent);
    tensor.integer(2, std::is_same_v<Value, float> ? kFloat : kInteger);
    OnnxValue made{unique(name)};
    tensor.text(8, made.name);
    tensor.text(9, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    graph_.message(5, tensor);
    return made;
  }

  /// Makes a feature vector the output `name`, which must not be the name of another value.
  void output(const std::string& name, const OnnxValue& value) {
    node(name, "Identity", {value}, {}, value);
    graph_.message(12, value_info(name, {value.shape.channels}, "logits, N x classes"));
  }

  /// The serialised model: graph, opset 17 and metadata.
  template <class Metadata>
  std::string model(const std::string& name, const Metadata& metadata) const {
    constexpr int kIrVersion = 8, kOpset = 17;
    io::ProtobufWriter opset;
    opset.text(1, "");
    opset.integer(2, kOpset);
    io::ProtobufWriter named = graph_;
    named.text(2, name);
    io::ProtobufWriter model;
    model.integer(1, kIrVersion);
    model.text(2, "hcnn");
    model.message(7, named);
    model.message(8, opset);
    for (const auto& [key, text] : metadata) {
      io::ProtobufWriter entry;
      entry.text(1, key);
      entry.text(2, text);
      model.message(14, entry);
    }
    return model.bytes();
  }

 private:
  static constexpr int kFloat = 1, kInteger = 7;  // TensorProto.DataType

  std::string unique(const std::string& name) {
    std::string chosen = name;
    for (int serial = 1; !names_.insert(chosen).second; ++serial) chosen = concat(name, '/', serial);
    return chosen;
  }

  // ValueInfoProto of floats: (N, dims).
  static io::ProtobufWriter value_info(const std::string& name, const std::vector<Index>& dims,
                                       std::string_view documentation) {
    io::ProtobufWriter shape, dim;
    dim.text(2, "N");
    shape.message(1, dim);
    for (const Index extent : dims) {
      io::ProtobufWriter fixed;
      fixed.integer(1, extent);
      shape.message(1, fixed);
    }
    io::ProtobufWriter tensor, type, info;
    tensor.integer(1, kFloat);
    tensor.message(2, shape);
    type.message(1, tensor);
    info.text(1, name);
    info.message(2, type);
    info.text(3, documentation);
    return info;
  }

  static io::ProtobufWriter encode(const OnnxAttribute& attribute) {
    constexpr int kRealType = 1, kIntegerType = 2, kListType = 7;  // AttributeProto.AttributeType
    io::ProtobufWriter proto;
    proto.text(1, attribute.name);
    if (const auto* real = std::get_if<float>(&attribute.value)) {
      proto.real(2, *real);
      proto.integer(20, kRealType);
    } else if (const auto* integer = std::get_if<std::int64_t>(&attribute.value)) {
      proto.integer(3, *integer);
      proto.integer(20, kIntegerType);
    } else {
      for (const std::int64_t each : std::get<std::vector<std::int64_t>>(attribute.value)) proto.integer(8, each);
      proto.integer(20, kListType);
    }
    return proto;
  }

  io::ProtobufWriter graph_;
  std::set<std::string> names_;  // names of the input, constants and values
};

}  // namespace hcnn::exchange
