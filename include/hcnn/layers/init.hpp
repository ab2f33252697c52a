// Start values of parameters: He and Xavier. Every value depends on the seed, the parameter's name and its place in
// PyTorch's order only, not on the order of the layers or of memory.
#pragma once

#include <cmath>
#include <string_view>

#include "hcnn/core/param.hpp"
#include "hcnn/core/random.hpp"

/// Start values of parameters.
namespace hcnn::init {

/// The list itself.
template <class M>
const ParamList<M>& parameters_of(const ParamList<M>& list) {
  return list;
}
/// The parameters of anything with `parameters()`.
template <class Network>
requires requires(Network& network) { network.parameters(); }
decltype(auto) parameters_of(Network& network) { return network.parameters(); }

/// Inputs that one output value of a weight sums: C * KH * KW of {O, C, KH, KW}, I of {O, I}.
template <class M>
Index fan_in(const Param<M>& weight) {
  return weight.size() / weight.dims[0];
}
/// Outputs that one input value of a weight feeds: O * KH * KW of {O, C, KH, KW}, O of {O, I}.
template <class M>
Index fan_out(const Param<M>& weight) {
  return weight.dims.size() < 2 ? weight.size() : weight.size() / weight.dims[1];
}

/// Sets the values to mean 0 and the given standard deviation, normally distributed.
template <class M>
void fill_normal(Param<M>& param, Seed seed, double deviation) {
  RandomStream random(seed, hash_name("init " + param.name));
  for (Index i = 0; i < param.size(); ++i)
    param.value()[param.memory_index(i)] = static_cast<M>(deviation * random.normal());
  param.touch();
}

/// Sets the values to uniform numbers in [-bound, bound).
template <class M>
void fill_uniform(Param<M>& param, Seed seed, double bound) {
  RandomStream random(seed, hash_name("init " + param.name));
  for (Index i = 0; i < param.size(); ++i)
    param.value()[param.memory_index(i)] = static_cast<M>(bound * (2 * random.uniform() - 1));
  param.touch();
}

/// Sets every value to one number.
template <class M>
void fill_constant(Param<M>& param, double value) {
  std::fill_n(param.value(), param.size(), static_cast<M>(value));
  param.touch();
}

/// Calls `fill(weight)` for every weight; biases and normalisation shifts become 0, normalisation scales 1. Buffers and
/// parameters of losses stay as they are.
template <class Network, class Fill>
void each_weight(Network&& network, const Fill& fill) {
  for (auto* param : parameters_of(network)) {
    switch (param->role) {
      case Role::weight:
        fill(*param);
        break;
      case Role::bias:
      case Role::norm_shift:
        fill_constant(*param, 0);
        break;
      case Role::norm_scale:
        fill_constant(*param, 1);
        break;
      case Role::loss:
      case Role::buffer:
        break;
    }
  }
}

/// Options of the He initialisations.
struct HeOptions {
  double slope = 0;  ///< of the following LeakyReLU for negative inputs; 0 for ReLU

  /// Factor that keeps the variance through the activation: sqrt(2 / (1 + slope^2)).
  double gain() const { return std::sqrt(2 / (1 + slope * slope)); }
};

/// Weights normal with standard deviation gain / sqrt(fan_in); biases 0.
/// `network` is a ParamList or anything with `parameters()`.
/// Source: He, Zhang, Ren, Sun 2015, arXiv:1502.01852, equations 10 and 15.
template <class Network>
void he_normal(Network&& network, Seed seed, HeOptions options = {}) {
  each_weight(network, [&](auto& weight) {
    fill_normal(weight, seed, options.gain() / std::sqrt(static_cast<double>(fan_in(weight))));
  });
}

/// Weights uniform with the standard deviation of he_normal: within +-gain sqrt(3 / fan_in); biases 0.
template <class Network>
void he_uniform(Network&& network, Seed seed, HeOptions options = {}) {
  each_weight(network, [&](auto& weight) {
    fill_uniform(weight, seed, options.gain() * std::sqrt(3 / static_cast<double>(fan_in(weight))));
  });
}

/// Weights normal with standard deviation sqrt(2 / (fan_in + fan_out)); biases 0.
/// Source: Glorot, Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", AISTATS.
template <class Network>
void xavier_normal(Network&& network, Seed seed) {
  each_weight(network, [&](auto& weight) {
    fill_normal(weight, seed, std::sqrt(2 / static_cast<double>(fan_in(weight) + fan_out(weight))));
  });
}

/// Weights uniform within +-sqrt(6 / (fan_in + fan_out)); biases 0. Source: as xavier_normal, equation 16.
template <class Network>
void xavier_uniform(Network&& network, Seed seed) {
  each_weight(network, [&](auto& weight) {
    fill_uniform(weight, seed, std::sqrt(6 / static_cast<double>(fan_in(weight) + fan_out(weight))));
  });
}

/// Weights whose name starts with `prefix` ("heads.") normal with the given standard deviation; 0 makes every class
/// equally likely at the start. Nothing else changes. Throws DataError where no weight has such a name.
template <class Network>
void normal(Network&& network, std::string_view prefix, double deviation, Seed seed) {
  bool found = false;
  for (auto* param : parameters_of(network)) {
    if (param->role != Role::weight || !param->name.starts_with(prefix)) continue;
    fill_normal(*param, seed, deviation);
    found = true;
  }
  if (!found) fail<DataError>("init::normal", "prefix '" + std::string(prefix) + "'", "no weight's name starts so");
}

}  // namespace hcnn::init
