// Convolutional networks of the CIFAR-100 experiments.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/layers/adaptive_avg_pool.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/flatten.hpp"
#include "hcnn/models/parts.hpp"

namespace hcnn::models {

/// Options of `multi_head_cnn`; the defaults give the multi-head network for CIFAR-100.
struct MultiHeadCnnOptions {
  Shape input{32, 32, 3};                     ///< shape of one image
  std::vector<Index> channels{64, 128, 256};  ///< channels of each block of two convolutions and a pooling
  Index pooled = 4;                           ///< height and width after the adaptive average pooling, pixels
  std::vector<Index> hidden{1024, 512};       ///< widths of the linear layers before the heads
  std::vector<HeadOptions> heads{{"fine", 100}, {"superclass", 20}, {"group", 9}};  ///< heads, at least one
  Activation activation = Activation::relu;  ///< activation after every convolution and hidden linear layer
  double dropout = 0.5;                      ///< dropout rate after each hidden linear layer
  bool batch_norm = true;                    ///< whether batch normalisation follows each convolution
  bool fuse = true;                          ///< run known layer patterns as fused blocks; see ModelOptions
};

/// Options of the three networks by name: "multihead" (5,933,505 parameters), "severity" (fine head only, 5,918,628)
/// and "compact" (one hidden layer of 320, 2,499,649). Throws OptionError for another name.
inline MultiHeadCnnOptions multi_head_cnn_options(const std::string& network) {
  MultiHeadCnnOptions options;
  if (network == "severity")
    options.heads = {{"fine", 100}};
  else if (network == "compact")
    options.hidden = {320};
  else if (network != "multihead")
    fail<OptionError>("network", "'" + network + "'", "expected multihead, severity or compact");
  return options;
}

/// Builds the network: [conv 3x3, batch norm, activation] x 2 and max-pooling 2 for each entry of `channels`, adaptive
/// average pooling, linear layers with activation and dropout, and a linear layer for each head. Shapes: `input`, each
/// side at least 2^blocks pixels, to logits (N, classes) for each head. Throws OptionError for an option outside its
/// range, ShapeError for smaller images.
template <class T = float>
Model<T> multi_head_cnn(const MultiHeadCnnOptions& options = {}) {
  require_dropout_rate("multi_head_cnn: Dropout", options.dropout);
  Sequential<T> trunk;
  for (Index channels : options.channels) {
    Sequential<T> block;
    for (int convolution = 0; convolution < 2; ++convolution) {
      block.add(Conv2d<T>{{.out_channels = channels, .kernel = 3, .padding = 1}});
      if (options.batch_norm) block.add(BatchNorm2d<T>{});
      add_activation(block, options.activation);
    }
    block.add(MaxPool2d<T>{{.window = 2}});
    trunk.add(std::move(block));
  }
  trunk.add(AdaptiveAvgPool2d<T>{{.height = options.pooled, .width = options.pooled}});
  trunk.add(Flatten<T>{});
  for (Index width : options.hidden) {
    trunk.add(Linear<T>{{.out_features = width}});
    add_activation(trunk, options.activation);
    trunk.add(Dropout<T>{{.rate = options.dropout}});
  }
  return Model<T>(options.input, std::move(trunk), linear_heads<T>(options.heads), {.fuse = options.fuse});
}

/// Number of values in the parameters and buffers of `multi_head_cnn(options)`, computed without building it.
inline Index state_values(const MultiHeadCnnOptions& options) {
  Index values = 0, inputs = options.input.channels;
  for (const Index channels : options.channels)
    for (int convolution = 0; convolution < 2; ++convolution)
      values += conv_values(std::exchange(inputs, channels), channels, 9, true, options.batch_norm);
  inputs *= options.pooled * options.pooled;
  for (const Index width : options.hidden) values += linear_values(std::exchange(inputs, width), width);
  return values + head_values(inputs, options.heads);
}

/// Upper bound on the output values of any convolution or pooling of `multi_head_cnn(options)`, for one sample.
inline Index layer_values(const MultiHeadCnnOptions& options) {
  Index widest = options.input.channels;
  for (const Index channels : options.channels) widest = std::max(widest, channels);
  return std::max(options.input.pixels(), options.pooled * options.pooled) * widest;
}

}  // namespace hcnn::models
