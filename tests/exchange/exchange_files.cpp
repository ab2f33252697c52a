// Writes files for other programs and answers theirs; onnx_files.py, npy_files.py and torch_files.py compare.
//
//     exchange_files onnx|npy|torch FOLDER
#include <algorithm>
#include <filesystem>
#include <hcnn/data/normalization.hpp>
#include <hcnn/io/json.hpp>
#include <hcnn/io/npy.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "exchange/network_cases.hpp"

using namespace hcnn;
using namespace exchange_test;
using Path = std::filesystem::path;

namespace {

/// A batch as other frameworks lay it out: N, C, H, W.
void write_images(const Path& path, const Tensor<float>& batch) {
  const Shape shape = batch.shape();
  std::vector<float> values;
  for (Index n = 0; n < batch.count(); ++n)
    for (Index c = 0; c < shape.channels; ++c)
      for (Index p = 0; p < shape.pixels(); ++p) values.push_back(batch[(n * shape.pixels() + p) * shape.channels + c]);
  io::write_npy<float>(path, values, {batch.count(), shape.channels, shape.height, shape.width});
}

/// Writes the logits of every head as `<prefix>.<head>.npy`.
void write_logits(const std::string& prefix, const Model<float>& model, const Tensor<float>& batch) {
  for (const auto& [head, values] : model.infer(batch.view())) io::save_npy(prefix + "." + head + ".npy", values);
}

/// Class names of all layers of a network.
void list_types(Layer<float>& layer, std::vector<std::string>& types) {
  types.push_back(layer.type());
  layer.for_each_child([&](Layer<float>& child, const std::string&) { list_types(child, types); });
}

// Every network as NAME.onnx and NAME.unfolded.onnx, NAME.N.npy of N images, NAME.N.HEAD.npy of their logits, and
// cases.json about them; those that a model file can describe as NAME.safetensors too.
void write_onnx(const Path& folder) {
  io::Json list = io::Json::array();
  for (NetworkCase& each : network_cases()) {
    exchange::OnnxOptions<float> options{.layers = {silu_to_onnx()}};
    exchange::save_onnx(folder / (each.name + ".onnx"), each.model, each.info, options);
    options.fold_batch_norm = false;
    exchange::save_onnx(folder / (each.name + ".unfolded.onnx"), each.model, each.info, options);
    if (!each.info.network.is_null())
      exchange::save_model(folder / (each.name + ".safetensors"), each.model, each.info);
    const data::Normalization& normalization = each.info.normalization;
    const Shape shape = each.model.input_shape();
    for (const Index count : {1, 3, 8}) {
      Tensor<float> batch = random_batch(count, shape);
      const std::string prefix = (folder / concat(each.name, '.', count)).string();
      write_images(prefix + ".npy", batch);
      for (Index n = 0; n < count; ++n) normalization.apply(batch.view().sample(n), shape);
      write_logits(prefix, each.model, batch);
    }
    std::vector<std::string> types;
    list_types(each.model.trunk(), types);
    each.model.heads().for_each_child([&](Layer<float>& layer, const std::string&) { list_types(layer, types); });
    io::Json classes = io::Json::object();
    for (std::size_t h = 0; h < each.model.heads().size(); ++h)
      classes[each.model.heads().name(h)] = each.model.heads().classes(h);
    list.push_back({{"name", each.name},
                    {"input", {shape.channels, shape.height, shape.width}},
                    {"heads", classes},
                    {"layers", types},
                    {"metadata", exchange::model_metadata(each.model, each.info, each.name)}});
  }
  io::write_json(folder / "cases.json", list);
}

template <class V>
void write_array(const Path& folder, const std::vector<Index>& dims) {
  std::size_t size = 1;
  for (const Index extent : dims) size *= static_cast<std::size_t>(extent);
  std::vector<V> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<V>(static_cast<V>(i) - V{2});
  io::write_npy<V>(folder / (io::npy_dtype<V>() + concat('_', dims.size(), '_', size, ".npy")), values, dims);
}

// Answers each numpy_*.npy by the same values as f8 or i8, in answer_*.npy; and writes arrays of its own.
void answer_npy(const Path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("numpy_")) continue;
    const io::NpyArray array = io::read_npy(entry.path());
    const Path answer = folder / ("answer_" + name.substr(6));
    const auto give = [&]<class V>(V) {
      std::vector<V> values(array.size);
      io::copy_values<V>(array, values, name);
      io::write_npy<V>(answer, values, array.dims);
    };
    array.dtype[0] == 'f' ? give(double{}) : array.dtype == "u8" ? give(std::uint64_t{}) : give(std::int64_t{});
  }
  for (const auto& dims : std::vector<std::vector<Index>>{{}, {5}, {2, 3}, {0, 4}, {2, 1, 3, 2}}) {
    write_array<float>(folder, dims);
    write_array<double>(folder, dims);
    write_array<std::int8_t>(folder, dims);
    write_array<std::int16_t>(folder, dims);
    write_array<std::int32_t>(folder, dims);
    write_array<std::int64_t>(folder, dims);
    write_array<std::uint8_t>(folder, dims);
    write_array<std::uint16_t>(folder, dims);
    write_array<std::uint32_t>(folder, dims);
    write_array<std::uint64_t>(folder, dims);
  }
  io::save_npy(folder / "bfloat16.npy", Tensor<bfloat16>(2, {1, 1, 3}, bfloat16(1.5F)));
}

// Networks of hcnn's for PyTorch, as hcnn_NAME.safetensors with images and logits; and, where PyTorch's
// torch_NAME.safetensors are there, hcnn's logits for the images beside them.
void exchange_with_torch(const Path& folder) {
  const auto options = small_cnn(true, models::Activation::leaky_relu);
  const auto talk = [&](const std::string& name, Model<float> model, const exchange::ModelInfo& info) {
    randomize(model);
    const Tensor<float> batch = random_batch(3, model.input_shape());
    const std::string prefix = (folder / ("hcnn_" + name)).string();
    exchange::save_model(prefix + ".safetensors", model, info);
    write_images(prefix + ".npy", batch);
    write_logits(prefix, model, batch);
    const Path theirs = folder / ("torch_" + name + ".safetensors");
    if (!std::filesystem::exists(theirs)) return;
    exchange::load_weights(theirs, model);
    write_logits((folder / ("answer_" + name)).string(), model, batch);
  };
  const exchange::ModelInfo info{.network = exchange::network_json(options)};
  talk("cnn", models::multi_head_cnn<float>(options), info);
  talk("residual", residual_network(), {});
  for (const Index layers : {9, 18}) {
    const std::string name = concat("resnet", layers);
    talk(name, models::resnet<float>(small_resnet(layers)),
         {.network = exchange::network_json(small_resnet(layers), name)});
  }
  // The full network, its state dict under the names that PyTorch's ResNet-18 has.
  const models::ResNetOptions full{.layers = 18, .heads = {{"fine", 100}}};
  talk("resnet18_full", models::resnet<float>(full), {.network = exchange::network_json(full, "resnet18")});
  // Described and probed by PyTorch: hcnn builds it from the file, and compares the logits itself.
  if (const Path whole = folder / "torch_cnn.safetensors"; std::filesystem::exists(whole)) {
    const auto loaded = exchange::load_model<float>(whole);
    write_logits((folder / "answer_whole").string(), loaded.model, random_batch(3, loaded.model.input_shape()));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc == 3 ? argv[1] : "";
  try {
    if (what == "onnx")
      write_onnx(argv[2]);
    else if (what == "npy")
      answer_npy(argv[2]);
    else if (what == "torch")
      exchange_with_torch(argv[2]);
    else
      throw Error("usage: exchange_files onnx|npy|torch FOLDER");
  } catch (const std::exception& error) {
    std::cerr << "exchange_files: " << error.what() << '\n';
    return 1;
  }
}
