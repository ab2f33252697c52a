// What the named networks are made of, and how many values their parts hold.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hcnn/layers/model.hpp"

/// Named networks.
namespace hcnn::models {

/// The rectifier behind every convolution and hidden linear layer.
enum class Activation { relu, leaky_relu };

/// A head: its name, also the level of the hierarchy, and its number of classes.
struct HeadOptions {
  std::string name;  ///< also the level of the hierarchy
  Index classes;     ///< at least 1
};

/// Adds the chosen rectifier.
template <class T>
void add_activation(Sequential<T>& layers, Activation activation) {
  if (activation == Activation::relu)
    layers.add(ReLU<T>{});
  else
    layers.add(LeakyReLU<T>{});
}

/// A linear layer for each head.
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
/// Number of values in the parameters and buffers of a convolution of `taps` pixels and the batch normalisation behind
/// it.
inline Index conv_values(Index inputs, Index channels, Index taps, bool bias, bool batch_norm) {
  const Index norm = 4 * channels + 1;  // weight, bias, two statistics and a count
  return taps * inputs * channels + (bias ? channels : 0) + (batch_norm ? norm : 0);
}

}  // namespace hcnn::models
