// Weight gradient of a 3x3 convolution of stride 1 through Winograd's F(4x4, 3x3): the adjoint of its forward pass with
// respect to the transformed weights, dU = sum over tiles of V^T (A dY A^T), and dg = G^T dU G.
#pragma once

#include "hcnn/kernels/convolution_winograd.hpp"

namespace hcnn::kernels {

/// sums += dy^T im2col(x); sums is (9 C, O). A chunk of tiles is transformed, then threads own blocks of dU; each block
/// takes the tiles in their order, so that neither the threads nor the size of the chunks change the bits.
template <class T>
void conv_winograd_gradient(const MicroKernels<float>& kernels, const ConvGeometry& g, TensorView<const T> x,
                            TensorView<const T> dy, float* sums, Workspace& workspace) {
  const WinogradPlan plan = WinogradPlan::forward(g);
  const Index C = plan.input.channels, O = plan.output.channels, total = x.count * plan.tiles();
  const Index chunk = std::min<Index>(total, 128);  // each block of dU is read and written once a chunk
  const WorkspaceScope scope(workspace);
  float* v = workspace.take<float>(kWinogradPoints * chunk * C);
  float* m = workspace.take<float>(kWinogradPoints * chunk * O);
  float* du = workspace.take<float>(kWinogradPoints * C * O);
  T* zeros = workspace.take<T>(std::max(C, O));
  std::fill_n(du, kWinogradPoints * C * O, 0.0f);
  std::fill_n(zeros, std::max(C, O), T{});
  const Index rows = even_tile(C, kernels.rows), row_blocks = (C + rows - 1) / rows;

  for (Index first = 0; first < total; first += chunk) {
    const Index count = std::min(chunk, total - first);
    parallel_for(count, [&](Index t) {
      plan.transform_input(x, first + t, zeros, v + t * C, count * C);
      const T* pixels[kWinogradOutput * kWinogradOutput];
      const Index tile = first + t;
      tile_pixels(dy.sample(tile / plan.tiles()), plan.output, plan.top(tile), plan.left(tile), kWinogradOutput, zeros,
                  pixels);
      run_beside_kernels<WinogradOutputAdjoint>(&pixels[0], O, m + t * O, count * O);
    });
    parallel_for(kWinogradPoints * row_blocks, [&](Index block) {
      const Index p = block / row_blocks, c = block % row_blocks * rows;
      for (Index o = 0; o < O; o += kernels.columns)
        kernels.outer(std::min(rows, C - c), std::min(kernels.columns, O - o),
                      {.a = v + p * count * C + c,
                       .b = m + p * count * O + o,
                       .count = {1, 1, count},
                       .a_stride = {0, 0, C},
                       .b_stride = {0, 0, O},
                       .c = du + (p * C + c) * O + o,
                       .ldc = O});
    });
  }
  parallel_for(C,
               [&](Index c) { run_beside_kernels<WinogradKernelAdjoint>(du + c * O, C * O, O, sums + c * O, C * O); });
}

}  // namespace hcnn::kernels
