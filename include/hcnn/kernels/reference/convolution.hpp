// The oracle: convolution as seven nested loops over its definition. Slow, and obviously right.
#pragma once

#include "hcnn/core/tensor.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels::reference {

/// Calls `visit(y, x, o, row, column, i, j, c)` for each product of the definition that lies inside the image: output
/// pixel (y, x), channel o; input pixel (row, column); tap (i, j); channel c within the group.
template <class Visit>
void for_each_product(const ConvGeometry& g, const Visit& visit) {
  const Shape out = g.output();
  for (Index y = 0; y < out.height; ++y)
    for (Index x = 0; x < out.width; ++x)
      for (Index o = 0; o < g.out_channels; ++o)
        for (Index i = 0; i < g.kernel.height; ++i)
          for (Index j = 0; j < g.kernel.width; ++j)
            for (Index c = 0; c < g.group_inputs(); ++c) {
              const Index row = y * g.stride.height - g.padding.height + i * g.dilation.height;
              const Index column = x * g.stride.width - g.padding.width + j * g.dilation.width;
              if (row >= 0 && row < g.input.height && column >= 0 && column < g.input.width)
                visit(y, x, o, row, column, i, j, c);
            }
}

/// Places of one product in x, w (O, KH, KW, C/groups) and y of one sample.
struct ProductIndex {
  Index x, w, y;
  ProductIndex(const ConvGeometry& g, Index row, Index column, Index o, Index i, Index j, Index c, Index v, Index u)
      : x((row * g.input.width + column) * g.input.channels + o / g.group_outputs() * g.group_inputs() + c),
        w(((o * g.kernel.height + i) * g.kernel.width + j) * g.group_inputs() + c),
        y((v * g.output().width + u) * g.out_channels + o) {}
};

/// y = conv(x, w) + bias, summed in the type of y.
template <class T, class S>
void conv_forward(const ConvGeometry& g, const T* w, const T* bias, TensorView<const T> x, TensorView<S> y) {
  for (Index n = 0; n < x.count; ++n) {
    for (Index k = 0; k < y.shape.size(); ++k) y.sample(n)[k] = bias ? S(bias[k % g.out_channels]) : S{0};
    for_each_product(g, [&](Index v, Index u, Index o, Index row, Index column, Index i, Index j, Index c) {
      const ProductIndex at(g, row, column, o, i, j, c, v, u);
      y.sample(n)[at.y] += S(x.sample(n)[at.x]) * S(w[at.w]);
    });
  }
}

/// dx = conv^T(dy, w), summed in the type of dx.
template <class T, class S>
void conv_backward_data(const ConvGeometry& g, const T* w, TensorView<const T> dy, TensorView<S> dx) {
  std::fill(dx.begin(), dx.end(), S{0});
  for (Index n = 0; n < dy.count; ++n)
    for_each_product(g, [&](Index v, Index u, Index o, Index row, Index column, Index i, Index j, Index c) {
      const ProductIndex at(g, row, column, o, i, j, c, v, u);
      dx.sample(n)[at.x] += S(dy.sample(n)[at.y]) * S(w[at.w]);
    });
}

/// dw += dL/dw, summed in the type of dw.
template <class T, class S>
void conv_backward_weights(const ConvGeometry& g, TensorView<const T> x, TensorView<const T> dy, S* dw) {
  for (Index n = 0; n < x.count; ++n)
    for_each_product(g, [&](Index v, Index u, Index o, Index row, Index column, Index i, Index j, Index c) {
      const ProductIndex at(g, row, column, o, i, j, c, v, u);
      dw[at.w] += S(x.sample(n)[at.x]) * S(dy.sample(n)[at.y]);
    });
}

}  // namespace hcnn::kernels::reference
