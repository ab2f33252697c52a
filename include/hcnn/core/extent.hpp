// Height and width of a kernel, stride or padding.
#pragma once

#include "hcnn/core/shape.hpp"

namespace hcnn {

/// A height and a width; one number stands for both: `.kernel = 3`, `.kernel = {3, 5}`.
struct Extent2 {
  Index height;  ///< rows
  Index width;   ///< columns

  /// The same number for both.
  constexpr Extent2(Index side) : height(side), width(side) {}
  /// Rows, then columns.
  constexpr Extent2(Index rows, Index columns) : height(rows), width(columns) {}

  /// height * width.
  constexpr Index area() const { return height * width; }
  friend constexpr bool operator==(const Extent2&, const Extent2&) = default;
};

/// "3", or "3x5" if the two differ.
inline std::string to_string(const Extent2& extent) {
  return extent.height == extent.width ? concat(extent.height) : concat(extent.height, 'x', extent.width);
}

}  // namespace hcnn
