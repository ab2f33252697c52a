// Extents of one sample: height, width, channels.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <string>

#include "hcnn/core/check.hpp"

namespace hcnn {

/// Type of sizes and positions; signed, so that differences can be negative.
using Index = std::ptrdiff_t;

/// Extents of one sample, stored as height, width, channels ("channels last"). A feature vector is 1x1xchannels.
struct Shape {
  Index height = 1;    ///< rows of pixels
  Index width = 1;     ///< columns of pixels
  Index channels = 1;  ///< values per pixel

  /// Number of pixels: height * width.
  constexpr Index pixels() const { return height * width; }
  /// Number of values: height * width * channels.
  constexpr Index size() const { return height * width * channels; }

  friend constexpr bool operator==(const Shape&, const Shape&) = default;
};

/// "32x32x3".
inline std::string to_string(const Shape& shape) { return concat(shape.height, 'x', shape.width, 'x', shape.channels); }

/// True if the product of these extents, each at least 0, fits in an Index.
inline bool product_fits(std::span<const Index> extents) {
  Index product = 1;
  for (const Index extent : extents) {
    if (extent > 0 && product > std::numeric_limits<Index>::max() / extent) return false;
    product *= extent;
  }
  return true;
}

/// Number of values of `count` samples. Throws std::bad_array_new_length if it does not fit in an Index.
inline Index values_of(Index count, const Shape& shape) {
  const std::array extents{count, shape.height, shape.width, shape.channels};
  if (!product_fits(extents)) throw std::bad_array_new_length();
  return count * shape.size();
}

/// Throws ShapeError unless every extent is at least 1 and the number of values fits in an Index.
inline void require_positive(const std::string& where, const Shape& shape) {
  if (shape.height < 1 || shape.width < 1 || shape.channels < 1)
    fail<ShapeError>(where, "shape " + to_string(shape), "every extent must be at least 1");
  const std::array extents{shape.height, shape.width, shape.channels};
  if (!product_fits(extents))
    fail<ShapeError>(where, "shape " + to_string(shape), "fewer than 2^63 values are possible");
}

}  // namespace hcnn
