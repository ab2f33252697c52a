// Residual networks for small images: ResNet-9 and ResNet-18.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/layers/adaptive_avg_pool.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/flatten.hpp"
#include "hcnn/layers/residual.hpp"
#include "hcnn/models/parts.hpp"

namespace hcnn::models {

/// Options of `resnet`; the defaults give ResNet-18 for CIFAR-100 with all three heads.
struct ResNetOptions {
  Index layers = 18;       ///< convolutions and linear layers on the longest path: 9 or 18
  Shape input{32, 32, 3};  ///< shape of one image; both sides at least 8 pixels
  Index width = 64;        ///< channels of the first convolution, at least 1
  std::vector<HeadOptions> heads{{"fine", 100}, {"superclass", 20}, {"group", 9}};  ///< heads, at least one
  Activation activation = Activation::relu;  ///< activation after every convolution, or after the sum of a block
  double dropout = 0;                        ///< dropout rate on the features before the heads; 0: no such layer
  bool fuse = true;                          ///< run known layer patterns as fused blocks; see ModelOptions
};

/// Options of the two networks by name: "resnet9" and "resnet18". Throws OptionError for another name.
inline ResNetOptions resnet_options(const std::string& network) {
  if (network != "resnet9" && network != "resnet18")
    fail<OptionError>("network", "'" + network + "'", "expected resnet9 or resnet18");
  return {.layers = network == "resnet9" ? 9 : 18};
}

/// Appends a convolution and batch normalisation, without bias, which the normalisation would cancel.
template <class T>
void add_conv_norm(Sequential<T>& layers, Index channels, Index kernel, Index stride) {
  layers.add(
      Conv2d<T>{{.out_channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = false}});
  layers.add(BatchNorm2d<T>{});
}

/// Appends the layers of the 9-layer `resnet`, from the image to the features.
template <class T>
void add_resnet9(Sequential<T>& trunk, const ResNetOptions& options) {
  const auto block = [&](Index channels, bool pool) {  // conv 3x3, batch norm, activation (, pooling)
    Sequential<T> layers;
    add_conv_norm(layers, channels, 3, 1);
    add_activation(layers, options.activation);
    if (pool) layers.add(MaxPool2d<T>{{.window = 2}});
    return layers;
  };
  const auto twice = [&](Index channels) { return residual(seq(block(channels, false), block(channels, false))); };
  const Index width = options.width;
  trunk.add(block(width, false));
  trunk.add(block(2 * width, true));
  trunk.add(twice(2 * width));
  trunk.add(block(4 * width, true));
  trunk.add(block(8 * width, true));
  trunk.add(twice(8 * width));
  trunk.add(MaxPool2d<T>{{.window = {options.input.height / 8, options.input.width / 8}}});
}

/// Appends the layers of the 18-layer `resnet`, from the image to the features.
template <class T>
void add_resnet18(Sequential<T>& trunk, const ResNetOptions& options) {
  add_conv_norm(trunk, options.width, 3, 1);
  add_activation(trunk, options.activation);
  Index channels = options.width;
  for (Index stage = 0; stage < 4; ++stage)
    for (Index i = 0; i < 2; ++i) {
      const Index stride = stage > 0 && i == 0 ? 2 : 1, inputs = std::exchange(channels, options.width << stage);
      Sequential<T> body, projection;
      add_conv_norm(body, channels, 3, stride);
      add_activation(body, options.activation);
      add_conv_norm(body, channels, 3, 1);
      if (stride == 1 && inputs == channels) {
        trunk.add(residual(std::move(body)));
      } else {
        add_conv_norm(projection, channels, 1, stride);
        trunk.add(residual(std::move(body), std::move(projection)));
      }
      add_activation(trunk, options.activation);
    }
  trunk.add(GlobalAvgPool2d<T>{});
}

/// Builds a residual network. With 9 layers, where "c" is (conv 3x3, batch norm, activation) and "p" max-pooling 2:
///   c 64, c 128 p, [c 128, c 128] + x, c 256 p, c 512 p, [c 512, c 512] + x, max-pooling of the whole map
/// (6,619,300 parameters with one head of 100 classes). With 18 layers: c 64, then for k = 64, 128, 256, 512 twice
///   [c k, conv 3x3 and batch norm k] + x, activation
/// where the first block of each k but the first has stride 2 and a 1x1 convolution on x; then global average pooling
/// (11,220,132). Both end with a linear layer for each head. Throws OptionError for another number of layers, a width
/// below 1 and a dropout rate outside [0, 1), ShapeError for images with a side of less than 8 pixels.
/// Sources: He, Zhang, Ren, Sun 2015, arXiv:1512.03385, whose first layers are for larger images; David Page 2018, "How
/// to Train Your ResNet", part 4, whose 9 layers also multiply the logits by 1/8.
template <class T = float>
Model<T> resnet(const ResNetOptions& options = {}) {
  if (options.layers != 9 && options.layers != 18)
    fail<OptionError>("resnet", concat(options.layers, " layers"), "9 or 18 are known");
  require_option(options.width >= 1, "resnet", "width", options.width, "must be at least 1");
  require_dropout_rate("resnet: Dropout", options.dropout);
  if (options.input.height < 8 || options.input.width < 8)
    fail<ShapeError>("resnet", "an image " + to_string(options.input), "both sides must have 8 pixels");
  Sequential<T> trunk;
  options.layers == 9 ? add_resnet9(trunk, options) : add_resnet18(trunk, options);
  trunk.add(Flatten<T>{});
  if (options.dropout > 0) trunk.add(Dropout<T>{{.rate = options.dropout}});
  return Model<T>(options.input, std::move(trunk), linear_heads<T>(options.heads), {.fuse = options.fuse});
}

/// Number of values in the parameters and buffers of `resnet(options)`, computed without building it.
inline Index state_values(const ResNetOptions& options) {
  const Index w = options.width;
  const auto conv = [](Index inputs, Index channels, Index taps = 9) {
    return conv_values(inputs, channels, taps, false, true);
  };
  Index values = conv(options.input.channels, w) + head_values(8 * w, options.heads);
  if (options.layers == 9)
    return values + conv(w, 2 * w) + 2 * conv(2 * w, 2 * w) + conv(2 * w, 4 * w) + conv(4 * w, 8 * w) +
           2 * conv(8 * w, 8 * w);
  for (int stage = 0; stage < 4; ++stage) {
    const Index channels = w << stage, inputs = stage == 0 ? w : channels / 2;
    values += conv(inputs, channels) + 3 * conv(channels, channels) + (stage > 0 ? conv(inputs, channels, 1) : 0);
  }
  return values;
}

/// Upper bound on the output values of any convolution or pooling of `resnet(options)`, for one sample.
inline Index layer_values(const ResNetOptions& options) {
  return options.input.pixels() * std::max(options.input.channels, 2 * options.width);
}

}  // namespace hcnn::models
