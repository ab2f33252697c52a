// ONNX files from the inside: names, metadata, refusals. onnx_files.py has other programs read and run them.
#include "hcnn/exchange/onnx.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "exchange/network_cases.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using namespace exchange_test;
using exchange::onnx_bytes;
using exchange::onnx_layer;
using exchange::OnnxOptions;
using exchange::OnnxValue;
using exchange::OnnxWriter;
using testing::error_of;
using testing::names;

namespace {

/// The texts, byte strings and messages of one field of a message, in order.
std::vector<std::string_view> fields(std::string_view message, std::uint64_t wanted) {
  std::vector<std::string_view> found;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(message.at(at++));
      value |= std::uint64_t{byte & 127u} << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.size()) {
    const std::uint64_t tag = varint();
    if (tag % 8 == 2) {
      const std::uint64_t length = varint();
      if (tag / 8 == wanted) found.push_back(message.substr(at, length));
      at += length;
    } else if (tag % 8 == 5) {
      at += 4;
    } else {
      REQUIRE(tag % 8 == 0);
      varint();
    }
  }
  return found;
}
std::string_view field(std::string_view message, std::uint64_t wanted) { return fields(message, wanted).at(0); }

/// The operators of a graph's nodes, in order.
std::vector<std::string> operators(const std::string& bytes) {
  std::vector<std::string> list;
  for (const auto node : fields(field(bytes, 7), 1)) list.emplace_back(field(node, 4));
  return list;
}
/// The names of a graph's constants.
std::vector<std::string> constants(const std::string& bytes) {
  std::vector<std::string> list;
  for (const auto tensor : fields(field(bytes, 7), 5)) list.emplace_back(field(tensor, 8));
  return list;
}
/// The metadata of a model.
std::map<std::string, std::string> metadata(const std::string& bytes) {
  std::map<std::string, std::string> map;
  for (const auto entry : fields(bytes, 14)) map.emplace(field(entry, 1), field(entry, 2));
  return map;
}

using Names = std::vector<std::string>;

template <class T = float>
Model<T> small_network() {
  return {{5, 4, 2},
          seq(Conv2d<T>{{.out_channels = 3, .kernel = 3}}, BatchNorm2d<T>{}, ReLU<T>{}, Flatten<T>{}, Dropout<T>{}),
          heads(head("fine", Linear<T>{{.out_features = 4}}), head("group", Linear<T>{{.out_features = 2}}))};
}

}  // namespace

TEST_CASE("batch normalisation is folded or kept, dropout disappears, and constants have PyTorch's names") {
  auto model = small_network();
  const std::string folded = onnx_bytes(model);
  CHECK(operators(folded) == Names{"Conv", "Relu", "Flatten", "Gemm", "Identity", "Gemm", "Identity"});
  CHECK(constants(folded) == Names{"trunk.0.weight", "trunk.0.bias", "heads.fine.0.weight", "heads.fine.0.bias",
                                   "heads.group.0.weight", "heads.group.0.bias"});
  const std::string kept = onnx_bytes(model, {}, {.fold_batch_norm = false});
  CHECK(operators(kept) ==
        Names{"Conv", "BatchNormalization", "Relu", "Flatten", "Gemm", "Identity", "Gemm", "Identity"});
  Names all;
  for (const auto* param : model.state())
    if (!param->integer) all.push_back(param->name);
  CHECK(constants(kept) == all);
  CHECK(onnx_bytes(model) == folded);
}

TEST_CASE("a folded convolution is the convolution, scaled and shifted by hand") {
  auto model = small_network();
  randomize(model);
  const std::string bytes = onnx_bytes(model);
  const auto tensors = fields(field(bytes, 7), 5);
  std::vector<float> weight(3 * 2 * 9), bias(3);
  REQUIRE(field(tensors[0], 9).size() == weight.size() * sizeof(float));
  std::memcpy(weight.data(), field(tensors[0], 9).data(), weight.size() * sizeof(float));
  std::memcpy(bias.data(), field(tensors[1], 9).data(), bias.size() * sizeof(float));
  const auto value = [&](const char* name, Index i) {
    const auto& param = model.param(name);
    return static_cast<double>(param.value()[param.memory_index(i)]);
  };
  for (Index o = 0; o < 3; ++o) {
    const double scale = value("trunk.1.weight", o) / std::sqrt(value("trunk.1.running_var", o) + 1e-5);
    for (Index k = 0; k < 18; ++k)
      CHECK(weight[static_cast<std::size_t>(18 * o + k)] ==
            static_cast<float>(scale * value("trunk.0.weight", 18 * o + k)));
    const double shift = value("trunk.1.bias", o) - value("trunk.1.running_mean", o) * scale;
    CHECK(bias[static_cast<std::size_t>(o)] == static_cast<float>(shift + scale * value("trunk.0.bias", o)));
  }
}

TEST_CASE("the graph normalises where it is told to and the file knows how; the metadata say which") {
  auto model = small_network();
  const exchange::ModelInfo info{
      .normalization = {{0.5F, 0.25F}, {0.5F, 2}}, .taxonomy = cifar100_taxonomy(), .notes = {{"epoch", 3}}};
  const std::string with = onnx_bytes(model, info), without = onnx_bytes(model, info, {.normalize = false});
  CHECK(operators(with)[0] == "Sub");
  CHECK(operators(with)[1] == "Div");
  CHECK(operators(without)[0] == "Conv");
  CHECK(metadata(with).at("hcnn.onnx") == R"({"input":"images","normalizes":true})");
  CHECK(metadata(without).at("hcnn.onnx") == R"({"input":"images","normalizes":false})");
  CHECK(metadata(onnx_bytes(model)).at("hcnn.onnx") == R"({"input":"images","normalizes":false})");

  const io_test::TemporaryFolder folder;
  exchange::save_model(folder / "m.safetensors", model, info);
  auto expected = io::read_safetensors(folder / "m.safetensors").metadata, came = metadata(with);
  expected.erase("hcnn.probe");
  came.erase("hcnn.onnx");
  CHECK(came == expected);
}

TEST_CASE("no value in the graph takes the name of a head") {
  Model<float> model{{2, 2, 1},
                     seq(Flatten{}),
                     heads(head("normalization", Linear{{.out_features = 2}}),
                           head("trunk", Linear{{.out_features = 2}}), head("heads", Linear{{.out_features = 2}}))};
  const std::string bytes = onnx_bytes(model, {.normalization = {{0.5F}, {2}}});
  Names outputs;
  for (const auto output : fields(field(bytes, 7), 12)) outputs.emplace_back(field(output, 1));
  CHECK(outputs == Names{"normalization", "trunk", "heads"});
  Names made;
  for (const auto node : fields(field(bytes, 7), 1)) made.emplace_back(field(node, 2));
  for (const std::string& output : outputs) CHECK(std::count(made.begin(), made.end(), output) == 1);
}

TEST_CASE("networks of double and of bfloat16 give the same file as those of float") {
  auto floats = small_network<float>();
  auto doubles = small_network<double>();
  auto halves = small_network<bfloat16>();
  init::he_normal(floats, Seed{2});
  for (std::size_t p = 0; p < floats.state().size(); ++p)
    for (Index i = 0; i < floats.state()[p]->size(); ++i)
      doubles.state()[p]->value()[i] = halves.state()[p]->value()[i] = floats.state()[p]->value()[i];
  CHECK(onnx_bytes(doubles) == onnx_bytes(floats));
  CHECK(onnx_bytes(halves) == onnx_bytes(floats));
}

TEST_CASE("a layer of one's own is written by one line, and without it refused by path and class") {
  Model<float> model{{4, 4, 3},
                     seq(ReLU{}, residual(seq(ReLU{}, SiLU<float>{})), Flatten{}),
                     heads(head("a", Linear{{.out_features = 2}}))};
  const io_test::TemporaryFolder folder;
  const auto refusal = error_of<Error>([&] { exchange::save_onnx(folder / "m.onnx", model); });
  CHECK(names(refusal, "m.onnx: layer trunk.1.body.1: SiLU has no ONNX form; give one in OnnxOptions::layers"));
  CHECK(folder.entries() == 0);
  exchange::save_onnx(folder / "m.onnx", model, {}, {.layers = {silu_to_onnx()}});
  CHECK(operators(io_test::content(folder / "m.onnx")) ==
        Names{"Relu", "Relu", "Sigmoid", "Mul", "Add", "Flatten", "Gemm", "Identity"});
}

TEST_CASE("a layer of the library is written as one's own line says, where there is one") {
  auto model = small_network();
  const auto own = onnx_layer<ReLU<float>>(
      [](ReLU<float>&, OnnxWriter<float>& to, const OnnxValue& x) { return to.add("Clip", {x}); });
  const Names written = operators(onnx_bytes(model, {}, {.layers = {own}}));
  CHECK(written[1] == "Clip");
}

TEST_CASE("a class derived from a layer of the library is not taken for it") {
  struct Doubled : ReLU<float> {
    std::string type() const override { return "Doubled"; }
    std::unique_ptr<Layer<float>> clone() const override { return std::make_unique<Doubled>(*this); }
  };
  Model<float> model{{1, 1, 3}, seq(Doubled{}), heads(head("a", Linear{{.out_features = 2}}))};
  CHECK(names(error_of<Error>([&] { onnx_bytes(model); }), "layer trunk.0: Doubled has no ONNX form"));
}

TEST_CASE("what a layer of one's own writes must have the layer's shape and name parameters that exist") {
  Model<float> model{{2, 2, 3}, seq(SiLU<float>{}, Flatten{}), heads(head("a", Linear{{.out_features = 2}}))};
  const auto refusal = [&](auto write) {
    const OnnxOptions<float> options{.layers = {onnx_layer<SiLU<float>>(write)}};
    return error_of<Error>([&] { onnx_bytes(model, {}, options, "here"); });
  };
  using Writer = OnnxWriter<float>;
  CHECK(names(refusal([](auto&, Writer& to, const OnnxValue& x) {
                return to.add("GlobalAveragePool", {x}, {}, {.shape = {1, 1, 3}});
              }),
              "here: layer trunk.0: SiLU was written with output 1x1x3; its output is 2x2x3"));
  CHECK(names(refusal([](auto&, Writer& to, const OnnxValue& x) {
                return to.add("PRelu", {x, to.parameter("slope")});
              }),
              "here: layer trunk.0: no parameter 'slope'"));
}

TEST_CASE("names that ONNX cannot hold, and an input called as a head, are refused") {
  auto model = small_network();
  const auto refusal = [&](const std::string& input) {
    return error_of<OptionError>([&] { onnx_bytes(model, {}, {.input = input}, "here"); });
  };
  CHECK(names(refusal("fine"), "here: input 'fine'; a head has this name"));
  CHECK(names(refusal(""), "here: name ''"));
  CHECK(names(refusal("\xff\x1b"), "here: name '\\xff\\x1b'; a name in UTF-8"));
  Model<float> odd{{1, 1, 2}, Sequential<float>{}, heads(head("\xc3", Linear{{.out_features = 2}}))};
  CHECK(names(error_of<OptionError>([&] { onnx_bytes(odd); }), "in UTF-8, not empty"));
  CHECK(refusal("pixels") == "no error");
  const std::string bytes = onnx_bytes(model, {}, {.input = "pixels"});
  CHECK(field(field(field(bytes, 7), 11), 1) == "pixels");
}

TEST_CASE("information that does not fit the network is refused before anything is written") {
  auto model = small_network();
  const io_test::TemporaryFolder folder;
  const auto refusal = [&](const exchange::ModelInfo& info) {
    return error_of<FormatError>([&] { exchange::save_onnx(folder / "m.onnx", model, info); });
  };
  CHECK(names(refusal({.normalization = {{0.5F}, {1}}}), "m.onnx: Normalization: 1 means and 1 deviations"));
  CHECK(names(refusal({.network = exchange::network_json(small_cnn(true, models::Activation::relu))}),
              "its description makes"));
  CHECK(folder.entries() == 0);
}
