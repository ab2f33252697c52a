// Finds where a network's values stop being finite.
#pragma once

#include <cmath>

#include "hcnn/layers/model.hpp"

namespace hcnn {

/// True if every value is finite.
template <class T>
bool all_finite(const T* values, Index size) {
  return std::all_of(values, values + size, [](T value) { return std::isfinite(static_cast<double>(value)); });
}

/// Names the first parameter that is not finite, else the first layer whose output in evaluation mode is not; "" if all
/// are finite.
template <class T>
std::string find_non_finite(Model<T>& model, TensorView<const T> x) {
  for (const auto* param : model.state())
    if (!all_finite(param->value(), param->size())) return "parameter " + param->name;
  if (!all_finite(x.data, x.size())) return "the input";
  std::string found;
  Tensor<T> in(x.count, x.shape), out;
  std::copy(x.begin(), x.end(), in.begin());
  Workspace workspace;
  const std::function<void(Layer<T>&, const std::string&)> visit = [&](Layer<T>& layer, const std::string& path) {
    if (!found.empty()) return;
    if (exactly<Sequential<T>>(layer)) {
      layer.for_each_child([&](Layer<T>& child, const std::string& name) { visit(child, path + '.' + name); });
      return;
    }
    out.resize(x.count, layer.output_shape());
    layer.infer(in, out, workspace);
    if (!all_finite(out.data(), out.size())) found = concat("the output of ", path, ' ', layer.type());
    std::swap(in, out);
  };
  visit(model.trunk(), "trunk");
  if (!found.empty()) return found;
  for (const auto& [head, logits] : model.infer(x))
    if (!all_finite(logits.data(), logits.size())) return "the logits of head " + head;
  return "";
}

}  // namespace hcnn
