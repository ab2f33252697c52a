// Networks as ONNX files, for programs that run them without hcnn.
#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/exchange/onnx_layers.hpp"
#include "hcnn/io/atomic_file.hpp"

namespace hcnn::exchange {

/// Options of `save_onnx`.
template <class T>
struct OnnxOptions {
  bool fold_batch_norm = true;            ///< fold batch normalisation into the convolution or linear layer before it
  bool normalize = true;                  ///< the graph itself applies the normalisation of `ModelInfo`
  std::string input = "images";           ///< name of the graph's input; must not be a head's name
  std::vector<OnnxLayer<T>> layers = {};  ///< how your own layers are written, see `onnx_layer`; an entry for a class
                                          ///< of the library replaces the library's
};

/// Throws OptionError for a name that an ONNX file cannot hold.
inline void require_onnx_name(const std::string& name, const std::string& where) {
  try {
    if (!name.empty() && !io::Json(name).dump().empty()) return;  // dump refuses what is not UTF-8
  } catch (const io::Json::type_error&) {
  }
  fail<OptionError>(where, "name '" + printable(name) + "'", "a name in UTF-8, not empty, is needed");
}

/// Writes the heads of a network, with input `x`; each becomes an output of the graph.
template <class T>
void write_heads(MultiHead<T>& heads, OnnxWriter<T>& to, const OnnxValue& x) {
  std::map<std::string, std::vector<NamedLayer<T>>> layers;
  heads.for_each_child([&](Layer<T>& layer, const std::string& name) {
    auto& list = layers[name.substr(0, name.find('.'))];
    if (is_exactly<Sequential<T>>(layer))
      append_named_layers(layer, "heads." + name + '.', list);
    else
      list.push_back({&layer, "heads." + name});
  });
  for (std::size_t h = 0; h < heads.size(); ++h)
    to.graph().output(heads.name(h), write_chain(layers[heads.name(h)], to, x));
}

/// The network as the bytes of an ONNX model: operator set 17, float, one input (N, C, H, W) with any batch size N, and
/// an output (N, classes) of logits for each head, named after the head. Dropout is left out. The metadata are those of
/// a model file without its probe, and "hcnn.onnx": {"input": its name, "normalizes": whether the graph normalises}.
/// Weights of double networks are rounded to float; those of bfloat16 networks are float, and so is all arithmetic of
/// the graph. Throws Error, naming the layer, for a layer without an ONNX form; OptionError for an illegal name;
/// FormatError if `info` does not fit the network, or the model does not fit in 2 GiB.
template <class T>
std::string onnx_bytes(Model<T>& model, const ModelInfo& info = {}, const OnnxOptions<T>& options = {},
                       const std::string& where = "onnx_bytes") {
  std::map<std::string, std::string> metadata = model_metadata(model, info, where);
  const bool normalizes = options.normalize && !info.normalization.mean.empty();
  require_onnx_name(options.input, where);
  for (std::size_t h = 0; h < model.heads().size(); ++h) {
    require_onnx_name(model.heads().name(h), where);
    if (model.heads().name(h) == options.input)
      fail<OptionError>(where, "input '" + printable(options.input) + "'",
                        "a head has this name: choose another input name");
  }
  metadata["hcnn.onnx"] = io::Json{{"input", options.input}, {"normalizes", normalizes}}.dump();

  std::map<std::type_index, OnnxWrite<T>> table;
  for (const auto& list : {options.layers, library_onnx_layers<T>()}) table.insert(list.begin(), list.end());
  OnnxWriter<T> to(where, model.state(), std::move(table), options.fold_batch_norm);
  const char* values =
      normalizes ? "N, C, H, W; values before normalisation" : "N, C, H, W; normalised values, if any are";
  OnnxValue x = to.graph().input(options.input, model.input_shape(), values);
  if (normalizes)
    x = to.at("images.normalized", [&] {  // a dot, as in every name but those of heads
      const std::vector<Index> dims = {1, x.shape.channels, 1, 1};
      const OnnxValue centred = to.add("Sub", {x, to.constant("mean", dims, info.normalization.mean)});
      return to.add("Div", {centred, to.constant("deviation", dims, info.normalization.deviation)});
    });
  x = to.layer(model.trunk(), "trunk", x);

  write_heads(model.heads(), to, x);
  std::string bytes = to.graph().model("network", metadata);
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    fail<FormatError>(where, concat(bytes.size(), " bytes"), "an ONNX file has less than 2 GiB");
  return bytes;
}

/// Writes `onnx_bytes` as a file, all or nothing:
///
///     exchange::save_onnx("model.onnx", model, {.normalization = {{0.5F}, {0.25F}}});
///
/// Throws what `onnx_bytes` throws, before anything is written, and the Error of `write_file`.
template <class T>
void save_onnx(const std::filesystem::path& path, Model<T>& model, const ModelInfo& info = {},
               const OnnxOptions<T>& options = {}) {
  io::write_file(path, onnx_bytes(model, info, options, io::printable_path(path)));
}

}  // namespace hcnn::exchange
