// The convolutions of the multi-head networks, and what a table calls them.
#pragma once

#include <hcnn/hcnn.hpp>
#include <string>

namespace benchmarks {

using namespace hcnn;

/// A 3x3 convolution of square images that keeps their size; `side` is in pixels.
constexpr kernels::ConvGeometry conv3x3(Index in_channels, Index out_channels, Index side) {
  return {.input = {side, side, in_channels}, .out_channels = out_channels, .kernel = 3, .padding = 1};
}

/// Every convolution of the multi-head networks, from the images on.
inline constexpr kernels::ConvGeometry kConvolutions[] = {conv3x3(3, 64, 32),   conv3x3(64, 64, 32),
                                                          conv3x3(64, 128, 16), conv3x3(128, 128, 16),
                                                          conv3x3(128, 256, 8), conv3x3(256, 256, 8)};

/// In-channels, out-channels and side: "64->128@16".
inline std::string layer_name(const kernels::ConvGeometry& g) {
  return concat(g.input.channels, "->", g.out_channels, '@', g.input.height);
}

}  // namespace benchmarks
