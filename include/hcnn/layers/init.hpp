// Parameter initialisation: He and Xavier. Each value depends only on the seed, the parameter's name and the value's
// place in PyTorch's order, not on the order of layers or memory.
#pragma once

#include <cmath>
#include <string_view>

#include "hcnn/core/param.hpp"
#include "hcnn/core/random.hpp"

/// Parameter initialisation.
namespace hcnn::init {

/// Returns the list itself.
template <class M>
const ParamList<M>& parameters_of(const ParamList<M>& list) {
  return list;
}
/// The parameters of any object with `parameters()`.
template <class Network>
requires requires(Network& network) { network.parameters(); }
decltype(auto) parameters_of(Network& network) { return network.parameters(); }

/// Number of inputs that one output value sums: C * KH * KW of {O, C, KH, KW}, I of {O, I}, 1 of a single number.
template <class M>
Index fan_in(const Param<M>& weight) {
  return weight.dims.empty() ? 1 : weight.size() / weight.dims[0];
}
/// Number of outputs that one input value feeds: O * KH * KW of {O, C, KH, KW}, O of {O, I}.
template <class M>
Index fan_out(const Param<M>& weight) {
  return weight.dims.size() < 2 ? weight.size() : weight.size() / weight.dims[1];
}

/// Fills with normally distributed values of mean 0 and the given standard deviation.
template <class M>
void fill_normal(Param<M>& param, Seed seed, double deviation) {
  RandomStream random(seed, hash_name("init " + param.name));
  for (Index i = 0; i < param.size(); ++i)
    param.value()[param.memory_index(i)] = static_cast<M>(deviation * random.normal());
  param.touch();
}

/// Fills with uniformly distributed values in [-bound, bound).
template <class M>
void fill_uniform(Param<M>& param, Seed seed, double bound) {
  RandomStream random(seed, hash_name("init " + param.name));
  for (Index i = 0; i < param.size(); ++i)
    param.value()[param.memory_index(i)] = static_cast<M>(bound * (2 * random.uniform() - 1));
  param.touch();
}

/// Fills with one constant.
template <class M>
void fill_constant(Param<M>& param, double value) {
  std::fill_n(param.value(), param.size(), static_cast<M>(value));
  param.touch();
}

/// Calls `fill(weight)` for every weight and sets biases and normalisation shifts to 0, normalisation scales to 1.
/// Buffers and parameters of losses stay unchanged.
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
  double slope = 0;  ///< negative slope of the following LeakyReLU; 0 for ReLU

  /// Gain that preserves the variance through the activation: sqrt(2 / (1 + slope^2)).
  double gain() const { return std::sqrt(2 / (1 + slope * slope)); }
};

/// Sets weights to normal values with standard deviation gain / sqrt(fan_in), biases to 0.
/// `network` is a ParamList or any object with `parameters()`.
/// Source: He, Zhang, Ren, Sun 2015, arXiv:1502.01852, equations 10 and 15.
template <class Network>
void he_normal(Network&& network, Seed seed, HeOptions options = {}) {
  each_weight(network, [&](auto& weight) {
    fill_normal(weight, seed, options.gain() / std::sqrt(static_cast<double>(fan_in(weight))));
  });
}

/// Sets weights to uniform values with the standard deviation of he_normal: within +-gain sqrt(3 / fan_in); biases to
/// 0.
template <class Network>
void he_uniform(Network&& network, Seed seed, HeOptions options = {}) {
  each_weight(network, [&](auto& weight) {
    fill_uniform(weight, seed, options.gain() * std::sqrt(3 / static_cast<double>(fan_in(weight))));
  });
}

/// Sets weights to normal values with standard deviation sqrt(2 / (fan_in + fan_out)), biases to 0.
/// Source: Glorot, Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", AISTATS.
template <class Network>
void xavier_normal(Network&& network, Seed seed) {
  each_weight(network, [&](auto& weight) {
    fill_normal(weight, seed, std::sqrt(2 / static_cast<double>(fan_in(weight) + fan_out(weight))));
  });
}

/// Sets weights to uniform values within +-sqrt(6 / (fan_in + fan_out)), biases to 0. Source: as xavier_normal,
/// equation 16.
template <class Network>
void xavier_uniform(Network&& network, Seed seed) {
  each_weight(network, [&](auto& weight) {
    fill_uniform(weight, seed, std::sqrt(6 / static_cast<double>(fan_in(weight) + fan_out(weight))));
  });
}

/// Sets the weights whose names start with `prefix` (e.g. "heads.") to normal values with the given standard deviation;
/// 0 makes every class equally likely initially. Nothing else changes. Throws DataError if no weight's name starts so.
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
