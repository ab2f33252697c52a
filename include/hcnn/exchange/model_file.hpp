// Model files: a network with everything needed to rebuild, use and verify it, in one safetensors file.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/utf8.hpp"
#include "hcnn/data/normalization.hpp"
#include "hcnn/exchange/network_json.hpp"
#include "hcnn/exchange/probe.hpp"
#include "hcnn/exchange/state.hpp"
#include "hcnn/exchange/taxonomy_json.hpp"
#include "hcnn/io/picture_fit.hpp"

namespace hcnn::exchange {

/// Version of the metadata; files of any other version are refused.
inline constexpr const char* kModelFormat = "1";

/// Largest number of values of one sample after a layer of a network described by a file without weights: 1024x1024
/// pixels of 1 channel. A few bytes of text could otherwise make the probe compute for minutes in gigabytes.
inline constexpr Index kFreeLayerValues = Index{1} << 20;
/// Additional values allowed for each weight in the file. The networks of the recipes have 0.03 after their widest
/// layer.
inline constexpr Index kLayerValues = 64;

/// Content of a model file besides the weights.
struct ModelInfo {
  io::Json network = nullptr;              ///< `network_json(options, name)`; null for a network of your own
  data::Normalization normalization = {};  ///< applied to images before the network; empty: none
  std::optional<Taxonomy> taxonomy = {};   ///< class names of the heads, and their tree
  std::optional<io::Fit> fit = {};         ///< how image files become inputs, see io::input_bytes; none: unknown
  io::Json notes = io::Json::object();     ///< anything else: recipe, epoch, accuracy ...
};

/// Options of `save_model`.
struct SaveModelOptions {
  bool bfloat16_weights = false;  ///< round weights with two or more axes to bfloat16: half the bytes
};

/// Result of `load_model`.
template <class T>
struct LoadedModel {
  Model<T> model;               ///< network with its weights
  ModelInfo info;               ///< content of the file besides the weights
  bool has_non_finite = false;  ///< true if a weight is NaN or infinite; the probe was not checked
};

/// Throws FormatError, starting with `where`, if the normalisation does not fit images of this shape.
inline void check_normalization(const ModelInfo& info, const Shape& picture, const std::string& where) {
  try {
    info.normalization.check(picture);
  } catch (const Error& error) {
    throw FormatError(concat(where, ": ", error.what()));
  }
}

/// The metadata of a network's file, each as JSON: format, description, normalisation, class names and tree, notes.
/// Throws FormatError, starting with `where`, if `info` does not fit the network.
template <class T>
std::map<std::string, std::string> model_metadata(Model<T>& model, const ModelInfo& info, const std::string& where) {
  std::map<std::string, std::string> metadata = {{"hcnn.format", kModelFormat}};
  if (!info.network.is_null()) {
    Index values = 0;
    for (const auto* param : model.state()) values += param->size();
    if (const Index described = models::state_values(network_from_json(info.network, where + ": network"));
        described != values)
      fail<FormatError>(where, concat("a network of ", values, " values"), concat("its description makes ", described));
    metadata["hcnn.network"] = io::compact_text(info.network);
  }
  check_normalization(info, model.input_shape(), where);
  if (const auto& [mean, deviation] = info.normalization; !mean.empty())
    metadata["hcnn.normalization"] = io::compact_text({{"mean", mean}, {"deviation", deviation}});
  if (info.taxonomy) {
    for (Index level = 0; level < info.taxonomy->levels(); ++level)
      for (const std::string& name : info.taxonomy->classes(level))
        if (!is_utf8(name))  // two names could become equal, and the file would be refused
          fail<FormatError>(where, "class '" + printable(name) + "'", "names in UTF-8 are needed");
    metadata["hcnn.taxonomy"] = io::compact_text(taxonomy_json(*info.taxonomy));
  }
  if (info.fit) metadata["hcnn.fit"] = io::compact_text(io::to_string(*info.fit));
  if (!info.notes.empty()) metadata["hcnn.notes"] = io::compact_text(info.notes);
  return metadata;
}

/// Writes the network as a safetensors file, all or nothing: arrays with PyTorch's names, types and layouts
/// (`load_state_dict` accepts them as they are) and, as metadata, the members of `info` and the probe, each as JSON.
/// With rounded weights, the probe is that of the rounded network; `model` is unchanged. Throws FormatError if `info`
/// does not fit the network, Error if the file cannot be written.
template <class T>
void save_model(const std::filesystem::path& path, Model<T>& model, const ModelInfo& info = {},
                const SaveModelOptions& options = {}) {
  std::optional<Model<T>> rounded;
  if (options.bfloat16_weights) round_weights(rounded.emplace(model.clone()).state());
  Model<T>& written = rounded ? *rounded : model;
  std::map<std::string, std::string> metadata = model_metadata(written, info, io::printable_path(path));
  metadata["hcnn.probe"] = io::compact_text(probe_json(written));
  const StateArrays state = state_arrays(written.state(), options.bfloat16_weights);
  std::uint64_t payload_bytes = 0;
  for (const auto& bytes : state.bytes) payload_bytes += bytes.size();
  for (const auto& [key, text] : metadata)  // fails here if it could not be read back
    io::parse_json(text, concat(io::printable_path(path), ": ", key), io::metadata_json_bytes(payload_bytes));
  io::write_safetensors(path, state.tensors, metadata);
}

/// The metadata of a model file except the probe; throws FormatError, starting with `where`.
inline ModelInfo model_info(const io::SafetensorsFile& file, const std::string& where) {
  const std::size_t most_bytes = io::metadata_json_bytes(file.payload_bytes());
  const auto parse = [&](const char* key) {
    const auto entry = file.metadata.find(concat("hcnn.", key));
    return entry == file.metadata.end() ? io::Json(nullptr)
                                        : io::parse_json(entry->second, where + ": " + key, most_bytes);
  };
  if (const auto format = file.metadata.find("hcnn.format");
      format != file.metadata.end() && format->second != kModelFormat)
    fail<FormatError>(where, "model format '" + printable(format->second) + "'", concat(kModelFormat, " is known"));
  ModelInfo info;
  info.network = parse("network");
  if (const io::Json json = parse("normalization"); !json.is_null()) {
    io::JsonObject object(json, where + ": normalization");
    for (const double value : object.numbers("mean", 65'536, -1e30, 1e30))
      info.normalization.mean.push_back(static_cast<float>(value));
    for (const double value : object.numbers("deviation", 65'536, 0, 1e30))
      info.normalization.deviation.push_back(static_cast<float>(value));
    object.finish();
  }
  if (const io::Json json = parse("taxonomy"); !json.is_null())
    info.taxonomy = taxonomy_from_json(json, where + ": taxonomy");
  if (const io::Json json = parse("fit"); !json.is_null())
    info.fit = io::parse_fit(json.is_string() ? json.get<std::string>() : json.dump(), where);
  if (const io::Json json = parse("notes"); !json.is_null()) info.notes = json;
  return info;
}

/// Copies the arrays of a file into a network and checks the file's probe, if it has one. Returns true, without that
/// check, if a value is not finite: the logits of such a network prove nothing. Throws FormatError; the network may
/// then hold values from the file.
template <class T>
bool fill_model(const io::SafetensorsFile& file, Model<T>& model, const std::string& where) {
  const auto matched = match_state(file, model.state(), where);
  if (assign_state(matched, model.state())) return true;
  if (const auto probe = file.metadata.find("hcnn.probe"); probe != file.metadata.end())
    check_probe(model, io::parse_json(probe->second, where + ": probe", io::metadata_json_bytes(file.payload_bytes())),
                where + ": probe");
  return false;
}

/// Builds the network described by a model file, with the file's weights. Throws FormatError, naming file and reason,
/// for a file that is damaged, describes no network, or whose arrays are not exactly those of its network.
template <class T = float>
LoadedModel<T> load_model(const std::filesystem::path& path) {
  const std::string where = io::printable_path(path);
  const io::SafetensorsFile file = io::read_safetensors(path);
  ModelInfo info = model_info(file, where);
  if (info.network.is_null())
    fail<FormatError>(where, "no network is described",
                      file.metadata.contains("hcnn.snapshot")
                          ? "it is a checkpoint: best.safetensors and last.safetensors beside it are models"
                          : "a file that says which one it holds is needed; load_weights fills a network of your own");
  models::NetworkOptions options = network_from_json(info.network, where + ": network");
  check_normalization(info, models::input_of(options), where);
  Index held = 0;
  for (const io::TensorEntry& tensor : file.tensors) held += tensor.size();
  // A few bytes of text could describe a network of many gigabytes; smaller differences are reported array by array.
  if (const Index needed = models::state_values(options); needed > 2 * held + 65'536)
    fail<FormatError>(where, concat(held, " values"), concat("the network it describes has ", needed));
  if (const Index wide = models::layer_values(options), most = kFreeLayerValues + kLayerValues * held; wide > most)
    fail<FormatError>(where, concat(wide, " values behind a layer of the network that it describes"),
                      concat("at most ", most, " with ", held, " values in the file"));
  try {
    LoadedModel<T> loaded{models::make_network<T>(options), std::move(info)};
    loaded.has_non_finite = fill_model(file, loaded.model, where);
    return loaded;
  } catch (const FormatError&) {
    throw;
  } catch (const Error& error) {  // options that no network can be built from
    throw FormatError(where + ": network: " + printable(error.what(), 500));
  }
}

/// Content of a model file besides the weights, without building its network: class names, normalisation, notes. Throws
/// the FormatError of `model_info`.
inline ModelInfo read_info(const std::filesystem::path& path) {
  return model_info(io::read_safetensors(path), io::printable_path(path));
}

/// Options of `load_weights`.
struct LoadWeightsOptions {
  bool allow_non_finite = false;  ///< accept NaN and infinite weights, to inspect a failed training run
};

/// Loads the weights of a safetensors file, hcnn's or PyTorch's, into a network of your own, and returns the rest of
/// the file's content. Names and extents must be exactly those of the network. Throws FormatError, and NumericError for
/// a NaN or infinite value unless the options allow it; the network is then unchanged.
template <class T>
ModelInfo load_weights(const std::filesystem::path& path, Model<T>& model, const LoadWeightsOptions& options = {}) {
  const std::string where = io::printable_path(path);
  const io::SafetensorsFile file = io::read_safetensors(path);
  ModelInfo info = model_info(file, where);
  Model<T> trial = model.clone();
  if (fill_model(file, trial, where) && !options.allow_non_finite)
    fail<NumericError>(where, "a weight is NaN or infinite", "a model without NaN and infinity is needed");
  assign_state(match_state(file, model.state(), where), model.state());
  return info;
}

}  // namespace hcnn::exchange
