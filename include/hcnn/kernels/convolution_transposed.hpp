// The weight gradient for kernels without `outer` (AMX): for each kernel tap a product of the input, with channels as
// rows and all pixels of a group of images side by side, and the output gradient in panels. Strides and groups must be
// 1.
#pragma once

#include "hcnn/kernels/convolution_outer.hpp"
#include "hcnn/kernels/transposed_pairs.hpp"

namespace hcnn::kernels {

/// A group of images in the layout that the products read. For kernel column j, a pixel pair of dy is multiplied by the
/// input pixels j * dilation further right, so the input is laid out once for each kernel column. Its zero border above
/// and below makes every kernel row one contiguous run of pairs.
class TransposedImages {
 public:
  /// Room for this many images; call `fill` for each.
  TransposedImages(const MicroKernels<bfloat16>& kernels, const ConvGeometry& g, Index images, Workspace& workspace)
      : kernels_(kernels),
        g_(g),
        images_(images),
        dy_pairs_((g.output().width + 1) / 2),
        depth_(round_up(g.output().height * dy_pairs_, kernels.length_step / 2)),
        x_pairs_(round_up((g.span().height - 1) * dy_pairs_ + depth_, kLanes)) {
    x_ = workspace.take<bfloat16>(images * x_size());
    dy_ = workspace.take<bfloat16>(panels() * panel_size());
  }

  /// Bytes per image.
  static Index bytes(const ConvGeometry& g) {
    const Shape out = g.output();
    return 2 * ((out.height + g.span().height) * (out.width + 1) * g.input.channels * g.kernel.width + out.size());
  }

  /// Lays out image n of the group.
  void fill(Index n, const bfloat16* x, const bfloat16* dy) const {
    Workspace& scratch = thread_scratch();
    const WorkspaceScope scope(scratch);
    const Index C = g_.input.channels, O = g_.out_channels, row = dy_pairs_ * C * 2;
    bfloat16* pairs = scratch.take<bfloat16>(std::max(x_pairs_ * C, depth_ * O) * 2);
    const Index above = std::min(g_.padding.height, x_pairs_ / dy_pairs_);
    const Index rows = std::min(g_.input.height, x_pairs_ / dy_pairs_ - above);
    Shape inside = g_.input;
    inside.height = rows;
    for (Index j = 0; j < g_.kernel.width; ++j) {
      std::fill_n(pairs, above * row, bfloat16{});
      run_beside_kernels<PairPixels>(x, inside, j * g_.dilation.width - g_.padding.width, dy_pairs_,
                                     pairs + above * row);
      std::fill(pairs + (above + rows) * row, pairs + x_pairs_ * C * 2, bfloat16{});
      run_beside_kernels<TransposePairs>(pairs, x_pairs_, C, x_ + n * x_size() + j * C * x_pairs_ * 2, x_pairs_);
    }
    run_beside_kernels<PairPixels>(dy, g_.output(), Index{0}, dy_pairs_, pairs);
    std::fill(pairs + g_.output().height * dy_pairs_ * O * 2, pairs + depth_ * O * 2, bfloat16{});
    pack_pair_panels(pairs, depth_, O, kernels_.columns, dy_ + n * depth_ * kernels_.columns * 2, panel_size());
  }

  /// Tiles [begin, end): sums += x^T dy over the first `count` images. sums is (KH*KW*C, O).
  void add_products(const OuterTiles& tiles, Index count, Index begin, Index end, float* sums) const {
    Workspace& scratch = thread_scratch();
    const WorkspaceScope scope(scratch);
    const Index C = g_.input.channels, O = g_.out_channels;
    const bfloat16** rows = scratch.take<const bfloat16*>(kernels_.rows);
    Index* offsets = scratch.take<Index>(count);
    for (Index n = 0; n < count; ++n) offsets[n] = n * x_size();
    for (Index t = begin; t < end; ++t) {
      const Index i = tiles.tap(t) / g_.kernel.width, j = tiles.tap(t) % g_.kernel.width;
      for (Index r = 0; r < tiles.height(t); ++r)
        rows[r] = x_ + ((j * C + tiles.row(t) + r) * x_pairs_ + i * g_.dilation.height * dy_pairs_) * 2;
      kernels_.gather(tiles.height(t), tiles.width(t), true,
                      {.rows = rows,
                       .offsets = offsets,
                       .segments = count,
                       .length = depth_ * 2,
                       .panel = dy_ + tiles.column(t) / kernels_.columns * panel_size(),
                       .bias = nullptr,
                       .c = sums + (tiles.tap(t) * C + tiles.row(t)) * O + tiles.column(t),
                       .ldc = O});
    }
  }

 private:
  Index panels() const { return (g_.out_channels + kernels_.columns - 1) / kernels_.columns; }
  Index panel_size() const { return images_ * depth_ * kernels_.columns * 2; }         // values of all images
  Index x_size() const { return g_.kernel.width * g_.input.channels * x_pairs_ * 2; }  // values of one image

  const MicroKernels<bfloat16>& kernels_;
  const ConvGeometry& g_;
  Index images_;
  Index dy_pairs_;  // pairs per row
  Index depth_;     // pairs of one image of dy, including padding to a full step
  Index x_pairs_;   // pairs per channel of one image
  bfloat16* x_;     // (images, KW, C, x_pairs, 2)
  bfloat16* dy_;    // (panels, images, depth, columns, 2)
};

/// sums += dy^T im2col(x). Lays out groups of about 1 MiB; then threads own tiles, and each tile takes the images in
/// order, so that neither the threads nor the size of the groups change the bits.
inline void conv_transposed(const MicroKernels<bfloat16>& kernels, const ConvGeometry& g, TensorView<const bfloat16> x,
                            TensorView<const bfloat16> dy, float* sums, Workspace& workspace) {
  const OuterTiles tiles(kernels, g);
  const Index group = std::min(std::max<Index>((Index{1} << 20) / TransposedImages::bytes(g), thread_count()), x.count);
  const TransposedImages images(kernels, g, group, workspace);
  for (Index n = 0; n < x.count; n += group) {
    const Index count = std::min(group, x.count - n);
    parallel_for(count, [&](Index m) { images.fill(m, x.sample(n + m), dy.sample(n + m)); });
    parallel_ranges(tiles.count(),
                    [&](Index begin, Index end) { images.add_products(tiles, count, begin, end, sums); });
  }
}

}  // namespace hcnn::kernels
