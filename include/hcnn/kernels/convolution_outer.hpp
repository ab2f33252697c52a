// Weight gradient of a convolution without im2col: for each kernel tap, sums over all pixels of outer products of an
// input pixel and an output gradient. Groups must be 1.
#pragma once

#include "hcnn/kernels/gemm.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels {

/// Range of outputs [first, last) along one axis for which a tap reads inside the image.
struct TapRange {
  Index first;  ///< first output
  Index last;   ///< one past the last output
};
/// The range for one tap along an axis of `inputs` and `outputs` positions.
inline TapRange tap_range(Index tap, Index dilation, Index stride, Index padding, Index inputs, Index outputs) {
  const Index shift = padding - tap * dilation;  // input = output * stride - shift
  const Index first = shift > 0 ? (shift + stride - 1) / stride : 0;
  const Index last = (inputs - 1 + shift) < 0 ? 0 : (inputs - 1 + shift) / stride + 1;
  return {std::min(first, outputs), std::max(std::min(first, outputs), std::min(last, outputs))};
}
/// Output rows for which a tap in kernel row i reads inside the image.
inline TapRange tap_rows(const ConvGeometry& g, Index i) {
  return tap_range(i, g.dilation.height, g.stride.height, g.padding.height, g.input.height, g.output().height);
}

/// The weight gradient (KH*KW*C, O) split into tiles of one kernel tap, `rows` input and `columns` output channels.
struct OuterTiles {
  Index taps;      ///< KH * KW
  Index channels;  ///< number of input channels, C
  Index outputs;   ///< number of output channels, O
  Index rows;      ///< input channels per tile
  Index columns;   ///< output channels per tile

  /// Tile sizes that suit the kernels.
  template <class E>
  OuterTiles(const MicroKernels<E>& kernels, const ConvGeometry& g)
      : taps(g.kernel.area()),
        channels(g.input.channels),
        outputs(g.out_channels),
        rows(even_tile(channels, kernels.rows)),
        columns(kernels.columns) {}

  Index row_blocks() const { return (channels + rows - 1) / rows; }               ///< tiles along the input channels
  Index column_blocks() const { return (outputs + columns - 1) / columns; }       ///< tiles along the output channels
  Index count() const { return taps * row_blocks() * column_blocks(); }           ///< number of tiles
  Index tap(Index t) const { return t / column_blocks() / row_blocks(); }         ///< kernel tap of tile t
  Index row(Index t) const { return t / column_blocks() % row_blocks() * rows; }  ///< first input channel of tile t
  Index column(Index t) const { return t % column_blocks() * columns; }           ///< first output channel of tile t
  Index height(Index t) const { return std::min(rows, channels - row(t)); }       ///< input channels of tile t
  Index width(Index t) const { return std::min(columns, outputs - column(t)); }   ///< output channels of tile t
};

/// Tiles [begin, end): sums += x^T dy over the given images. sums is (KH*KW*C, O).
inline void conv_outer_tiles(const MicroKernels<float>& kernels, const ConvGeometry& g, const OuterTiles& tiles,
                             TensorView<const float> x, TensorView<const float> dy, Index begin, Index end,
                             float* sums) {
  const Index C = g.input.channels, O = g.out_channels, out_width = dy.shape.width;
  for (Index t = begin; t < end; ++t) {
    const Index i = tiles.tap(t) / g.kernel.width, j = tiles.tap(t) % g.kernel.width;
    const TapRange rows = tap_rows(g, i);
    const TapRange columns = tap_range(j, g.dilation.width, g.stride.width, g.padding.width, g.input.width, out_width);
    if (rows.first == rows.last || columns.first == columns.last) continue;
    const Index y = rows.first * g.stride.height - g.padding.height + i * g.dilation.height;
    const Index u = columns.first * g.stride.width - g.padding.width + j * g.dilation.width;
    kernels.outer(tiles.height(t), tiles.width(t),
                  {.a = x.data + (y * g.input.width + u) * C + tiles.row(t),
                   .b = dy.data + (rows.first * out_width + columns.first) * O + tiles.column(t),
                   .count = {x.count, rows.last - rows.first, columns.last - columns.first},
                   .a_stride = {x.shape.size(), g.stride.height * g.input.width * C, g.stride.width * C},
                   .b_stride = {dy.shape.size(), out_width * O, O},
                   .c = sums + (tiles.tap(t) * C + tiles.row(t)) * O + tiles.column(t),
                   .ldc = O});
  }
}

/// sums += dy^T im2col(x) for float images. Threads own tiles and go through the whole batch in order, in groups of
/// images of about 256 KiB, so that all tiles of a thread find them in the second-level cache.
inline void conv_outer_sums(const MicroKernels<float>& kernels, const ConvGeometry& g, TensorView<const float> x,
                            TensorView<const float> dy, float* sums) {
  const OuterTiles tiles(kernels, g);
  const Index bytes = (x.shape.size() + dy.shape.size()) * Index{sizeof(float)};
  const Index group = std::clamp<Index>((Index{1} << 18) / bytes, 1, x.count);
  parallel_ranges(tiles.count(), [&](Index begin, Index end) {
    for (Index n = 0; n < x.count; n += group) {
      const Index count = std::min(group, x.count - n);
      conv_outer_tiles(kernels, g, tiles, x.slice(n, count), dy.slice(n, count), begin, end, sums);
    }
  });
}

/// The same for images of type T: non-float images are converted, 2 MiB at a time.
template <class T>
void conv_outer_floats(const MicroKernels<float>& kernels, const ConvGeometry& g, TensorView<const T> x,
                       TensorView<const T> dy, float* sums, Workspace& workspace) {
  if constexpr (std::is_same_v<T, float>) return conv_outer_sums(kernels, g, x, dy, sums);
  const Index bytes = (x.shape.size() + dy.shape.size()) * Index{sizeof(float)};
  const Index batch = std::clamp<Index>((Index{1} << 21) / bytes, 1, x.count);
  for (Index n = 0; n < x.count; n += batch) {
    const WorkspaceScope inner(workspace);
    const Index count = std::min(batch, x.count - n);
    conv_outer_sums(kernels, g, {converted<float>(x.sample(n), count * x.shape.size(), workspace), count, x.shape},
                    {converted<float>(dy.sample(n), count * dy.shape.size(), workspace), count, dy.shape}, sums);
  }
}

/// dw += the sums, transposed from (KH*KW*C, O) to (O, KH*KW*C).
inline void add_transposed(Index depth, Index outputs, const float* sums, float* dw) {
  parallel_for(outputs, [&](Index o) {
    for (Index k = 0; k < depth; ++k) dw[o * depth + k] += sums[k * outputs + o];
  });
}

}  // namespace hcnn::kernels
