// The portable convolution: im2col, one image at a time, and a product. Works for every scalar, machine and geometry.
#pragma once

#include "hcnn/kernels/gemm.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels {

/// Copies one group of an image's channels, (P, channels of the group), as master values, row-major and dense.
template <class T, class M>
void take_group(const T* image, Index pixels, Index channels, Index group_channels, M* out) {
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < group_channels; ++c) out[p * group_channels + c] = static_cast<M>(image[p * channels + c]);
}

/// y = conv(x, w) + bias. w is (O, KH, KW, C/groups); bias has O values or is null.
template <class T>
void conv_forward_im2col(const ConvGeometry& g, const Master<T>* w, const Master<T>* bias, TensorView<const T> x,
                         TensorView<T> y) {
  using M = Master<T>;
  const Index pixels = y.shape.pixels(), depth = g.depth(), outputs = g.group_outputs();
  const WorkspaceScope scope(thread_scratch());
  M* weights = thread_scratch().take<M>(g.groups * depth * outputs);  // per group (K*K*C, O)
  for (Index group = 0; group < g.groups; ++group)
    transpose(w + group * outputs * depth, weights + group * outputs * depth, outputs, depth);
  parallel_ranges(x.count, [&](Index begin, Index end) {
    const WorkspaceScope inner(thread_scratch());
    M* columns = thread_scratch().take<M>(pixels * depth);
    M* sums = thread_scratch().take<M>(pixels * outputs);
    for (Index n = begin; n < end; ++n)
      for (Index group = 0; group < g.groups; ++group) {
        im2col(g, group, x.sample(n), columns);
        for (Index i = 0; i < pixels * outputs; ++i) sums[i] = bias ? bias[group * outputs + i % outputs] : M{0};
        // sums += columns * weights:  (P, O) += (P, K*K*C) (K*K*C, O)
        add_product(pixels, depth, outputs, columns, weights + group * outputs * depth, sums);
        T* out = y.sample(n) + group * outputs;
        for (Index p = 0; p < pixels; ++p)
          for (Index o = 0; o < outputs; ++o) out[p * g.out_channels + o] = T(sums[p * outputs + o]);
      }
  });
}

/// dx = conv^T(dy, w).
template <class T>
void conv_backward_data_im2col(const ConvGeometry& g, const Master<T>* w, TensorView<const T> dy, TensorView<T> dx) {
  using M = Master<T>;
  const Index pixels = dy.shape.pixels(), depth = g.depth(), outputs = g.group_outputs();
  parallel_ranges(dy.count, [&](Index begin, Index end) {
    const WorkspaceScope scope(thread_scratch());
    M* columns = thread_scratch().take<M>(pixels * depth);
    M* gradient = thread_scratch().take<M>(pixels * outputs);
    M* image = thread_scratch().take<M>(dx.shape.size());
    for (Index n = begin; n < end; ++n) {
      std::fill_n(image, dx.shape.size(), M{0});
      for (Index group = 0; group < g.groups; ++group) {
        take_group(dy.sample(n) + group * outputs, pixels, g.out_channels, outputs, gradient);
        std::fill_n(columns, pixels * depth, M{0});
        // dcolumns += dy * w:  (P, K*K*C) += (P, O) (O, K*K*C)
        add_product(pixels, outputs, depth, gradient, w + group * outputs * depth, columns);
        add_col2im(g, group, columns, image);
      }
      std::transform(image, image + dx.shape.size(), dx.sample(n), [](M value) { return T(value); });
    }
  });
}

/// dw += dy^T im2col(x). The batch is split into at most 8 pieces, whose sums are added in order.
template <class T>
void conv_backward_weights_im2col(const ConvGeometry& g, TensorView<const T> x, TensorView<const T> dy, Master<T>* dw,
                                  Workspace& workspace) {
  using M = Master<T>;
  const WorkspaceScope scope(workspace);
  const Index pixels = dy.shape.pixels(), depth = g.depth(), outputs = g.group_outputs();
  const Index size = g.out_channels * depth, pieces = std::min<Index>(8, x.count);
  M* partial = workspace.take<M>(pieces * size);
  std::fill_n(partial, pieces * size, M{0});
  parallel_for(pieces, [&](Index piece) {
    const WorkspaceScope inner(thread_scratch());
    M* columns = thread_scratch().take<M>(pixels * depth);
    M* gradient = thread_scratch().take<M>(pixels * outputs);
    M* turned = thread_scratch().take<M>(pixels * outputs);
    for (Index n = x.count * piece / pieces; n < x.count * (piece + 1) / pieces; ++n)
      for (Index group = 0; group < g.groups; ++group) {
        im2col(g, group, x.sample(n), columns);
        take_group(dy.sample(n) + group * outputs, pixels, g.out_channels, outputs, gradient);
        transpose(gradient, turned, pixels, outputs);
        // dw += dy^T columns:  (O, K*K*C) += (O, P) (P, K*K*C)
        add_product(outputs, pixels, depth, turned, columns, partial + piece * size + group * outputs * depth);
      }
  });
  for (Index piece = 0; piece < pieces; ++piece)
    for (Index i = 0; i < size; ++i) dw[i] += partial[piece * size + i];
}

}  // namespace hcnn::kernels
