// Building blocks of the named networks, and how many values they hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hcnn/layers/model.hpp"

/// Named networks.
namespace hcnn::models {

/// Activation after every convolution and hidden linear layer.
enum class Activation { relu, leaky_relu };

/// A head: its name, which is also the hierarchy level it predicts, and its number of classes.
struct HeadOptions {
  std::string name;  ///< name of the head and of the hierarchy level it predicts
  Index classes;     ///< number of classes, at least 1
};

/// Appends the chosen activation.
template <class T>
void add_activation(Sequential<T>& layers, Activation activation) {
  if (activation == Activation::relu)
    layers.add(ReLU<T>{});
  else
    layers.add(LeakyReLU<T>{});
}

/// Makes a linear layer for each head.
template <class T>
MultiHead<T> linear_heads(const std::vector<HeadOptions>& options) {
  std::vector<Head<T>> heads;
  for (const HeadOptions& each : options) heads.push_back(head(each.name, Linear<T>{{.out_features = each.classes}}));
  return MultiHead<T>(std::move(heads));
}

/// Number of values in the parameters of a linear layer.
inline Index linear_values(Index inputs, Index outputs) { return inputs * outputs + outputs; }
/// Number of values in the parameters of `linear_heads`.
inline Index head_values(Index features, const std::vector<HeadOptions>& heads) {
  Index values = 0;
  for (const HeadOptions& head : heads) values += linear_values(features, head.classes);
  return values;
}
/// Number of values in the parameters and buffers of a convolution with `taps` kernel pixels and the batch
/// normalisation after it.
inline Index conv_values(Index inputs, Index channels, Index taps, bool bias, bool batch_norm) {
  const Index norm = 4 * channels + 1;  // weight, bias, two statistics and a count
  return taps * inputs * channels + (bias ? channels : 0) + (batch_norm ? norm : 0);
}

}  // namespace hcnn::models
