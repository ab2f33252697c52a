// Options of a network and label trees as JSON: round trip, and everything that is not exactly that form.
#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "errors.hpp"
#include "hcnn/exchange/network_json.hpp"
#include "hcnn/exchange/taxonomy_json.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;
using testing::error_of;
using testing::names;

namespace {

models::MultiHeadCnnOptions unusual() {
  return {.input = {16, 24, 1},
          .channels = {5, 7},
          .pooled = 2,
          .hidden = {11},
          .heads = {{"a", 4}, {"b", 2}},
          .activation = models::Activation::leaky_relu,
          .dropout = 0.25,
          .batch_norm = false};
}

models::ResNetOptions unusual_resnet(Index layers) {
  return {.layers = layers,
          .input = {12, 9, 1},
          .width = 6,
          .heads = {{"a", 4}, {"b", 2}},
          .activation = models::Activation::leaky_relu,
          .dropout = 0.125};
}

std::string refusal(const io::Json& json) {
  return error_of<FormatError>([&] { exchange::network_from_json(json, "file"); });
}

}  // namespace

TEST_CASE("network options survive the way through JSON text") {
  for (const auto& options : {models::MultiHeadCnnOptions{}, unusual()}) {
    const io::Json json = exchange::network_json(options, "mine");
    const auto back = exchange::network_from_json(io::parse_json(io::to_text(json), "text"), "text");
    CHECK(exchange::network_json(back, "mine") == json);
    const auto& cnn = std::get<models::MultiHeadCnnOptions>(back);
    CHECK(cnn.input == options.input);
    CHECK(cnn.hidden == options.hidden);
    CHECK(cnn.activation == options.activation);
    CHECK(cnn.batch_norm == options.batch_norm);
    CHECK(cnn.heads.size() == options.heads.size());
  }
}

TEST_CASE("the options of a residual network survive the way through JSON text") {
  models::NetworkOptions network = unusual_resnet(9);
  const io::Json json = exchange::network_json(network, "mine");
  auto back = exchange::network_from_json(io::parse_json(io::to_text(json), "text"), "text");
  CHECK(exchange::network_json(back, "mine") == json);
  const auto& options = std::get<models::ResNetOptions>(back);
  CHECK(options.layers == 9);
  CHECK(options.width == 6);
  CHECK(options.activation == models::Activation::leaky_relu);
  CHECK(options.dropout == 0.125);
  CHECK(models::input_of(back) == Shape{12, 9, 1});
  CHECK(models::heads_of(back).at(1).name == "b");
}

TEST_CASE("every network has a name, and its options go through a file") {
  for (const std::string& name : models::network_names()) {
    const models::NetworkOptions options = models::network_options(name);
    const io::Json json = exchange::network_json(options, name);
    CHECK(exchange::network_json(exchange::network_from_json(json, "file"), name) == json);
  }
  CHECK_THROWS_AS(models::network_options("vgg"), OptionError);
}

TEST_CASE("a member that is missing, unknown, of the wrong kind or absurd is named") {
  const io::Json good = exchange::network_json({});
  for (const auto& [key, value] : good.items()) {
    io::Json json = good;
    json.erase(key);
    CHECK(names(refusal(json), "file: no member '" + key + "'"));
    json[key] = nullptr;
    CHECK(refusal(json) != "no error");
  }
  const auto with = [&](const std::string& key, const io::Json& value) {
    io::Json json = good;
    json[key] = value;
    return refusal(json);
  };
  CHECK(names(with("extra", 1), "member 'extra'"));
  CHECK(names(with("builder", "other"), "builder 'other'; multi_head_cnn and resnet are known"));
  CHECK(names(with("activation", "tanh"), "relu and leaky_relu are known"));
  CHECK(names(with("dropout", 1.5), "dropout = 1.5; a number from 0 to 1 is needed"));
  CHECK(names(with("pooled", 0), "pooled = 0"));
  CHECK(names(with("pooled", 4.0), "pooled = 4.0; a whole number"));
  CHECK(names(with("pooled", 18446744073709551615ull), "pooled = 18446744073709551615"));
  CHECK(names(with("hidden", {1024, -1}), "hidden = -1"));
  CHECK(names(with("channels", io::Json(std::vector<int>(13, 1))), "at most 12 entries"));
  CHECK(names(with("input", {{"height", 4096}, {"width", 4096}, {"channels", 3}}), "4294967296 values behind a layer"));
  CHECK(names(with("heads", {{{"name", "a"}, {"classes", 5}, {"x", 1}}}), "file, heads: member 'x'"));
  CHECK(names(refusal("text"), "a JSON object is needed"));

  const io::Json resnet = exchange::network_json(unusual_resnet(18));
  for (const auto& [key, value] : resnet.items()) {
    io::Json json = resnet;
    json.erase(key);
    CHECK(names(refusal(json), "file: no member '" + key + "'"));
  }
  const auto with_resnet = [&](const std::string& key, const io::Json& value) {
    io::Json json = resnet;
    json[key] = value;
    return refusal(json);
  };
  CHECK(names(with_resnet("layers", 12), "layers = 12; 9 and 18 are known"));
  CHECK(names(with_resnet("layers", 34), "layers = 34"));
  CHECK(names(with_resnet("width", 8193), "width = 8193"));
  CHECK(names(with_resnet("hidden", {1}), "member 'hidden'"));
  CHECK(names(with_resnet("input", {{"height", 4096}, {"width", 4096}, {"channels", 3}}),
              " values behind a layer; at most"));
}

TEST_CASE("a label tree survives the way through JSON text, and what is no tree is refused") {
  const io::Json json = exchange::taxonomy_json(cifar100_taxonomy());
  CHECK(exchange::taxonomy_from_json(io::parse_json(json.dump(), "text"), "text") == cifar100_taxonomy());

  const auto refuse = [&](const auto& change) {
    io::Json changed = json;
    change(changed);
    return error_of<FormatError>([&] { exchange::taxonomy_from_json(changed, "file"); });
  };
  CHECK(names(refuse([](auto& j) { j["levels"][0]["parents"][3] = 20; }), "class 'bear' has parent 20"));
  CHECK(names(refuse([](auto& j) { j["levels"][0]["parents"].erase(0); }), "99 parents"));
  CHECK(names(refuse([](auto& j) { j["levels"][1]["classes"][1] = 7; }), "a text is needed"));
  CHECK(names(refuse([](auto& j) { j["levels"] = io::Json::array(); }), "no level"));
  CHECK(names(refuse([](auto& j) { j["levels"][2]["colour"] = 1; }), "member 'colour'"));
}
