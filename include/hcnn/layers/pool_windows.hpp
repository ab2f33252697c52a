// Window, stride and padding of a pooling layer: checked, described, and applied to an input shape.
#pragma once

#include "hcnn/core/extent.hpp"
#include "hcnn/kernels/pooling.hpp"

namespace hcnn {

/// Windows of a pooling layer, with PyTorch's conventions: floor((H + 2 padding - window) / stride) + 1 rows.
class PoolWindows {
 public:
  /// `layer` is the name used in errors; a stride of 0 means the window's size. Throws OptionError if the window is
  /// empty, the stride negative, or the padding negative or more than half the window (a window could see padding
  /// alone).
  PoolWindows(std::string layer, Extent2 window, Extent2 stride, Extent2 padding)
      : layer_(std::move(layer)),
        rows_(axis(window.height, stride.height, padding.height)),
        columns_(axis(window.width, stride.width, padding.width)) {}

  /// Applies the windows to an input shape and returns the output shape. Throws ShapeError if no window fits.
  Shape build(const Shape& input) {
    require_positive(layer_, input);
    if (input.height + 2 * rows_.padding < rows_.window || input.width + 2 * columns_.padding < columns_.window)
      fail<ShapeError>(layer_, text(), concat("input is ", input.height, 'x', input.width));
    place(rows_, input.height);
    place(columns_, input.width);
    return {rows_.output, columns_.output, input.channels};
  }

  /// Windows along the height.
  const kernels::SlidingWindows& rows() const { return rows_; }
  /// Windows along the width.
  const kernels::SlidingWindows& columns() const { return columns_; }

  /// E.g. "window 3, stride 2, padding 1"; stride and padding only if not the default.
  std::string text() const {
    std::string text = "window " + pair(rows_.window, columns_.window);
    if (rows_.stride != rows_.window || columns_.stride != columns_.window)
      text += ", stride " + pair(rows_.stride, columns_.stride);
    if (rows_.padding != 0 || columns_.padding != 0) text += ", padding " + pair(rows_.padding, columns_.padding);
    return text;
  }

 private:
  kernels::SlidingWindows axis(Index window, Index stride, Index padding) const {
    const std::string came = concat("window ", window, ", stride ", stride, ", padding ", padding);
    if (window < 1 || stride < 0) fail<OptionError>(layer_, came, "window must be at least 1, stride 0 or more");
    if (padding < 0 || padding > window / 2)
      fail<OptionError>(layer_, came, "padding must be from 0 to half the window");
    return {0, 0, window, stride == 0 ? window : stride, padding};
  }

  static void place(kernels::SlidingWindows& axis, Index input) {
    axis.input = input;
    axis.output = (input + 2 * axis.padding - axis.window) / axis.stride + 1;
  }

  static std::string pair(Index height, Index width) { return to_string(Extent2(height, width)); }

  std::string layer_;
  kernels::SlidingWindows rows_;
  kernels::SlidingWindows columns_;
};

}  // namespace hcnn
