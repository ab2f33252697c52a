// The weight gradient for kernels that multiply pairs of bfloat16: neighbouring pixels of a row are interleaved first,
// once for each image. Horizontal stride must be 1, groups must be 1.
#pragma once

#include "hcnn/kernels/convolution_outer.hpp"

namespace hcnn::kernels {

/// A group of images as pairs. Kernel column j needs input pixels that start j * dilation further right, so the input
/// is paired twice: starting at even and at odd columns of the padded image.
class PairedImages {
 public:
  /// Room for this many images; call `fill` for each.
  PairedImages(const ConvGeometry& g, Index images, Workspace& workspace)
      : g_(g),
        output_(g.output()),
        x_pairs_((round_up(output_.width, 2) + g.span().width) / 2),
        dy_pairs_((output_.width + 1) / 2) {
    x_ = workspace.take<bfloat16>(images * 2 * phase_size());
    dy_ = workspace.take<bfloat16>(images * dy_size());
  }

  /// Bytes per image.
  static Index bytes(const ConvGeometry& g) {
    const Shape out = g.output();
    return 4 * (g.input.height * (out.width + g.span().width) * g.input.channels + out.size());
  }

  /// Lays out image n of the group.
  void fill(Index n, const bfloat16* x, const bfloat16* dy) const {
    for (Index phase = 0; phase < 2; ++phase)
      run_vectorized<PairPixels>(x, g_.input, phase - g_.padding.width, x_pairs_, x_ + (2 * n + phase) * phase_size());
    run_vectorized<PairPixels>(dy, output_, Index{0}, dy_pairs_, dy_ + n * dy_size());
  }

  /// Tiles [begin, end): sums += x^T dy over the first `count` images. sums is (KH*KW*C, O).
  void add_outer(const MicroKernels<bfloat16>& kernels, const OuterTiles& tiles, Index count, Index begin, Index end,
                 float* sums) const {
    const Index C = g_.input.channels, O = g_.out_channels;
    for (Index t = begin; t < end; ++t) {
      const Index i = tiles.tap(t) / g_.kernel.width, shift = tiles.tap(t) % g_.kernel.width * g_.dilation.width;
      const TapRange rows = tap_rows(g_, i);
      if (rows.first == rows.last) continue;
      const Index y = rows.first * g_.stride.height - g_.padding.height + i * g_.dilation.height;
      kernels.outer(tiles.height(t), tiles.width(t),
                    {.a = x_ + shift % 2 * phase_size() + ((y * x_pairs_ + shift / 2) * C + tiles.row(t)) * 2,
                     .b = dy_ + (rows.first * dy_pairs_ * O + tiles.column(t)) * 2,
                     .count = {count, rows.last - rows.first, dy_pairs_},
                     .a_stride = {2 * phase_size(), g_.stride.height * x_pairs_ * C * 2, C * 2},
                     .b_stride = {dy_size(), dy_pairs_ * O * 2, O * 2},
                     .c = sums + (tiles.tap(t) * C + tiles.row(t)) * O + tiles.column(t),
                     .ldc = O});
    }
  }

 private:
  Index phase_size() const { return g_.input.height * x_pairs_ * g_.input.channels * 2; }
  Index dy_size() const { return output_.height * dy_pairs_ * g_.out_channels * 2; }

  const ConvGeometry& g_;
  Shape output_;
  Index x_pairs_;   // pairs per row of one phase
  Index dy_pairs_;  // pairs per row
  bfloat16* x_;
  bfloat16* dy_;
};

/// sums += dy^T im2col(x). Lays out groups of about 1 MiB as pairs; then threads own tiles, and each tile takes the
/// images in order, so that neither the threads nor the size of the groups change the bits.
inline void conv_outer_pairs(const MicroKernels<bfloat16>& kernels, const ConvGeometry& g, TensorView<const bfloat16> x,
                             TensorView<const bfloat16> dy, float* sums, Workspace& workspace) {
  const OuterTiles tiles(kernels, g);
  const Index group = std::min(std::max<Index>((Index{1} << 20) / PairedImages::bytes(g), thread_count()), x.count);
  const PairedImages images(g, group, workspace);
  for (Index n = 0; n < x.count; n += group) {
    const Index count = std::min(group, x.count - n);
    parallel_for(count, [&](Index m) { images.fill(m, x.sample(n + m), dy.sample(n + m)); });
    parallel_ranges(tiles.count(),
                    [&](Index begin, Index end) { images.add_outer(kernels, tiles, count, begin, end, sums); });
  }
}

}  // namespace hcnn::kernels
