// The options of a network as JSON, and back: how a model file says what to build.
#pragma once

#include <algorithm>
#include <string>

#include "hcnn/io/json_object.hpp"
#include "hcnn/models/multi_head_cnn.hpp"

/// Networks in and out of files.
namespace hcnn::exchange {

/// The options as a JSON object with "name" and "builder" in front. `fuse` is left out: it says how a network is
/// executed, not what it is.
inline io::Json network_json(const models::MultiHeadCnnOptions& options, const std::string& name = "multihead") {
  io::Json heads = io::Json::array();
  for (const auto& head : options.heads) heads.push_back({{"name", head.name}, {"classes", head.classes}});
  const Shape& input = options.input;
  return {{"name", name},
          {"builder", "multi_head_cnn"},
          {"input", {{"height", input.height}, {"width", input.width}, {"channels", input.channels}}},
          {"channels", options.channels},
          {"pooled", options.pooled},
          {"hidden", options.hidden},
          {"heads", heads},
          {"activation", options.activation == models::Activation::relu ? "relu" : "leaky_relu"},
          {"dropout", options.dropout},
          {"batch_norm", options.batch_norm}};
}

/// Number of values in the parameters and buffers of `multi_head_cnn(options)`, found without building it.
inline Index state_values(const models::MultiHeadCnnOptions& options) {
  Index values = 0, inputs = options.input.channels;
  for (const Index channels : options.channels)
    for (int convolution = 0; convolution < 2; ++convolution) {
      values += 9 * inputs * channels + channels;
      if (options.batch_norm) values += 4 * channels + 1;  // weight, bias, two statistics and a count
      inputs = channels;
    }
  inputs *= options.pooled * options.pooled;
  for (const Index width : options.hidden) {
    values += inputs * width + width;
    inputs = width;
  }
  for (const auto& head : options.heads) values += inputs * head.classes + head.classes;
  return values;
}

/// No fewer values than one sample has behind any layer of `multi_head_cnn(options)`.
inline Index layer_values(const models::MultiHeadCnnOptions& options) {
  Index widest = options.input.channels;
  for (const Index channels : options.channels) widest = std::max(widest, channels);
  return std::max(options.input.pixels(), options.pooled * options.pooled) * widest;
}

/// The options in the form of `network_json`. Throws FormatError, beginning with `where`, for anything else: a member
/// that is missing, unknown or of the wrong kind, and sizes that no honest network has.
inline models::MultiHeadCnnOptions network_options(const io::Json& json, const std::string& where) {
  constexpr Index kMost = 65'536;                     // channels, features, classes
  constexpr Index kMostActivations = Index{1} << 27;  // values of one sample behind one layer
  io::JsonObject object(json, where);
  models::MultiHeadCnnOptions options;
  object.text("name");
  if (const std::string builder = object.text("builder"); builder != "multi_head_cnn")
    fail<FormatError>(where, "builder '" + io::printable(builder) + "'", "multi_head_cnn is known");
  io::JsonObject input(object.member("input"), where + ", input");
  options.input = {input.integer("height", 1, 4096), input.integer("width", 1, 4096),
                   input.integer("channels", 1, kMost)};
  input.finish();
  options.channels = object.integers("channels", 12, 1, kMost);
  options.pooled = object.integer("pooled", 1, 256);
  options.hidden = object.integers("hidden", 64, 1, kMost);
  options.heads.clear();
  for (const io::Json& entry : object.array("heads", 256)) {
    io::JsonObject head(entry, where + ", heads");
    options.heads.push_back({head.text("name"), head.integer("classes", 1, kMost)});
    head.finish();
  }
  const std::string activation = object.text("activation");
  if (activation != "relu" && activation != "leaky_relu")
    fail<FormatError>(where, "activation '" + io::printable(activation) + "'", "relu and leaky_relu are known");
  options.activation = activation == "relu" ? models::Activation::relu : models::Activation::leaky_relu;
  options.dropout = object.number("dropout", 0, 1);
  options.batch_norm = object.boolean("batch_norm");
  object.finish();

  if (const Index values = layer_values(options); values > kMostActivations)
    fail<FormatError>(where, concat(values, " values behind a layer"),
                      concat("at most ", kMostActivations, " are possible"));
  return options;
}

}  // namespace hcnn::exchange
