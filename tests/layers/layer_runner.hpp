// Runs one layer on given numbers, and the input shapes that every layer is gradient-checked on.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "hcnn/layers/layer.hpp"

namespace hcnn::testing {

/// N, H, W, C of inputs: one sample, one channel, odd sides, not square, one pixel.
struct InputCase {
  Index count;
  Shape shape;
};
inline const std::vector<InputCase>& input_cases() {
  static const std::vector<InputCase> cases = {
      {1, {1, 1, 1}}, {1, {4, 4, 1}}, {2, {1, 1, 7}}, {2, {5, 5, 3}}, {3, {4, 6, 2}},  {1, {7, 3, 4}}, {2, {3, 8, 1}},
      {4, {2, 2, 5}}, {1, {9, 9, 2}}, {2, {6, 1, 3}}, {2, {1, 6, 3}}, {1, {5, 4, 17}}, {3, {3, 3, 1}}};
  return cases;
}

/// A layer built for one input shape, with memory for one batch.
template <class T>
class LayerRunner {
 public:
  LayerRunner(Layer<T>& layer, Index count, const Shape& input, const std::string& path = "layer") : layer_(layer) {
    const Shape output = layer.setup(input);
    layer.attach(path, params_);
    x_.resize(count, input);
    dx_.resize(count, input);
    y_.resize(count, output);
    dy_.resize(count, output);
  }

  Tensor<T>& x() { return x_; }
  Tensor<T>& dy() { return dy_; }
  const ParamList<Master<T>>& params() const { return params_; }

  /// y = f(x).
  const Tensor<T>& forward(const Pass& pass = {}) {
    workspace_.reset();
    layer_.forward(std::as_const(x_), y_, pass, workspace_);
    return y_;
  }
  /// dx for `dy()`, after `forward`.
  const Tensor<T>& backward() {
    layer_.backward(std::as_const(x_), std::as_const(y_), dy_, dx_, workspace_);
    return dx_;
  }
  const Tensor<T>& infer() {
    layer_.infer(std::as_const(x_), y_, workspace_);
    return y_;
  }

 private:
  Layer<T>& layer_;
  ParamList<Master<T>> params_;
  Workspace workspace_;
  Tensor<T> x_, dx_, y_, dy_;
};

/// The numbers of a tensor as doubles.
template <class T>
std::vector<double> numbers(const Tensor<T>& tensor) {
  std::vector<double> values;
  for (const T& value : tensor) values.push_back(static_cast<double>(value));
  return values;
}

/// Sets the numbers of a tensor.
template <class T>
void assign(Tensor<T>& tensor, const std::vector<double>& values) {
  REQUIRE(tensor.size() == static_cast<Index>(values.size()));
  for (Index i = 0; i < tensor.size(); ++i) tensor[i] = static_cast<T>(values[static_cast<std::size_t>(i)]);
}

}  // namespace hcnn::testing
