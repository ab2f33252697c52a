// Forward pass and data gradient of a convolution without im2col. Each image is copied once into a zero-bordered buffer
// ("staged"); output pixels are then rows, and kernel taps segments, of the micro-kernels' operands. Groups must be 1.
#pragma once

#include "hcnn/kernels/gemm.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels {

/// A convolution as the gather kernel sees it: how an image is staged, and where the taps lie in the staged image.
struct GatherPlan {
  Shape source;    ///< the image that is staged
  Extent2 step;    ///< distance of neighbouring source pixels in the staged image
  Extent2 offset;  ///< staged position of source pixel (0, 0); may be negative
  Shape staged;    ///< its channels are padded to a multiple of kUnit
  Shape output;
  Extent2 stride;  ///< distance in the staged image of neighbouring output pixels
  Extent2 kernel;
  Extent2 dilation;
  Index length_step;  ///< of the kernels

  /// Plan of the forward pass.
  template <class E>
  static GatherPlan forward(const ConvGeometry& g, const MicroKernels<E>& kernels) {
    const Shape out = g.output();
    return {.source = g.input,
            .step = 1,
            .offset = g.padding,
            .staged = {(out.height - 1) * g.stride.height + g.span().height,
                       (out.width - 1) * g.stride.width + g.span().width, round_up(g.input.channels, kUnit<E>)},
            .output = out,
            .stride = g.stride,
            .kernel = g.kernel,
            .dilation = g.dilation,
            .length_step = kernels.length_step};
  }
  /// Plan of the data gradient: a stride-1 convolution of dy, spread out by the stride, with the mirrored kernel.
  template <class E>
  static GatherPlan backward_data(const ConvGeometry& g, const MicroKernels<E>& kernels) {
    return {.source = g.output(),
            .step = g.stride,
            .offset = {g.span().height - 1 - g.padding.height, g.span().width - 1 - g.padding.width},
            .staged = {g.input.height + g.span().height - 1, g.input.width + g.span().width - 1,
                       round_up(g.out_channels, kUnit<E>)},
            .output = g.input,
            .stride = 1,
            .kernel = g.kernel,
            .dilation = g.dilation,
            .length_step = kernels.length_step};
  }

  /// Neighbouring taps of one kernel row are one run of values unless dilated.
  bool row_runs() const { return dilation.width == 1; }
  Index segments() const { return row_runs() ? kernel.height : kernel.area(); }
  /// Values of one segment; the last few may belong to the next pixel, and meet weights that are 0.
  Index segment_length() const {
    return round_up(row_runs() ? kernel.width * staged.channels : staged.channels, length_step);
  }
  Index depth() const { return segments() * segment_length(); }
  /// Start of segment s, relative to an output pixel's first staged value.
  Index segment_offset(Index s) const {
    const Index i = row_runs() ? s : s / kernel.width, j = row_runs() ? 0 : s % kernel.width;
    return (i * dilation.height * staged.width + j * dilation.width) * staged.channels;
  }
  /// First depth of tap t = i * KW + j in the packed weights.
  Index tap_depth(Index t) const {
    return row_runs() ? t / kernel.width * segment_length() + t % kernel.width * staged.channels : t * segment_length();
  }
  /// Depths that belong to tap t alone: the last one of a segment fills it up.
  Index tap_length(Index t) const {
    if (!row_runs()) return segment_length();
    const Index j = t % kernel.width;
    return j + 1 == kernel.width ? segment_length() - j * staged.channels : staged.channels;
  }
};

/// Packs the weights of a plan, for tap t those at w + t * tap_stride.
template <class E>
void pack_taps(const MicroKernels<E>& kernels, const GatherPlan& plan, const float* w, Index tap_stride,
               Index depth_stride, Index column_stride, Panels& panels) {
  panels.resize(kernels, plan.depth(), plan.output.channels);
  parallel_for(panels.count(), [&](Index j) {
    const float* first_tap = w + j * panels.width() * column_stride;
    for (Index t = 0; t < plan.kernel.area(); ++t)
      panels.pack<E>(j, plan.tap_depth(t), plan.source.channels, plan.tap_length(t), first_tap + t * tap_stride,
                     depth_stride, column_stride);
  });
}

/// Copies one image into its staged buffer, whose other values are zero and stay so.
template <class T, class E>
void stage(const GatherPlan& plan, const T* image, E* staged) {
  const Index channels = plan.source.channels;
  for (Index y = 0; y < plan.source.height; ++y) {
    const Index row = y * plan.step.height + plan.offset.height;
    if (row < 0 || row >= plan.staged.height) continue;
    for (Index x = 0; x < plan.source.width; ++x) {
      const Index column = x * plan.step.width + plan.offset.width;
      if (column < 0 || column >= plan.staged.width) continue;
      const T* in = image + (y * plan.source.width + x) * channels;
      E* out = staged + (row * plan.staged.width + column) * plan.staged.channels;
      for (Index c = 0; c < channels; ++c) out[c] = E(in[c]);
    }
  }
}

/// What follows when the images [first, first + count) of a convolution are complete, on the thread that made them.
using AfterImages = FunctionRef<void(Index first, Index count)>;
inline constexpr auto kNothingAfter = [](Index, Index) {};

/// y = the planned convolution of x with packed weights, + bias, computed in E. Tasks are groups of images of at least
/// 256 output pixels, so that a panel is read often enough for the time it takes to load it.
template <class T, class E>
void conv_gather(const MicroKernels<E>& kernels, const GatherPlan& plan, const Panels& weights, const float* bias,
                 TensorView<const T> x, TensorView<T> y, AfterImages after) {
  constexpr bool kConverts = !std::is_same_v<T, E>;
  if (x.count == 0) return;
  const Index pixels = plan.output.pixels(), channels = plan.output.channels, staged_size = plan.staged.size();
  const Index images = std::min(x.count, (255 + pixels) / pixels), groups = (x.count + images - 1) / images;
  parallel_ranges(groups, [&](Index begin, Index end) {
    Workspace& scratch = thread_scratch();
    const WorkspaceScope scope(scratch);
    E* staged = scratch.take<E>(images * staged_size + plan.length_step);
    std::fill_n(staged, images * staged_size + plan.length_step, E{});
    const E** rows = scratch.take<const E*>(images * pixels);
    for (Index r = 0; r < images * pixels; ++r) {
      const Index p = r % pixels, row = p / plan.output.width * plan.stride.height;
      const Index column = p % plan.output.width * plan.stride.width;
      rows[r] = staged + r / pixels * staged_size + (row * plan.staged.width + column) * plan.staged.channels;
    }
    Index* offsets = scratch.take<Index>(plan.segments());
    for (Index s = 0; s < plan.segments(); ++s) offsets[s] = plan.segment_offset(s);
    float* room = kConverts ? scratch.take<float>(images * pixels * channels) : nullptr;
    for (Index group = begin; group < end; ++group) {
      const Index first = group * images, count = std::min(images, x.count - first);
      for (Index n = 0; n < count; ++n) stage(plan, x.sample(first + n), staged + n * staged_size);
      const Index tile = even_tile(count * pixels, kernels.rows);
      for (Index j = 0; j < weights.count(); ++j)
        for (Index r = 0; r < count * pixels; r += tile) {
          GatherOperands<E> operands{.rows = rows + r,
                                     .offsets = offsets,
                                     .segments = plan.segments(),
                                     .length = plan.segment_length(),
                                     .panel = weights.panel<E>(j),
                                     .bias = bias ? bias + j * weights.width() : nullptr,
                                     .c = room,
                                     .ldc = channels};
          const Index at = r * channels + j * weights.width();
          if constexpr (kConverts)
            operands.c = room + at;
          else if constexpr (std::is_same_v<E, float>)
            operands.c = y.sample(first) + at;
          else
            operands.rounded = y.sample(first) + at;
          kernels.gather(std::min(tile, count * pixels - r), std::min(weights.width(), channels - j * weights.width()),
                         false, operands);
        }
      if constexpr (kConverts)
        for (Index i = 0; i < count * pixels * channels; ++i) y.sample(first)[i] = T(room[i]);
      after(first, count);
    }
  });
}

}  // namespace hcnn::kernels
