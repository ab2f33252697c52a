// From an image file to the input of a network, as described in the network's model file.
#pragma once

#include <algorithm>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/io/picture_fit.hpp"

namespace hcnn::exchange {

/// The image prepared as the network's training images were, (1, H, W, C): scaled or cropped as `info.fit` says
/// (squashed if unset), converted from bytes to 0..1, normalised. Throws what `io::input_bytes` and
/// `data::Normalization::check` throw.
/// `predictor.logits(exchange::picture_tensor(io::read_image("cat.jpg"), predictor.input_shape(), info))`.
inline Tensor<float> picture_tensor(const io::Image& picture, const Shape& shape, const ModelInfo& info) {
  info.normalization.check(shape);
  const auto bytes = io::input_bytes(picture, shape, info.fit.value_or(io::Fit::squash));
  Tensor<float> sample(1, shape);
  std::transform(bytes.begin(), bytes.end(), sample.begin(),
                 [](auto byte) { return static_cast<float>(byte) / 255.0F; });
  info.normalization.apply(sample.data(), shape);
  return sample;
}

}  // namespace hcnn::exchange
