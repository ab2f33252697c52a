// The options of a network to and from JSON: how a model file says what to build.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "hcnn/io/json_object.hpp"
#include "hcnn/models/network.hpp"

/// Networks to and from files.
namespace hcnn::exchange {

/// The heads as a JSON array of "name" and "classes".
inline io::Json heads_json(const std::vector<models::HeadOptions>& heads) {
  io::Json array = io::Json::array();
  for (const auto& head : heads) array.push_back({{"name", head.name}, {"classes", head.classes}});
  return array;
}
/// Height, width and channels of an image as JSON.
inline io::Json input_json(const Shape& input) {
  return {{"height", input.height}, {"width", input.width}, {"channels", input.channels}};
}

/// The options as a JSON object that starts with "name" and "builder". `fuse` is left out: it says how a network is
/// executed, not what it is.
inline io::Json network_json(const models::NetworkOptions& network, const std::string& name = "multihead") {
  const auto activation = [](models::Activation kind) {
    return kind == models::Activation::relu ? "relu" : "leaky_relu";
  };
  if (const auto* resnet = std::get_if<models::ResNetOptions>(&network))
    return {{"name", name},
            {"builder", "resnet"},
            {"layers", resnet->layers},
            {"input", input_json(resnet->input)},
            {"width", resnet->width},
            {"heads", heads_json(resnet->heads)},
            {"activation", activation(resnet->activation)},
            {"dropout", resnet->dropout}};
  const auto& options = std::get<models::MultiHeadCnnOptions>(network);
  return {{"name", name},
          {"builder", "multi_head_cnn"},
          {"input", input_json(options.input)},
          {"channels", options.channels},
          {"pooled", options.pooled},
          {"hidden", options.hidden},
          {"heads", heads_json(options.heads)},
          {"activation", activation(options.activation)},
          {"dropout", options.dropout},
          {"batch_norm", options.batch_norm}};
}

inline constexpr Index kMostFeatures = 65'536;  ///< most channels, features or classes of a network in a file
inline constexpr Index kMostActivations = Index{1} << 27;  ///< most values of one sample after one of its layers

/// Reads the members common to all builders: name, input, heads, activation and dropout. Throws the errors of
/// `network_from_json`.
template <class Options>
void read_common_options(io::JsonObject& object, Options& options, const std::string& where) {
  object.text("name");
  io::JsonObject input(object.member("input"), where + ", input");
  options.input = {input.integer("height", 1, 4096), input.integer("width", 1, 4096),
                   input.integer("channels", 1, kMostFeatures)};
  input.finish();
  options.heads.clear();
  for (const io::Json& entry : object.array("heads", 256)) {
    io::JsonObject head(entry, where + ", heads");
    options.heads.push_back({head.text("name"), head.integer("classes", 1, kMostFeatures)});
    head.finish();
  }
  const std::string activation = object.text("activation");
  if (activation != "relu" && activation != "leaky_relu")
    fail<FormatError>(where, "activation '" + printable(activation) + "'", "relu and leaky_relu are known");
  options.activation = activation == "relu" ? models::Activation::relu : models::Activation::leaky_relu;
  options.dropout = object.number("dropout", 0, 1);
}

/// The options in JSON as `network_json` writes them. Throws FormatError, starting with `where`, for anything else: a
/// member that is missing, unknown or of the wrong kind, and sizes beyond those of any real network.
inline models::NetworkOptions network_from_json(const io::Json& json, const std::string& where) {
  io::JsonObject object(json, where);
  models::NetworkOptions network;
  if (const std::string builder = object.text("builder"); builder == "multi_head_cnn") {
    auto& options = network.emplace<models::MultiHeadCnnOptions>();
    read_common_options(object, options, where);
    options.channels = object.integers("channels", 12, 1, kMostFeatures);
    options.pooled = object.integer("pooled", 1, 256);
    options.hidden = object.integers("hidden", 64, 1, kMostFeatures);
    options.batch_norm = object.boolean("batch_norm");
  } else if (builder == "resnet") {
    auto& options = network.emplace<models::ResNetOptions>();
    read_common_options(object, options, where);
    options.layers = object.integer("layers", 9, 18);
    if (options.layers != 9 && options.layers != 18)
      fail<FormatError>(where, concat("layers = ", options.layers), "9 and 18 are known");
    options.width = object.integer("width", 1, kMostFeatures / 8);
  } else {
    fail<FormatError>(where, "builder '" + printable(builder) + "'", "multi_head_cnn and resnet are known");
  }
  object.finish();
  if (const Index values = models::layer_values(network); values > kMostActivations)
    fail<FormatError>(where, concat(values, " values behind a layer"),
                      concat("at most ", kMostActivations, " are possible"));
  return network;
}

}  // namespace hcnn::exchange
