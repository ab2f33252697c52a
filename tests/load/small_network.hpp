// The network that the load tests train and serve: 32x32 pictures, a millisecond a step.
#pragma once

#include "hcnn/models/multi_head_cnn.hpp"

namespace hcnn::testing {

/// Two blocks and three heads over the synthetic pictures.
inline Model<float> load_model(Index pooled = 4) {
  Model<float> model = models::multi_head_cnn<float>({.channels = {8, 16}, .pooled = pooled, .hidden = {32}});
  init::he_normal(model, Seed{1});
  return model;
}

}  // namespace hcnn::testing
