// The fast float convolution: no im2col. Each image is copied once into a zero-bordered buffer ("staged"); output
// pixels are then rows, and kernel taps segments, of the micro-kernels' operands. Groups must be 1.
#pragma once

#include "hcnn/kernels/gemm.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels {

/// A convolution as the gather kernel sees it: how an image is staged, and where the taps lie in the staged image.
struct GatherPlan {
  Shape source;    ///< the image that is staged
  Extent2 step;    ///< distance of neighbouring source pixels in the staged image
  Extent2 offset;  ///< staged position of source pixel (0, 0); may be negative
  Shape staged;
  Shape output;
  Extent2 stride;  ///< distance in the staged image of neighbouring output pixels
  Extent2 kernel;
  Extent2 dilation;

  /// Plan of the forward pass.
  static GatherPlan forward(const ConvGeometry& g) {
    const Shape out = g.output();
    return {.source = g.input,
            .step = 1,
            .offset = g.padding,
            .staged = {(out.height - 1) * g.stride.height + g.span().height,
                       (out.width - 1) * g.stride.width + g.span().width, g.input.channels},
            .output = out,
            .stride = g.stride,
            .kernel = g.kernel,
            .dilation = g.dilation};
  }
  /// Plan of the data gradient: a stride-1 convolution of dy, spread out by the stride, with the mirrored kernel.
  static GatherPlan backward_data(const ConvGeometry& g) {
    return {.source = g.output(),
            .step = g.stride,
            .offset = {g.span().height - 1 - g.padding.height, g.span().width - 1 - g.padding.width},
            .staged = {g.input.height + g.span().height - 1, g.input.width + g.span().width - 1, g.out_channels},
            .output = g.input,
            .stride = 1,
            .kernel = g.kernel,
            .dilation = g.dilation};
  }

  /// Neighbouring taps of one kernel row are one run of values unless dilated.
  bool row_runs() const { return dilation.width == 1; }
  Index segments() const { return row_runs() ? kernel.height : kernel.area(); }
  Index segment_length() const { return row_runs() ? kernel.width * source.channels : source.channels; }
};

/// Copies one image into its staged buffer, whose other values are zero and stay so.
template <class T>
void stage(const GatherPlan& plan, const T* image, float* staged) {
  const Index channels = plan.source.channels;
  for (Index y = 0; y < plan.source.height; ++y) {
    const Index row = y * plan.step.height + plan.offset.height;
    if (row < 0 || row >= plan.staged.height) continue;
    for (Index x = 0; x < plan.source.width; ++x) {
      const Index column = x * plan.step.width + plan.offset.width;
      if (column < 0 || column >= plan.staged.width) continue;
      const T* in = image + (y * plan.source.width + x) * channels;
      float* out = staged + (row * plan.staged.width + column) * channels;
      for (Index c = 0; c < channels; ++c) out[c] = static_cast<float>(in[c]);
    }
  }
}

/// What follows when the images [first, first + count) of a convolution are complete, on the thread that made them.
using AfterImages = FunctionRef<void(Index first, Index count)>;
inline constexpr auto kNothingAfter = [](Index, Index) {};

/// y = the planned convolution of x with packed weights, + bias. Tasks are groups of images of at least 256 output
/// pixels, so that a panel is read often enough for the time it takes to load it.
template <class T>
void conv_gather(const MicroKernels& kernels, const GatherPlan& plan, const Panels& weights, const float* bias,
                 TensorView<const T> x, TensorView<T> y, AfterImages after) {
  if (x.count == 0) return;
  const Index pixels = plan.output.pixels(), channels = plan.output.channels, staged_size = plan.staged.size();
  const Index images = std::min(x.count, (255 + pixels) / pixels), groups = (x.count + images - 1) / images;
  parallel_ranges(groups, [&](Index begin, Index end) {
    const WorkspaceScope scope(thread_scratch());
    float* staged = thread_scratch().take<float>(images * staged_size);
    std::fill_n(staged, images * staged_size, 0.0f);
    const float** rows = thread_scratch().take<const float*>(images * pixels);
    for (Index r = 0; r < images * pixels; ++r) {
      const Index p = r % pixels, row = p / plan.output.width * plan.stride.height;
      const Index column = p % plan.output.width * plan.stride.width;
      rows[r] = staged + r / pixels * staged_size + (row * plan.staged.width + column) * plan.staged.channels;
    }
    Index* offsets = thread_scratch().take<Index>(plan.segments());
    for (Index s = 0; s < plan.segments(); ++s) {
      const Index i = plan.row_runs() ? s : s / plan.kernel.width, j = plan.row_runs() ? 0 : s % plan.kernel.width;
      offsets[s] = (i * plan.dilation.height * plan.staged.width + j * plan.dilation.width) * plan.staged.channels;
    }
    float* room = std::is_same_v<T, float> ? nullptr : thread_scratch().take<float>(images * pixels * channels);
    for (Index group = begin; group < end; ++group) {
      const Index first = group * images, count = std::min(images, x.count - first);
      for (Index n = 0; n < count; ++n) stage(plan, x.sample(first + n), staged + n * staged_size);
      float* out = room;
      if constexpr (std::is_same_v<T, float>) out = y.sample(first);
      const Index tile = even_tile(count * pixels, kernels.rows);
      for (Index j = 0; j < weights.count(); ++j)
        for (Index r = 0; r < count * pixels; r += tile)
          kernels.gather(std::min(tile, count * pixels - r), std::min(weights.width(), channels - j * weights.width()),
                         false,
                         {.rows = rows + r,
                          .offsets = offsets,
                          .segments = plan.segments(),
                          .length = plan.segment_length(),
                          .panel = weights.panel(j),
                          .bias = bias ? bias + j * weights.width() : nullptr,
                          .c = out + r * channels + j * weights.width(),
                          .ldc = channels});
      if constexpr (!std::is_same_v<T, float>)
        for (Index i = 0; i < count * pixels * channels; ++i) y.sample(first)[i] = T(out[i]);
      after(first, count);
    }
  });
}

/// Range of outputs [first, last) along one axis whose tap reads inside the image.
struct TapRange {
  Index first;
  Index last;
};
inline TapRange tap_range(Index tap, Index dilation, Index stride, Index padding, Index inputs, Index outputs) {
  const Index shift = padding - tap * dilation;  // input = output * stride - shift
  const Index first = shift > 0 ? (shift + stride - 1) / stride : 0;
  const Index last = (inputs - 1 + shift) < 0 ? 0 : (inputs - 1 + shift) / stride + 1;
  return {std::min(first, outputs), std::max(std::min(first, outputs), std::min(last, outputs))};
}

/// Part of a weight gradient: for tiles [begin, end) of the (KH*KW*C, O) matrix, sums += x^T dy over the images given.
inline void conv_outer_tiles(const MicroKernels& kernels, const ConvGeometry& g, TensorView<const float> x,
                             TensorView<const float> dy, Index begin, Index end, float* sums) {
  const Index C = g.input.channels, O = g.out_channels, out_width = dy.shape.width;
  const Index tile = even_tile(C, kernels.rows), tiles = (C + tile - 1) / tile;
  const Index blocks = (O + kernels.columns - 1) / kernels.columns;
  for (Index t = begin; t < end; ++t) {
    const Index block = t % blocks * kernels.columns, c = t / blocks % tiles * tile, tap = t / blocks / tiles;
    const Index i = tap / g.kernel.width, j = tap % g.kernel.width;
    const TapRange rows =
        tap_range(i, g.dilation.height, g.stride.height, g.padding.height, g.input.height, dy.shape.height);
    const TapRange columns = tap_range(j, g.dilation.width, g.stride.width, g.padding.width, g.input.width, out_width);
    if (rows.first == rows.last || columns.first == columns.last) continue;
    const Index y = rows.first * g.stride.height - g.padding.height + i * g.dilation.height;
    const Index u = columns.first * g.stride.width - g.padding.width + j * g.dilation.width;
    kernels.outer(std::min(tile, C - c), std::min(kernels.columns, O - block),
                  {.a = x.data + (y * g.input.width + u) * C + c,
                   .b = dy.data + (rows.first * out_width + columns.first) * O + block,
                   .count = {x.count, rows.last - rows.first, columns.last - columns.first},
                   .a_stride = {x.shape.size(), g.stride.height * g.input.width * C, g.stride.width * C},
                   .b_stride = {dy.shape.size(), out_width * O, O},
                   .c = sums + (tap * C + c) * O + block,
                   .ldc = O});
  }
}

/// dw += dy^T im2col(x), without im2col. Threads own tiles of dw and walk over the whole batch in its order; images are
/// taken in groups of about 256 KiB, so that all tiles of a thread find them in the second-level cache.
template <class T>
void conv_outer(const MicroKernels& kernels, const ConvGeometry& g, TensorView<const T> x, TensorView<const T> dy,
                float* dw, Workspace& workspace) {
  if (x.count == 0) return;
  const WorkspaceScope scope(workspace);
  const Index C = g.input.channels, O = g.out_channels, depth = g.depth();
  const Index tile = even_tile(C, kernels.rows), blocks = (O + kernels.columns - 1) / kernels.columns;
  const Index tiles = g.kernel.area() * ((C + tile - 1) / tile) * blocks;
  const Index bytes = (x.shape.size() + dy.shape.size()) * Index{sizeof(float)};
  const Index group = std::clamp<Index>((Index{1} << 18) / bytes, 1, x.count);
  float* sums = workspace.take<float>(depth * O);  // (KH*KW*C, O): dw transposed
  std::fill_n(sums, depth * O, 0.0f);
  if constexpr (std::is_same_v<T, float>) {
    parallel_ranges(tiles, [&](Index begin, Index end) {
      for (Index n = 0; n < x.count; n += group) {
        const Index count = std::min(group, x.count - n);
        conv_outer_tiles(kernels, g, x.slice(n, count), dy.slice(n, count), begin, end, sums);
      }
    });
  } else {
    const Index batch = std::min<Index>(x.count, group * 8);
    for (Index n = 0; n < x.count; n += batch) {
      const WorkspaceScope inner(workspace);
      const Index count = std::min(batch, x.count - n);
      const TensorView<const float> xs(as_master(x.sample(n), count * x.shape.size(), workspace), count, x.shape);
      const TensorView<const float> dys(as_master(dy.sample(n), count * dy.shape.size(), workspace), count, dy.shape);
      parallel_ranges(tiles, [&](Index begin, Index end) {
        for (Index m = 0; m < count; m += group) {
          const Index part = std::min(group, count - m);
          conv_outer_tiles(kernels, g, xs.slice(m, part), dys.slice(m, part), begin, end, sums);
        }
      });
    }
  }
  parallel_for(O, [&](Index o) {
    for (Index k = 0; k < depth; ++k) dw[o * depth + k] += sums[k * O + o];
  });
}

}  // namespace hcnn::kernels
