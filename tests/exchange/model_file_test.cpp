// Model files: round trip, PyTorch's names and layouts, the probe, and files that must be refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "errors.hpp"
#include "hcnn/exchange/model_file.hpp"
#include "hcnn/exchange/picture.hpp"
#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/layers/init.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using exchange::load_model;
using exchange::load_weights;
using exchange::ModelInfo;
using exchange::save_model;
using io_test::TemporaryFolder;
using testing::error_of;
using testing::names;

namespace {

models::MultiHeadCnnOptions small_options() {
  return {.input = {8, 8, 3}, .channels = {4, 6}, .pooled = 2, .hidden = {10}, .heads = {{"fine", 6}, {"group", 3}}};
}

/// A network with weights and running statistics of its own.
template <class T>
Model<T> small_model() {
  auto model = models::multi_head_cnn<T>(small_options());
  init::he_normal(model, Seed{3});
  RandomStream random(Seed{4}, hash_name("statistics"));
  for (auto* buffer : model.buffers())
    for (Index i = 0; i < buffer->size(); ++i)
      buffer->value()[i] = static_cast<Master<T>>(buffer->integer                  ? 17
                                                  : buffer->name.ends_with("_var") ? 0.5 + random.uniform()
                                                                                   : 0.2 * random.normal());
  for (auto* buffer : model.buffers()) buffer->touch();
  return model;
}

ModelInfo small_info() {
  return {.network = exchange::network_json(small_options(), "small"),
          .normalization = {{0.5F, 0.1F, 0.3F}, {0.25F, 1.0F, 0.125F}},
          .taxonomy = cifar100_taxonomy(),
          .notes = {{"epoch", 7}}};
}

template <class T>
std::vector<Master<T>> probe_logits(const Model<T>& model) {
  std::vector<Master<T>> all;
  for (const auto& [head, values] : model.infer(exchange::probe_input<T>(model.input_shape()).view()))
    all.insert(all.end(), values.begin(), values.end());
  return all;
}

/// Rewrites a file with some of it changed, checksum and all.
void tamper(const std::filesystem::path& path,
            const std::function<void(std::vector<io::TensorToWrite>&, std::map<std::string, std::string>&)>& change) {
  io::SafetensorsFile file = io::read_safetensors(path);
  std::vector<io::TensorToWrite> tensors;
  for (const auto& tensor : file.tensors) tensors.push_back({tensor.name, tensor.dtype, tensor.dims, tensor.data});
  change(tensors, file.metadata);
  io::write_safetensors(path, tensors, file.metadata);
}

io::TensorToWrite& named(std::vector<io::TensorToWrite>& tensors, const std::string& name) {
  return *std::find_if(tensors.begin(), tensors.end(), [&](const auto& tensor) { return tensor.name == name; });
}

}  // namespace

TEST_CASE_TEMPLATE("a saved model is loaded with the same bits and everything it was saved with", T, float, double,
                   bfloat16) {
  const TemporaryFolder folder;
  auto model = small_model<T>();
  save_model(folder / "m.safetensors", model, small_info());
  auto loaded = load_model<T>(folder / "m.safetensors");
  CHECK(probe_logits(loaded.model) == probe_logits(model));
  for (const auto logit : probe_logits(model)) CHECK(std::abs(logit) > 1e-3);  // else the probe would prove little
  REQUIRE(loaded.model.state().size() == model.state().size());
  for (std::size_t p = 0; p < model.state().size(); ++p) {
    const auto &before = *model.state()[p], &after = *loaded.model.state()[p];
    CHECK(std::equal(before.value(), before.value() + before.size(), after.value()));
  }
  CHECK(loaded.info.network == small_info().network);
  CHECK(loaded.info.normalization.mean == small_info().normalization.mean);
  CHECK(loaded.info.normalization.deviation == small_info().normalization.deviation);
  CHECK(loaded.info.taxonomy == cifar100_taxonomy());
  CHECK(loaded.info.notes == small_info().notes);
  CHECK_FALSE(loaded.has_non_finite);
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file has PyTorch's names, types and layouts, and the same model gives the same bytes") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  save_model(folder / "a", model, small_info());
  save_model(folder / "b", model, small_info());
  CHECK(io_test::content(folder / "a") == io_test::content(folder / "b"));

  const auto file = io::read_safetensors(folder / "a");
  CHECK(file.checksummed);
  CHECK(file.tensors.size() == model.state().size());
  const auto* weight = file.find("trunk.0.3.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->dims == std::vector<Index>{4, 4, 3, 3});
  std::vector<float> values(4 * 4 * 9);
  io::copy_values<float>(*weight, values);
  const float* memory = model.param("trunk.0.3.weight").value();
  for (std::size_t o = 0; o < 4; ++o)
    for (std::size_t c = 0; c < 4; ++c)
      for (std::size_t tap = 0; tap < 9; ++tap) CHECK(values[(o * 4 + c) * 9 + tap] == memory[(o * 9 + tap) * 4 + c]);
  const auto* count = file.find("trunk.0.1.num_batches_tracked");
  REQUIRE(count != nullptr);
  CHECK(count->dtype == "I64");
  CHECK(count->dims.empty());
  CHECK(file.find("heads.fine.0.bias")->dims == std::vector<Index>{6});
}

TEST_CASE("a float file loads into bfloat16 and double networks, within the probe's tolerance") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  save_model(folder / "m", model, small_info());
  CHECK_NOTHROW(load_model<double>(folder / "m"));
  CHECK_NOTHROW(load_model<bfloat16>(folder / "m"));
  auto coarse = small_model<bfloat16>();
  save_model(folder / "m", coarse, small_info());
  CHECK_NOTHROW(load_model<float>(folder / "m"));
}

TEST_CASE_TEMPLATE(
    "weights are rounded to bfloat16 in the file alone, and such a file is saved again with the same bits", T, float,
    double, bfloat16) {
  const TemporaryFolder folder;
  auto model = small_model<T>();
  const auto before = probe_logits(model);
  save_model(folder / "rounded", model, small_info(), {.bfloat16_weights = true});
  CHECK(probe_logits(model) == before);

  const auto file = io::read_safetensors(folder / "rounded");
  const char* wide = std::is_same_v<T, double> ? "F64" : "F32";
  CHECK(file.find("trunk.0.3.weight")->dtype == "BF16");
  CHECK(file.find("heads.fine.0.weight")->dtype == "BF16");
  CHECK(file.find("heads.fine.0.bias")->dtype == wide);
  CHECK(file.find("trunk.0.1.running_var")->dtype == wide);
  CHECK(file.find("trunk.0.1.num_batches_tracked")->dtype == "I64");

  auto loaded = load_model<T>(folder / "rounded");
  for (std::size_t p = 0; p < model.state().size(); ++p) {
    const auto &exact = *model.state()[p], &rounded = *loaded.model.state()[p];
    for (Index i = 0; i < exact.size(); ++i) {
      const auto value = exact.value()[i], nearest = static_cast<Master<T>>(static_cast<float>(bfloat16(value)));
      CHECK(rounded.value()[i] == (exact.dims.size() >= 2 ? nearest : value));
    }
  }
  save_model(folder / "again", loaded.model, loaded.info, {.bfloat16_weights = true});
  CHECK(io_test::content(folder / "again") == io_test::content(folder / "rounded"));
}

TEST_CASE("the probe refuses weights that are not those that were saved") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  save_model(folder / "m", model, small_info());
  std::vector<float> changed(6 * 10);
  tamper(folder / "m", [&](auto& tensors, auto&) {
    auto& weight = named(tensors, "heads.fine.0.weight");
    std::memcpy(changed.data(), weight.data.data(), weight.data.size());
    std::reverse(changed.begin(), changed.end());
    weight.data = std::as_bytes(std::span(changed));
  });
  CHECK(names(error_of<FormatError>([&] { load_model(folder / "m"); }), "probe: logits of head 'fine' that differ by"));
}

TEST_CASE("a weight that is not finite is loaded and flagged") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  model.param("heads.group.0.bias").value()[1] = std::numeric_limits<float>::quiet_NaN();
  save_model(folder / "m", model, small_info());
  auto loaded = load_model(folder / "m");
  CHECK(loaded.has_non_finite);
  auto own = small_model<float>();
  const auto before = probe_logits(own);
  CHECK(names(error_of<NumericError>([&] { load_weights(folder / "m", own); }), "a weight is NaN or infinite"));
  CHECK(probe_logits(own) == before);
  load_weights(folder / "m", own, {.allow_non_finite = true});
  CHECK(std::isnan(own.param("heads.group.0.bias").value()[1]));
  CHECK(std::isnan(loaded.model.param("heads.group.0.bias").value()[1]));

  auto huge = small_model<float>();  // finite weights, infinite logits: the other head is still checked
  huge.param("heads.group.0.weight").value()[0] = huge.param("heads.group.0.bias").value()[0] = 3e38F;
  huge.param("heads.group.0.weight").touch();
  save_model(folder / "m", huge, small_info());
  CHECK_FALSE(load_model(folder / "m").has_non_finite);
}

TEST_CASE("arrays that are missing, surplus, of another shape or type are named") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  const auto refusal = [&](const auto& change) {
    save_model(folder / "m", model, small_info());
    tamper(folder / "m", change);
    return error_of<FormatError>([&] { load_model(folder / "m"); });
  };
  CHECK(names(refusal([](auto& tensors, auto&) { named(tensors, "trunk.0.1.bias").name = "other"; }),
              "no tensor 'trunk.0.1.bias'; the network has one"));
  CHECK(names(refusal([](auto& tensors, auto&) {
                tensors.push_back(tensors.back());
                tensors.back().name = "extra";
              }),
              "tensor 'extra'; the network has none of that name"));
  CHECK(names(refusal([](auto& tensors, auto&) {
                std::swap(named(tensors, "heads.fine.0.weight").dims[0], named(tensors, "heads.fine.0.weight").dims[1]);
              }),
              "tensor 'heads.fine.0.weight' of extents [10, 6]; the network needs [6, 10]"));
  CHECK(names(refusal([](auto& tensors, auto&) {
                auto& count = named(tensors, "trunk.0.1.num_batches_tracked");
                count.dtype = "F64";
              }),
              "type F64; I64 is needed"));
  const auto metadata = [&](const std::string& key, const std::string& value) {
    return refusal([&](auto&, auto& all) { all["hcnn." + key] = value; });
  };
  CHECK(names(metadata("format", "2"), "model format '2'; 1 is known"));
  CHECK(names(metadata("network", "{"), "not JSON"));
  CHECK(names(metadata("taxonomy", "{}"), "no member 'levels'"));
  CHECK(names(metadata("normalization", R"({"mean": [0, 0, 0], "deviation": [1, 1, 0]})"), "deviation of more than 0"));
  CHECK(names(metadata("probe", R"({"precision": "float32", "logits": {"fine": [1]}})"), "1 logits of head 'fine'"));
  auto other = small_options();
  other.channels = {4, 4};
  CHECK(names(metadata("network", exchange::network_json(other).dump()),
              "tensor 'trunk.1.0.weight' of extents [6, 4, 3, 3]"));
  other.hidden = {65'536, 65'536};
  CHECK(names(metadata("network", exchange::network_json(other).dump()), "values; the network it describes has 42"));
  other.hidden = {};
  other.channels = {1, 1, 1, 1, 1};
  CHECK(names(metadata("network", exchange::network_json(other).dump()), "network: trunk"));
}

TEST_CASE("a file cut short anywhere is refused") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  save_model(folder / "m", model, small_info());
  const std::string whole = io_test::content(folder / "m");
  for (std::size_t size = 0; size < whole.size(); size += 97) {
    io_test::put(folder / "cut", whole.substr(0, size));
    CHECK_THROWS_AS(load_model(folder / "cut"), FormatError);
  }
  CHECK(names(error_of<FormatError>([&] { load_model(folder / "missing"); }), "No such file"));
}

TEST_CASE("weights load into a network of one's own, which stays as it was where they do not fit") {
  const TemporaryFolder folder;
  const auto build = [](Index classes) {
    return Model<float>({8, 8, 3}, seq(Conv2d{{.out_channels = 4, .kernel = 3}}, ReLU{}, Flatten{}),
                        heads(head("only", Linear{{.out_features = classes}})));
  };
  Model<float> model = build(5), copy = build(5), other = build(4);
  init::he_normal(model, Seed{1});
  save_model(folder / "m", model);
  load_weights(folder / "m", copy);
  CHECK(probe_logits(copy) == probe_logits(model));
  CHECK(names(error_of<FormatError>([&] { load_model(folder / "m"); }), "no network is described"));

  init::he_normal(other, Seed{2});
  const auto before = probe_logits(other);
  CHECK(names(error_of<FormatError>([&] { load_weights(folder / "m", other); }), "the network needs [4, 144]"));
  CHECK(probe_logits(other) == before);

  init::he_normal(copy, Seed{2});  // names and extents fit, the probe does not
  const auto own = probe_logits(copy);
  tamper(folder / "m", [](auto&, auto& metadata) {
    metadata["hcnn.probe"] = R"({"precision": "float32", "logits": {"only": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}})";
  });
  CHECK(names(error_of<FormatError>([&] { load_weights(folder / "m", copy); }), "probe"));
  CHECK(probe_logits(copy) == own);
}

TEST_CASE("weights are loaded into a network that has computed before") {
  const TemporaryFolder folder;
  auto model = small_model<float>(), used = small_model<float>();
  save_model(folder / "m", model, small_info());
  init::he_normal(used, Seed{9});
  used.prepare_inference();
  CHECK(probe_logits(used) != probe_logits(model));
  load_weights(folder / "m", used);
  CHECK(probe_logits(used) == probe_logits(model));
}

TEST_CASE("information that does not fit the network is refused before anything is written") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  ModelInfo wrong = small_info();
  wrong.network["hidden"] = {11};
  CHECK(names(error_of<FormatError>([&] { save_model(folder / "m", model, wrong); }), "its description makes"));
  wrong = small_info();
  wrong.normalization.mean.pop_back();
  CHECK(names(error_of<FormatError>([&] { save_model(folder / "m", model, wrong); }), "2 means and 3 deviations"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("how pictures become inputs is told by the file, and anything but a fit is refused") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  ModelInfo info = small_info();
  save_model(folder / "model.safetensors", model, info);
  CHECK_FALSE(load_model<float>(folder / "model.safetensors").info.fit);
  for (const io::Fit fit : {io::Fit::squash, io::Fit::crop}) {
    info.fit = fit;
    save_model(folder / "model.safetensors", model, info);
    CHECK(load_model<float>(folder / "model.safetensors").info.fit == fit);
  }
  for (const char* wrong : {"\"stretch\"", "7", "[]"}) {
    tamper(folder / "model.safetensors", [&](auto&, auto& metadata) { metadata["hcnn.fit"] = wrong; });
    CHECK(names(error_of<FormatError>([&] { load_model<float>(folder / "model.safetensors"); }),
                "model.safetensors: fit '"));
  }
}

TEST_CASE("names that are not UTF-8 and notes too long to be read again are refused before anything is written") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  ModelInfo info = small_info();
  info.taxonomy = Taxonomy({{"fine", {"caf\xe9", "caf\xe8"}}});  // in the file both would be the same
  CHECK(names(error_of<FormatError>([&] { save_model(folder / "m", model, info); }), "names in UTF-8 are needed"));
  info = small_info();
  info.notes["many"] = std::vector<int>(20'000, 1);
  CHECK(names(error_of<FormatError>([&] { save_model(folder / "m", model, info); }), "hcnn.notes: too many values"));
  CHECK(folder.entries() == 0);
}

TEST_CASE("metadata that would take more memory than the file are refused") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  save_model(folder / "m", model, small_info());
  std::string many = "[";
  for (int i = 0; i < 20'000; ++i) many += "[],";
  tamper(folder / "m", [&](auto&, auto& metadata) { metadata["hcnn.notes"] = many + "0]"; });
  CHECK(names(error_of<FormatError>([&] { load_model<float>(folder / "m"); }), "notes: too many values"));
}

TEST_CASE("a small file that describes a network with huge pictures is refused before the network is built") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  const auto refusal = [&](Index side) {
    ModelInfo info = small_info();
    save_model(folder / "m", model, info);
    info.network["input"]["height"] = info.network["input"]["width"] = side;
    tamper(folder / "m", [&](auto&, auto& metadata) {
      metadata["hcnn.network"] = info.network.dump();
      metadata.erase("hcnn.probe");
    });
    return error_of<FormatError>([&] { load_model<float>(folder / "m"); });
  };
  CHECK(refusal(256) == "no error");
  CHECK(names(refusal(2048), "25165824 values behind a layer of the network that it describes"));
}

TEST_CASE("what a file says is read without its network, and a picture becomes the input that it describes") {
  const TemporaryFolder folder;
  auto model = small_model<float>();
  ModelInfo info = small_info();
  info.fit = io::Fit::crop;
  save_model(folder / "m", model, info);
  for (const ModelInfo& read : {exchange::read_info(folder / "m"), load_weights(folder / "m", model)}) {
    CHECK(read.normalization.mean == info.normalization.mean);
    CHECK(read.fit == io::Fit::crop);
    CHECK(read.notes["epoch"] == 7);
  }
  const io::Image red(20, 10, io::Colour{255, 0, 51});
  const Tensor<float> input = exchange::picture_tensor(red, model.input_shape(), info);
  CHECK(input.count() == 1);
  CHECK(input.shape() == model.input_shape());
  for (Index c = 0; c < 3; ++c) {
    const float value[] = {1.0F, 0.0F, 0.2F};
    const auto k = static_cast<std::size_t>(c);
    CHECK(input[c] == doctest::Approx((value[c] - info.normalization.mean[k]) / info.normalization.deviation[k]));
  }
  CHECK_THROWS_AS(exchange::picture_tensor(red, {8, 8, 1}, info), ShapeError);
}
