// Forward pass and data gradient of a 3x3 convolution with stride 1 by Winograd's F(4x4, 3x3): a quarter of the
// multiplications. Tiles of an image are transformed to 36 points, each point is a matrix product over the channels (by
// the micro-kernels), and the results are transformed back, all for a few tiles at a time, in the cache.
#pragma once

#include "hcnn/kernels/convolution_gather.hpp"
#include "hcnn/kernels/winograd.hpp"

namespace hcnn::kernels {

/// Pointers to the side x side pixels of an image starting at (top, left), row by row; those outside point to
/// `outside`.
template <class T>
void tile_pixels(T* image, const Shape& shape, Index top, Index left, Index side, std::type_identity_t<T>* outside,
                 T** pixels) {
  for (Index p = 0; p < side * side; ++p) {
    const Index row = top + p / side, column = left + p % side;
    const bool inside = row >= 0 && row < shape.height && column >= 0 && column < shape.width;
    pixels[p] = inside ? image + (row * shape.width + column) * shape.channels : outside;
  }
}

/// A 3x3 convolution with stride 1 for Winograd: the forward pass, or the data gradient with mirrored kernels.
struct WinogradPlan {
  Shape input;      ///< shape of one input sample
  Shape output;     ///< shape of one output sample
  Extent2 padding;  ///< zero pixels on each side of the input

  /// Plan of the forward pass.
  static WinogradPlan forward(const ConvGeometry& g) { return {g.input, g.output(), g.padding}; }
  /// Plan of the data gradient.
  static WinogradPlan backward_data(const ConvGeometry& g) {
    return {g.output(), g.input, {2 - g.padding.height, 2 - g.padding.width}};
  }

  /// Number of tiles of an image from top to bottom; the last may extend beyond it.
  Index tile_rows() const { return (output.height + kWinogradOutput - 1) / kWinogradOutput; }
  /// Number of tiles of an image from left to right; the last may extend beyond it.
  Index tile_columns() const { return (output.width + kWinogradOutput - 1) / kWinogradOutput; }
  /// Number of tiles per image.
  Index tiles() const { return tile_rows() * tile_columns(); }

  /// V = B^T d B of a tile, counted over all images: point p is written to v + p * stride.
  template <class T>
  void transform_input(TensorView<const T> x, Index tile, const T* zeros, float* v, Index stride) const {
    const T* pixels[kWinogradPoints];
    tile_pixels(x.sample(tile / tiles()), input, top(tile) - padding.height, left(tile) - padding.width, kWinogradInput,
                zeros, pixels);
    run_beside_kernels<WinogradInput>(&pixels[0], input.channels, v, stride);
  }
  /// Topmost output row of a tile, counted over all images.
  Index top(Index tile) const { return tile % tiles() / tile_columns() * kWinogradOutput; }
  /// Leftmost output column of a tile, counted over all images.
  Index left(Index tile) const { return tile % tile_columns() * kWinogradOutput; }
};

/// True if this convolution can use Winograd and gains from it: below 32 channels the transforms cost more than the
/// products save.
inline bool suits_winograd(const ConvGeometry& g) {
  return g.kernel == Extent2(3) && g.stride == Extent2(1) && g.dilation == Extent2(1) && g.groups == 1 &&
         g.padding.height <= 2 && g.padding.width <= 2 && g.input.channels % kLanes == 0 &&
         g.out_channels % kLanes == 0 && g.input.channels >= 32 && g.out_channels >= 32;
}

/// Packs U = G g G^T as 36 matrices (C, O), one below the other. Tap t of output o, input c is at w[t * tap_stride + o
/// * output_stride + c * input_stride]; one of the last two strides is 1.
inline void pack_winograd(const MicroKernels<float>& kernels, const WinogradPlan& plan, const float* w,
                          Index tap_stride, Index output_stride, Index input_stride, Panels& panels) {
  const Index C = plan.input.channels, O = plan.output.channels;
  panels.resize(kernels, kWinogradPoints * C, O);
  parallel_for(panels.count(), [&](Index j) {
    const WorkspaceScope scope(thread_scratch());
    const Index first = j * panels.width(), count = std::min(panels.width(), O - first);
    float* u = thread_scratch().take<float>(kWinogradPoints * count * C);
    const float* from = w + first * output_stride;
    if (input_stride == 1)  // u: (36, count, C)
      for (Index o = 0; o < count; ++o)
        run_beside_kernels<WinogradKernel>(from + o * output_stride, tap_stride, C, u + o * C, count * C);
    else  // u: (36, C, count)
      for (Index c = 0; c < C; ++c)
        run_beside_kernels<WinogradKernel>(from + c * input_stride, tap_stride, count, u + c * count, count * C);
    for (Index p = 0; p < kWinogradPoints; ++p)
      panels.pack<float>(j, p * C, C, C, u + p * count * C, input_stride == 1 ? 1 : count, input_stride == 1 ? C : 1);
  });
}

/// The tiles of one task, and their transforms.
template <class T>
class WinogradTiles {
 public:
  /// @param capacity largest number of tiles per `run`
  WinogradTiles(const MicroKernels<float>& kernels, const WinogradPlan& plan, Index capacity, Workspace& scratch)
      : kernels_(kernels), plan_(plan), tile_(even_tile(capacity, kernels.rows)) {
    v_ = scratch.take<float>(kWinogradPoints * capacity * plan.input.channels);
    m_ = scratch.take<float>(kWinogradPoints * capacity * plan.output.channels);
    zeros_ = scratch.take<T>(plan.input.channels);
    std::fill_n(zeros_, plan.input.channels, T{});
  }

  /// y = conv(x) for tiles [first, first + count), counted over all images.
  void run(const Panels& weights, const float* bias, TensorView<const T> x, TensorView<T> y, Index first,
           Index count) const {
    for (Index t = 0; t < count; ++t) transform_input(x, first, count, t);
    multiply(weights, count, 0, weights.count());
    for (Index t = 0; t < count; ++t) transform_output(y, bias, first, count, t);
  }
  /// The same with each of its three steps split among the threads. The second splits the panels: for few tiles most of
  /// the time goes into reading the weights.
  void run_shared(const Panels& weights, const float* bias, TensorView<const T> x, TensorView<T> y, Index first,
                  Index count) const {
    parallel_for(count, [&](Index t) { transform_input(x, first, count, t); });
    parallel_ranges(weights.count(), [&](Index begin, Index end) { multiply(weights, count, begin, end); });
    parallel_for(count, [&](Index t) { transform_output(y, bias, first, count, t); });
  }

 private:
  void transform_input(TensorView<const T> x, Index first, Index count, Index t) const {
    const Index C = plan_.input.channels;
    plan_.transform_input(x, first + t, zeros_, v_ + t * C, count * C);
  }

  // M_p (count, O) = V_p (count, C) U_p (C, O) for every point p and panels [begin, end).
  void multiply(const Panels& weights, Index count, Index begin, Index end) const {
    const Index C = plan_.input.channels, O = plan_.output.channels, no_offset = 0;
    const float* rows[kMostRows];
    for (Index p = 0; p < kWinogradPoints; ++p)
      for (Index j = begin; j < end; ++j)
        for (Index t = 0; t < count; t += tile_) {
          const Index m = std::min(tile_, count - t);
          for (Index r = 0; r < m; ++r) rows[r] = v_ + (p * count + t + r) * C;
          kernels_.gather(m, std::min(weights.width(), O - j * weights.width()), false,
                          {.rows = rows,
                           .offsets = &no_offset,
                           .segments = 1,
                           .length = C,
                           .panel = weights.panel<float>(j, p * C),
                           .bias = nullptr,
                           .c = m_ + (p * count + t) * O + j * weights.width(),
                           .ldc = O});
        }
  }

  void transform_output(TensorView<T> y, const float* bias, Index first, Index count, Index t) const {
    const Index O = plan_.output.channels, tile = first + t;
    const WorkspaceScope scope(thread_scratch());
    T* const rest = thread_scratch().take<T>(O);  // receives what lies outside the output, one for each thread
    T* pixels[kWinogradOutput * kWinogradOutput];
    tile_pixels(y.sample(tile / plan_.tiles()), plan_.output, plan_.top(tile), plan_.left(tile), kWinogradOutput, rest,
                pixels);
    run_beside_kernels<WinogradOutput>(m_ + t * O, count * O, O, bias, &pixels[0]);
  }

  const MicroKernels<float>& kernels_;
  const WinogradPlan& plan_;
  Index tile_;
  float* v_;  // (36, count, C)
  float* m_;  // (36, count, O)
  T* zeros_;  // a pixel outside the input
};

/// y = conv(x) + bias with packed weights. Tasks are groups of whole images; `after` as in conv_gather.
template <class T>
void conv_winograd(const MicroKernels<float>& kernels, const WinogradPlan& plan, const Panels& weights,
                   const float* bias, TensorView<const T> x, TensorView<T> y, AfterImages after) {
  if (x.count == 0) return;
  // At least four micro-kernel tiles balance evenly; two at a time use each weight twice while it is in the first-level
  // cache, and their transforms fit into the second-level cache up to 128 channels.
  const Index share = (x.count + thread_count() - 1) / thread_count();
  const Index images = std::min(share, (4 * kernels.rows + plan.tiles() - 1) / plan.tiles());
  const Index groups = (x.count + images - 1) / images;
  const Index step = 2 * even_tile(images * plan.tiles(), kernels.rows);
  if (x.count < thread_count()) {
    const WorkspaceScope scope(thread_scratch());
    const Index total = x.count * plan.tiles(), most = std::min(total, 4 * step);
    const WinogradTiles<T> tiles(kernels, plan, most, thread_scratch());
    for (Index t = 0; t < total; t += most) tiles.run_shared(weights, bias, x, y, t, std::min(most, total - t));
    parallel_for(x.count, [&](Index n) { after(n, Index{1}); });
    return;
  }
  parallel_ranges(groups, [&](Index begin, Index end) {
    const WorkspaceScope scope(thread_scratch());
    const WinogradTiles<T> tiles(kernels, plan, step, thread_scratch());
    for (Index group = begin; group < end; ++group) {
      const Index first = group * images, count = std::min(images, x.count - first) * plan.tiles();
      for (Index t = 0; t < count; t += step)
        tiles.run(weights, bias, x, y, first * plan.tiles() + t, std::min(step, count - t));
      after(first, count / plan.tiles());
    }
  });
}

}  // namespace hcnn::kernels
