// Every layer against PyTorch's outputs, gradients and running statistics (tests/reference/make_layers.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "../reference/load_json.hpp"
#include "figure.hpp"
#include "hcnn/layers/activation.hpp"
#include "hcnn/layers/adaptive_avg_pool.hpp"
#include "hcnn/layers/avg_pool.hpp"
#include "hcnn/layers/batch_norm.hpp"
#include "hcnn/layers/conv2d.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/flatten.hpp"
#include "hcnn/layers/linear.hpp"
#include "hcnn/layers/max_pool.hpp"
#include "hcnn/layers/residual.hpp"
#include "hcnn/layers/sequential.hpp"
#include "worse.hpp"

using namespace hcnn;
using nlohmann::json;

namespace {

const json& expected() {
  static const json cases = reference::load_json("layers.json");
  return cases;
}

// As in make_layers.py.
double pattern(Index stream, Index index) {
  return static_cast<double>((stream * 7919 + index * 104729 + 12345) % 2003) * 2.0 / 2003 - 1;
}

Extent2 extent(const json& pair) { return {pair[0].get<Index>(), pair[1].get<Index>()}; }

// The blocks of residual_cases() in make_layers.py.
template <class T>
Residual<T> make_residual(bool projection) {
  const auto conv = [](Index channels, Index kernel, Index stride, bool bias) {
    return Conv2d<T>{
        {.out_channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = bias}};
  };
  if (!projection)
    return residual(seq(conv(4, 3, 1, false), BatchNorm2d<T>{}, ReLU<T>{}, conv(3, 3, 1, false), BatchNorm2d<T>{}));
  return residual(seq(conv(4, 3, 2, false), BatchNorm2d<T>{}, LeakyReLU<T>{{.slope = 0.1}}, conv(5, 3, 1, true),
                      LeakyReLU<T>{{.slope = 0.1}}),
                  seq(conv(5, 1, 2, false), BatchNorm2d<T>{}));
}

template <class T>
std::unique_ptr<Layer<T>> make_layer(const std::string& type, const json& o) {
  const auto windows = [&]<class Options>(Options) {
    return Options{.window = extent(o["window"]), .stride = extent(o["stride"]), .padding = extent(o["padding"])};
  };
  if (type == "Conv2d")
    return to_layer(Conv2d<T>{{.out_channels = o["out_channels"],
                               .kernel = extent(o["kernel"]),
                               .stride = extent(o["stride"]),
                               .padding = extent(o["padding"]),
                               .dilation = extent(o["dilation"]),
                               .groups = o["groups"],
                               .bias = o["bias"]}});
  if (type == "BatchNorm2d") return to_layer(BatchNorm2d<T>{{.momentum = o["momentum"], .epsilon = o["epsilon"]}});
  if (type == "Linear") return to_layer(Linear<T>{{.out_features = o["out_features"], .bias = o["bias"]}});
  if (type == "ReLU") return to_layer(ReLU<T>{});
  if (type == "LeakyReLU") return to_layer(LeakyReLU<T>{{.slope = o["slope"]}});
  if (type == "MaxPool2d") return to_layer(MaxPool2d<T>(windows(MaxPool2dOptions{})));
  if (type == "AvgPool2d") return to_layer(AvgPool2d<T>(windows(AvgPool2dOptions{})));
  if (type == "AdaptiveAvgPool2d") return to_layer(AdaptiveAvgPool2d<T>{{.height = o["height"], .width = o["width"]}});
  if (type == "GlobalAvgPool2d") return to_layer(GlobalAvgPool2d<T>{});
  if (type == "Flatten") return to_layer(Flatten<T>{});
  if (type == "Dropout") return to_layer(Dropout<T>{{.rate = o["rate"]}});
  if (type == "Residual") return to_layer(make_residual<T>(o["projection"]));
  throw std::runtime_error("no such layer: " + type);
}

// Where value i of PyTorch's order N, C, H, W lies in N, H, W, C.
Index nhwc(const Shape& shape, Index i) {
  const Index p = i % shape.pixels(), c = i / shape.pixels() % shape.channels, n = i / shape.size();
  return n * shape.size() + p * shape.channels + c;
}

template <class T>
Tensor<T> filled(Index stream, Index count, const Shape& shape) {
  Tensor<T> tensor(count, shape);
  for (Index i = 0; i < tensor.size(); ++i) tensor[nhwc(shape, i)] = static_cast<T>(pattern(stream, i));
  return tensor;
}

// Largest |got - expected| over the largest |expected| (at least 1): `at(i)` is value i in PyTorch's order.
template <class At>
double error_of(const json& wanted, const At& at) {
  double largest = 1, error = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    largest = std::max(largest, std::abs(wanted[i].get<double>()));
    error = testing::worse(error, std::abs(static_cast<double>(at(static_cast<Index>(i))) - wanted[i].get<double>()));
  }
  return error / largest;
}

// The largest error of the record's outputs and gradients.
template <class T>
double check_case(const json& record, double tolerance) {
  double worst = 0;
  const auto check = [&](double error) {
    CHECK(error <= tolerance);
    worst = testing::worse(worst, error);
  };
  const auto sides = record["input"].get<std::vector<Index>>();
  const Index count = sides[0];
  const std::unique_ptr<Layer<T>> layer = make_layer<T>(record["layer"], record["options"]);
  const Shape input{sides[2], sides[3], sides[1]}, output = layer->setup(input);
  ParamList<T> params;
  layer->attach("layer", params);
  const auto name_of = [](const Param<T>& param) { return param.name.substr(std::string("layer.").size()); };
  Index stream = 10;
  for (Param<T>* param : params) {
    if (param->is_buffer()) continue;
    REQUIRE(record["parameters"][name_of(*param)] == json(param->dims));
    for (Index i = 0; i < param->size(); ++i)
      param->value()[param->memory_index(i)] = static_cast<T>(pattern(stream, i));
    param->touch();
    ++stream;
  }
  CHECK(params.size() == record["parameters"].size() + record["buffers"].size());

  Workspace workspace;
  Tensor<T> x, y(count, output), dx(count, input);
  for (Index step = 0; step < record["steps"].get<Index>(); ++step) {
    x = filled<T>(step, count, input);
    Tensor<T> dy = filled<T>(100 + step, count, output);
    workspace.reset();
    layer->forward(std::as_const(x), y, Pass{}, workspace);
    layer->backward(std::as_const(x), std::as_const(y), dy, dx, workspace);
  }
  const auto in_order = [](const Tensor<T>& tensor) {
    return [&tensor](Index i) { return tensor[nhwc(tensor.shape(), i)]; };
  };
  CHECK(record["y"].size() == static_cast<std::size_t>(y.size()));
  check(error_of(record["y"], in_order(y)));
  check(error_of(record["dx"], in_order(dx)));
  for (const Param<T>* param : params) {
    CAPTURE(param->name);
    const json& wanted = record[param->is_buffer() ? "buffers" : "gradients"].at(name_of(*param));
    const T* got = param->is_buffer() ? param->value() : param->grad();
    check(error_of(wanted, [&](Index i) { return got[param->memory_index(i)]; }));
  }
  workspace.reset();
  layer->infer(std::as_const(x), y, workspace);
  check(error_of(record["y_eval"], in_order(y)));
  return worst;
}

}  // namespace

TEST_CASE("in double every layer computes PyTorch's numbers to 1e-10") {
  double worst = 0;
  for (const json& record : expected()) {
    CAPTURE(record["layer"].get<std::string>() + " " + record["name"].get<std::string>());
    worst = std::max(worst, check_case<double>(record, 1e-10));
  }
  testing::figure("R4", expected().size(), " layers in double: within ", worst);
}

TEST_CASE("in float every layer computes PyTorch's numbers to 1e-5") {
  double worst = 0;
  for (const json& record : expected()) {
    CAPTURE(record["layer"].get<std::string>() + " " + record["name"].get<std::string>());
    worst = std::max(worst, check_case<float>(record, 1e-5));
  }
  testing::figure("R4", expected().size(), " layers in float: within ", worst);
}

TEST_CASE("PyTorch's numbers cover every layer") {
  std::set<std::string> covered;
  for (const json& record : expected()) covered.insert(record["layer"].get<std::string>());
  CHECK(covered == std::set<std::string>{"AdaptiveAvgPool2d", "AvgPool2d", "BatchNorm2d", "Conv2d", "Dropout",
                                         "Flatten", "GlobalAvgPool2d", "LeakyReLU", "Linear", "MaxPool2d", "ReLU",
                                         "Residual"});
}
