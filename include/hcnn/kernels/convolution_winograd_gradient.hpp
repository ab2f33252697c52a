// Weight gradient of a 3x3 convolution with stride 1 by Winograd's F(4x4, 3x3): the adjoint of its forward pass with
// respect to the transformed weights, dU = sum over tiles of V^T (A dY A^T), and dg = G^T dU G.
#pragma once

#include <algorithm>
#include <numeric>

#include "hcnn/kernels/convolution_winograd.hpp"

namespace hcnn::kernels {

/// Part of dU: one row of its points, and a range of input channels.
struct WinogradGradientPart {
  int row;      ///< row of the 6x6 points
  Index begin;  ///< first input channel
  Index end;    ///< one past the last input channel
};

/// dU += the sum over tiles of V^T (A dY A^T), for one part at a time, which transforms its own inputs, a chunk of
/// tiles at a time.
template <class T>
class WinogradGradient {
 public:
  /// @param capacity largest number of tiles per chunk
  WinogradGradient(const MicroKernels<float>& kernels, const WinogradPlan& plan, Index capacity, Workspace& scratch)
      : kernels_(kernels), plan_(plan) {
    v_ = scratch.take<float>(kWinogradInput * capacity * plan.input.channels);
    m_ = scratch.take<float>(kWinogradInput * capacity * plan.output.channels);
    const Index most = std::max(plan.input.channels, plan.output.channels);
    zeros_ = scratch.take<T>(most);
    std::fill_n(zeros_, most, T{});
  }

  /// Adds tiles [first, first + count), counted over all images. du is (36, C, O).
  void add(const WinogradGradientPart& part, TensorView<const T> x, TensorView<const T> dy, Index first, Index count,
           float* du) const {
    const Index C = part.end - part.begin, O = plan_.output.channels;
    for (Index t = 0; t < count; ++t) transform(part, x, dy, first + t, v_ + t * C, count * C, m_ + t * O, count * O);
    const Index rows = even_tile(C, kernels_.rows);
    for (Index p = 0; p < kWinogradInput; ++p) {
      float* point = du + ((part.row * kWinogradInput + p) * plan_.input.channels + part.begin) * O;
      for (Index c = 0; c < C; c += rows)
        for (Index o = 0; o < O; o += kernels_.columns)
          kernels_.outer(std::min(rows, C - c), std::min(kernels_.columns, O - o),
                         {.a = v_ + p * count * C + c,
                          .b = m_ + p * count * O + o,
                          .count = {1, 1, count},
                          .a_stride = {0, 0, C},
                          .b_stride = {0, 0, O},
                          .c = point + c * O + o,
                          .ldc = O});
    }
  }

 private:
  // The row of V and of A dY A^T of one tile; points are `v_stride` and `m_stride` apart.
  void transform(const WinogradGradientPart& part, TensorView<const T> x, TensorView<const T> dy, Index tile, float* v,
                 Index v_stride, float* m, Index m_stride) const {
    const Index image = tile / plan_.tiles(), top = plan_.top(tile), left = plan_.left(tile);
    const T* pixels[kWinogradPoints];
    tile_pixels(x.sample(image) + part.begin, plan_.input, top - plan_.padding.height, left - plan_.padding.width,
                kWinogradInput, zeros_, pixels);
    run_beside_kernels<WinogradInputRow>(&pixels[0], part.row, part.end - part.begin, v, v_stride);
    tile_pixels(dy.sample(image), plan_.output, top, left, kWinogradOutput, zeros_, pixels);
    run_beside_kernels<WinogradOutputAdjointRow>(&pixels[0], part.row, plan_.output.channels, m, m_stride);
  }

  const MicroKernels<float>& kernels_;
  const WinogradPlan& plan_;
  float* v_;  // (6, count, channels of the part)
  float* m_;  // (6, count, O)
  T* zeros_;  // a pixel outside the image
};

/// Number of ranges that the input channels are split into: one if the threads divide six rows evenly, else a few. Each
/// range transforms dY again.
inline Index winograd_gradient_ranges(Index channels) {
  constexpr Index kMostRanges = 4;
  const Index threads = thread_count();
  return std::min({threads / std::gcd(threads, kWinogradInput), kMostRanges, channels / kLanes});
}

/// sums += dy^T im2col(x); sums is (9 C, O). Threads own parts of dU and share nothing; each value takes the tiles in
/// order, so that neither the threads nor the size of the chunks change the bits. Compared with shared transforms of
/// all 36 points, which did not fit in the second-level cache: 340 -> 600 GFLOP/s of the definition's work for 64 -> 64
/// channels at 32 x 32 on two cores.
template <class T>
void conv_winograd_gradient(const MicroKernels<float>& kernels, const ConvGeometry& g, TensorView<const T> x,
                            TensorView<const T> dy, float* sums, Workspace& workspace) {
  const WinogradPlan plan = WinogradPlan::forward(g);
  const Index C = plan.input.channels, O = plan.output.channels, total = x.count * plan.tiles();
  // dU is read and written once per chunk: the larger it is, the larger the chunk.
  const Index chunk = std::min(total, std::clamp<Index>(2 * C * O / (C + O), 128, 256));
  const WorkspaceScope scope(workspace);
  float* du = workspace.take<float>(kWinogradPoints * C * O);
  std::fill_n(du, kWinogradPoints * C * O, 0.0f);
  const Index ranges = winograd_gradient_ranges(C), groups = C / kLanes;
  parallel_ranges(kWinogradInput * ranges, [&](Index begin, Index end) {
    const WorkspaceScope inner(thread_scratch());
    const WinogradGradient<T> gradient(kernels, plan, chunk, thread_scratch());
    for (Index first = 0; first < total; first += chunk)
      for (Index i = begin; i < end; ++i) {
        const Index range = i % ranges;
        gradient.add(
            {static_cast<int>(i / ranges), groups * range / ranges * kLanes, groups * (range + 1) / ranges * kLanes}, x,
            dy, first, std::min(chunk, total - first), du);
      }
  });
  parallel_for(C,
               [&](Index c) { run_beside_kernels<WinogradKernelAdjoint>(du + c * O, C * O, O, sums + c * O, C * O); });
}

}  // namespace hcnn::kernels
