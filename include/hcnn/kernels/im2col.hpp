// The geometry of a convolution, and the portable way to turn it into a matrix product: im2col and col2im.
#pragma once

#include <algorithm>

#include "hcnn/core/extent.hpp"

namespace hcnn::kernels {

/// Extents of a 2-d convolution of one sample. Weights are (O, KH, KW, C / groups) in memory.
struct ConvGeometry {
  Shape input;             ///< shape of one input sample
  Index out_channels = 1;  ///< number of output channels, O
  Extent2 kernel = 1;      ///< kernel size, taps
  Extent2 stride = 1;      ///< distance between neighbouring windows, pixels
  Extent2 padding = 0;     ///< zero pixels on each side
  Extent2 dilation = 1;    ///< distance between neighbouring taps, pixels
  Index groups = 1;        ///< number of channel groups that are convolved separately

  /// Height and width covered by the dilated kernel.
  constexpr Extent2 span() const {
    return {dilation.height * (kernel.height - 1) + 1, dilation.width * (kernel.width - 1) + 1};
  }
  /// Shape of one output sample.
  constexpr Shape output() const {
    return {(input.height + 2 * padding.height - span().height) / stride.height + 1,
            (input.width + 2 * padding.width - span().width) / stride.width + 1, out_channels};
  }
  /// Input channels per group.
  constexpr Index group_inputs() const { return input.channels / groups; }
  /// Output channels per group.
  constexpr Index group_outputs() const { return out_channels / groups; }
  /// Number of weights per output channel: KH * KW * C / groups.
  constexpr Index depth() const { return kernel.area() * group_inputs(); }
};

/// Lays the pixels under the kernel side by side, for one image and one group.   (OH*OW, KH*KW*C/groups)
/// Pixels outside the image are 0. `columns` may have another type than the image.
template <class T, class M>
void im2col(const ConvGeometry& g, Index group, const T* image, M* columns) {
  const Shape out = g.output();
  const Index channels = g.group_inputs();
  for (Index y = 0; y < out.height; ++y)
    for (Index x = 0; x < out.width; ++x)
      for (Index i = 0; i < g.kernel.height; ++i)
        for (Index j = 0; j < g.kernel.width; ++j, columns += channels) {
          const Index row = y * g.stride.height - g.padding.height + i * g.dilation.height;
          const Index column = x * g.stride.width - g.padding.width + j * g.dilation.width;
          if (row < 0 || row >= g.input.height || column < 0 || column >= g.input.width) {
            std::fill_n(columns, channels, M{0});
            continue;
          }
          const T* pixel = image + (row * g.input.width + column) * g.input.channels + group * channels;
          for (Index c = 0; c < channels; ++c) columns[c] = static_cast<M>(pixel[c]);
        }
}

/// Adds the columns back to the pixels they came from: the transpose of `im2col`.
template <class M>
void add_col2im(const ConvGeometry& g, Index group, const M* columns, M* image) {
  const Shape out = g.output();
  const Index channels = g.group_inputs();
  for (Index y = 0; y < out.height; ++y)
    for (Index x = 0; x < out.width; ++x)
      for (Index i = 0; i < g.kernel.height; ++i)
        for (Index j = 0; j < g.kernel.width; ++j, columns += channels) {
          const Index row = y * g.stride.height - g.padding.height + i * g.dilation.height;
          const Index column = x * g.stride.width - g.padding.width + j * g.dilation.width;
          if (row < 0 || row >= g.input.height || column < 0 || column >= g.input.width) continue;
          M* pixel = image + (row * g.input.width + column) * g.input.channels + group * channels;
          for (Index c = 0; c < channels; ++c) pixel[c] += columns[c];
        }
}

}  // namespace hcnn::kernels
