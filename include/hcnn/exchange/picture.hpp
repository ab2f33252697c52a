// From a picture to the input of a network, as the network's file says.
#pragma once

#include <algorithm>

#include "hcnn/exchange/model_file.hpp"
#include "hcnn/io/picture_fit.hpp"

namespace hcnn::exchange {

/// The picture as a network was trained on such pictures, (1, H, W, C): scaled or cut as `info.fit` says (squashed
/// where it says nothing), from bytes to 0..1, normalised. Throws as `io::input_bytes` and
/// `data::Normalization::check`. `predictor.logits(exchange::picture_tensor(io::read_image("cat.jpg"),
/// predictor.input_shape(), info))`.
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
