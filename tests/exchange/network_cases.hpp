// Networks whose files other programs are asked to read: every layer of the library, odd sizes, one head and several.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/exchange/onnx.hpp"
#include "hcnn/hierarchy/cifar100.hpp"
#include "hcnn/layers/init.hpp"

namespace exchange_test {

using namespace hcnn;

/// A layer from outside the library: y = x / (1 + exp(-x)).
template <class T = float>
class SiLU : public Layer<T> {
 public:
  std::string type() const override { return "SiLU"; }
  Shape build(const Shape& input) override { return input; }
  void backward(TensorView<const T>, TensorView<const T>, TensorView<T>, TensorView<T>, Workspace&) override {
    throw Error("SiLU: only its outputs are tested here");
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    for (Index i = 0; i < x.size(); ++i) y.data[i] = x.data[i] / (T{1} + std::exp(-x.data[i]));
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<SiLU>(*this); }
};

/// How it is written: the one line that a layer of one's own costs.
inline exchange::OnnxLayer<float> silu_to_onnx() {
  return exchange::onnx_layer<SiLU<float>>(
      [](SiLU<float>&, exchange::OnnxWriter<float>& to, const exchange::OnnxValue& x) {
        return to.add("Mul", {x, to.add("Sigmoid", {x})});
      });
}

/// A network and what its file says.
struct NetworkCase {
  std::string name;
  Model<float> model;
  exchange::ModelInfo info = {};
};

/// Random parameters and running statistics; a batch normalisation that changed nothing would prove nothing.
inline void randomize(Model<float>& model) {
  init::he_normal(model, Seed{3});
  RandomStream random(Seed{4}, hash_name("statistics"));
  for (auto* param : model.state()) {
    if (param->role == Role::weight) continue;
    const bool positive = param->name.ends_with("_var") || param->role == Role::norm_scale;
    for (Index i = 0; i < param->size(); ++i)
      param->value()[i] = static_cast<float>(param->integer ? 17
                                             : positive     ? 0.5 + random.uniform()
                                                            : 0.3 * random.normal());
    param->touch();
  }
}

/// Uniform in [0, 1), N samples of the shape.
inline Tensor<float> random_batch(Index count, const Shape& shape) {
  Tensor<float> batch(count, shape);
  RandomStream random(Seed{5}, hash_name("batch"));
  for (float& value : batch) value = static_cast<float>(random.uniform());
  return batch;
}

inline models::MultiHeadCnnOptions small_cnn(bool batch_norm, models::Activation activation) {
  return {.input = {21, 19, 3},
          .channels = {4, 6},
          .pooled = 3,
          .hidden = {10, 7},
          .heads = {{"fine", 6}, {"superclass", 4}, {"group", 3}},
          .activation = activation,
          .batch_norm = batch_norm};
}

inline models::ResNetOptions small_resnet(Index layers) {
  return {.layers = layers,
          .input = {17, 10, 3},
          .width = 4,
          .heads = {{"fine", 6}, {"superclass", 4}},
          .dropout = layers == 9 ? 0.1 : 0};
}

/// A residual network such as a user builds: PyTorch's twin of it is in torch_files.py.
inline Model<float> residual_network() {
  const auto conv = [](Index channels, Index stride = 1) {
    return Conv2d{{.out_channels = channels, .kernel = 3, .stride = stride, .padding = 1}};
  };
  return Model<float>{
      {9, 7, 3},
      seq(Conv2d{{.out_channels = 8, .kernel = {3, 2}, .stride = {2, 1}, .padding = 1, .bias = false}}, BatchNorm2d{},
          LeakyReLU{{.slope = 0.1}},
          residual(seq(conv(8), BatchNorm2d{}, ReLU{},
                       Conv2d{{.out_channels = 8, .kernel = 3, .padding = 2, .dilation = 2, .groups = 2}})),
          residual(seq(conv(12, 2), BatchNorm2d{}),
                   seq(Conv2d{{.out_channels = 12, .kernel = 1, .stride = 2}}, BatchNorm2d{})),
          AdaptiveAvgPool2d{{.height = 2, .width = 3}}, Flatten{}, Linear{{.out_features = 10}}, BatchNorm1d{}, ReLU{},
          Dropout{}),
      heads(head("fine", seq(Linear{{.out_features = 6}}, ReLU{}), Linear{{.out_features = 5}}),
            head("group", Linear{{.out_features = 2, .bias = false}}))};
}

/// All networks, with random parameters.
inline std::vector<NetworkCase> network_cases() {
  std::vector<NetworkCase> cases;
  const auto add = [&](std::string name, const Shape& input, Sequential<float> trunk, exchange::ModelInfo info = {}) {
    cases.push_back({std::move(name),
                     Model<float>{input, std::move(trunk), heads(head("logits", Linear{{.out_features = 5}}))},
                     std::move(info)});
  };
  add("convolution", {8, 7, 4},
      seq(Conv2d{{.out_channels = 6, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}, .bias = false}},
          Conv2d{{.out_channels = 4, .kernel = 2, .dilation = {1, 2}, .groups = 2}}, Flatten{}));
  add("winograd", {11, 9, 32}, seq(Conv2d{{.out_channels = 32, .kernel = 3, .padding = 1}}, GlobalAvgPool2d{}));
  add("flatten", {3, 4, 5}, seq(Flatten{}));
  add("one_pixel", {1, 1, 6}, Sequential<float>{});
  add("norm_first", {5, 5, 3},
      seq(BatchNorm2d{{.epsilon = 0.5}}, MaxPool2d{}, BatchNorm2d{}, Flatten{}, BatchNorm1d{}));
  add("norm_behind", {5, 6, 3},
      seq(seq(Conv2d{{.out_channels = 4, .kernel = 2}}), seq(BatchNorm2d{{.epsilon = 0.2}}, LeakyReLU{{.slope = 0.3}}),
          Conv2d{{.out_channels = 3, .kernel = 2, .bias = false}}, BatchNorm2d{}, ReLU{}, Flatten{},
          Linear{{.out_features = 8}}, BatchNorm1d{{.epsilon = 0.1}}, ReLU{}));
  add("max_pool", {9, 7, 2},
      seq(MaxPool2d{{.window = 3, .stride = 2, .padding = 1}}, MaxPool2d{{.window = {2, 1}}}, Flatten{}));
  add("avg_pool", {9, 8, 2},
      seq(AvgPool2d{{.window = {3, 2}, .stride = {2, 1}, .padding = {1, 1}}}, AvgPool2d{{.window = 2}}, Flatten{}));
  add("adaptive_equal", {8, 6, 3}, seq(AdaptiveAvgPool2d{{.height = 4, .width = 2}}, Flatten{}));
  add("adaptive_unequal", {7, 5, 3}, seq(AdaptiveAvgPool2d{{.height = 3, .width = 4}}, Flatten{}));
  add("adaptive_larger", {2, 3, 3}, seq(AdaptiveAvgPool2d{{.height = 3, .width = 3}}, Flatten{}));
  add("adaptive_same", {4, 3, 2}, seq(AdaptiveAvgPool2d{{.height = 4, .width = 3}}, Flatten{}));
  add("own_layer", {4, 4, 3}, seq(Conv2d{{.out_channels = 4, .kernel = 3}}, SiLU<float>{}, Flatten{}, SiLU<float>{}));
  add("vector_to_image", {3, 3, 2},
      seq(Flatten{}, Linear{{.out_features = 6}}, Conv2d{{.out_channels = 4, .kernel = 1}}, BatchNorm2d{},
          MaxPool2d{{.window = 1}}));
  add("residual_of_pixels", {4, 5, 3},  // one branch gives a vector, the other a pixel
      seq(GlobalAvgPool2d{}, residual(seq(Flatten{}, Linear{{.out_features = 3}})),
          residual(seq(Linear{{.out_features = 4}}, ReLU{}), Linear{{.out_features = 4}})));
  add("normalized", {6, 5, 3}, seq(Conv2d{{.out_channels = 4, .kernel = 3, .padding = 1}}, Flatten{}),
      {.normalization = {{0.5F, 0.1F, 0.3F}, {0.25F, 1.0F, 0.125F}}});
  cases.push_back({"residual", residual_network()});
  const auto leaky = small_cnn(true, models::Activation::leaky_relu);
  cases.push_back({"cnn",
                   models::multi_head_cnn<float>(leaky),
                   {.network = exchange::network_json(leaky, "small"),
                    .normalization = {{0.4F, 0.5F, 0.6F}, {0.2F, 0.3F, 0.4F}},
                    .taxonomy = cifar100_taxonomy(),
                    .notes = {{"epoch", 7}}}});
  cases.push_back({"cnn_plain", models::multi_head_cnn<float>(small_cnn(false, models::Activation::relu))});
  for (const Index layers : {9, 18}) {
    const models::ResNetOptions resnet = small_resnet(layers);
    cases.push_back({concat("resnet", layers),
                     models::resnet<float>(resnet),
                     {.network = exchange::network_json(resnet, concat("resnet", layers))}});
  }
  for (NetworkCase& each : cases) randomize(each.model);
  return cases;
}

}  // namespace exchange_test
