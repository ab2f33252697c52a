// One type for all named networks, for files and programs.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hcnn/models/multi_head_cnn.hpp"
#include "hcnn/models/resnet.hpp"

namespace hcnn::models {

/// Options of a named network of any kind.
using NetworkOptions = std::variant<MultiHeadCnnOptions, ResNetOptions>;

/// Names of the networks; see `network_options`.
inline const std::vector<std::string>& network_names() {
  static const std::vector<std::string> names = {"multihead", "severity", "compact", "resnet9", "resnet18"};
  return names;
}

/// Returns the options of the network of this name. Throws OptionError for another name.
inline NetworkOptions network_options(const std::string& network) {
  if (network == "resnet9" || network == "resnet18") return resnet_options(network);
  const auto& names = network_names();
  if (std::find(names.begin(), names.end(), network) == names.end())
    fail<OptionError>("network", "'" + network + "'", "networks are: " + joined(names));
  return multi_head_cnn_options(network);
}

/// Heads of the network; may be changed.
inline std::vector<HeadOptions>& heads_of(NetworkOptions& options) {
  return std::visit([](auto& each) -> std::vector<HeadOptions>& { return each.heads; }, options);
}
/// Shape of one image; may be changed.
inline Shape& input_of(NetworkOptions& options) {
  return std::visit([](auto& each) -> Shape& { return each.input; }, options);
}

/// Builds the network. Errors are those of its kind.
template <class T = float>
Model<T> make_network(const NetworkOptions& options) {
  if (const auto* cnn = std::get_if<MultiHeadCnnOptions>(&options)) return multi_head_cnn<T>(*cnn);
  return resnet<T>(std::get<ResNetOptions>(options));
}

/// Number of values in the parameters and buffers of `make_network(options)`, computed without building it. Takes
/// NetworkOptions only, without conversions: an alternative without its own overload would recurse endlessly.
inline Index state_values(const std::same_as<NetworkOptions> auto& options) {
  return std::visit([](const auto& each) { return state_values(each); }, options);
}
/// Upper bound on the output values of any convolution or pooling of `make_network(options)`, for one sample.
inline Index layer_values(const std::same_as<NetworkOptions> auto& options) {
  return std::visit([](const auto& each) { return layer_values(each); }, options);
}

}  // namespace hcnn::models
