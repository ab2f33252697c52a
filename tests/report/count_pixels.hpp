// What tests of pictures count.
#pragma once

#include "hcnn/io/image.hpp"

namespace hcnn::testing {

/// Number of pixels of exactly this colour.
inline Index count_pixels(const io::Image& image, io::Colour colour) {
  Index pixels = 0;
  for (Index y = 0; y < image.height; ++y)
    for (Index x = 0; x < image.width; ++x) pixels += image.get(x, y) == colour;
  return pixels;
}

}  // namespace hcnn::testing
