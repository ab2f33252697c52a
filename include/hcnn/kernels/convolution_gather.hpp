// Forward pass and data gradient of a convolution without im2col. Each image is copied once into a zero-bordered buffer
// ("staged"); output pixels are then rows, and kernel taps segments, of the micro-kernels' operands. Groups must be 1.
#pragma once

#include "hcnn/kernels/gemm.hpp"
#include "hcnn/kernels/im2col.hpp"

namespace hcnn::kernels {

/// A convolution as the gather kernel sees it: how an image is staged, and where the taps are in the staged image.
struct GatherPlan {
  Shape source;       ///< shape of the image to stage
  Extent2 step;       ///< distance between neighbouring source pixels in the staged image
  Extent2 offset;     ///< staged position of source pixel (0, 0); may be negative
  Shape staged;       ///< shape of the staged image; channels padded to a multiple of kUnit
  Shape output;       ///< shape of one output sample
  Extent2 stride;     ///< distance between neighbouring output pixels in the staged image
  Extent2 kernel;     ///< kernel taps
  Extent2 dilation;   ///< distance between neighbouring taps in the staged image
  Index length_step;  ///< the kernels' `length_step`

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

  /// Neighbouring taps of a kernel row are one contiguous run of values unless dilated.
  bool row_runs() const { return dilation.width == 1; }
  /// Number of segments per output pixel.
  Index segments() const { return row_runs() ? kernel.height : kernel.area(); }
  /// Length of one segment without padding, values.
  Index run_length() const { return row_runs() ? kernel.width * staged.channels : staged.channels; }
  /// Length of a segment as the kernels read it, values; the last few may be the next pixel's and are multiplied by 0.
  Index segment_length() const { return round_up(run_length(), length_step); }
  /// Distance from one staged image to the next, values. If segments are read beyond their end, there are zeros between
  /// images: 0 times a NaN of the next one would be NaN.
  Index image_distance() const { return staged.size() + (segment_length() > run_length() ? length_step : 0); }
  /// Length of all segments of one output pixel, values.
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
  /// Number of depths that belong to tap t; the last tap of a segment includes the padding.
  Index tap_length(Index t) const {
    if (!row_runs()) return segment_length();
    const Index j = t % kernel.width;
    return j + 1 == kernel.width ? segment_length() - j * staged.channels : staged.channels;
  }
};

/// Packs the weights of a plan; those of tap t are at w + t * tap_stride.
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

/// Copies one image into its staged buffer, whose other values are zero and stay zero.
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

/// A few staged images, and where the micro-kernels find their rows (output pixels) and segments.
template <class E>
struct StagedImages {
  E* values;       ///< all images, with zero borders
  const E** rows;  ///< first staged value of each output pixel
  Index* offsets;  ///< offset of each segment from its row's first value

  /// Room for this many images, all zero, until the scratch is rewound.
  StagedImages(const GatherPlan& plan, Index images, Workspace& scratch) {
    const Index size = images * plan.image_distance() + plan.length_step, pixels = plan.output.pixels();
    values = scratch.take<E>(size);
    std::fill_n(values, size, E{});
    rows = scratch.take<const E*>(images * pixels);
    for (Index r = 0; r < images * pixels; ++r) {
      const Index row = r % pixels / plan.output.width * plan.stride.height;
      const Index column = r % plan.output.width * plan.stride.width;
      rows[r] = values + r / pixels * plan.image_distance() + (row * plan.staged.width + column) * plan.staged.channels;
    }
    offsets = scratch.take<Index>(plan.segments());
    for (Index s = 0; s < plan.segments(); ++s) offsets[s] = plan.segment_offset(s);
  }
};

/// Called when the images [first, first + count) of a convolution are complete, on the thread that computed them.
using AfterImages = FunctionRef<void(Index first, Index count)>;
/// Does nothing: for convolutions without a following step.
inline constexpr auto kNothingAfter = [](Index, Index) {};

/// The planned convolution of rows [begin, end) of staged images. Writes the result to y, rounded if E is bfloat16.
template <class E>
void gather_rows(const MicroKernels<E>& kernels, const GatherPlan& plan, const StagedImages<E>& staged, Index begin,
                 Index end, const Panels& weights, const float* bias, E* y) {
  const Index tile = even_tile(end - begin, kernels.rows), channels = plan.output.channels;
  for (Index j = 0; j < weights.count(); ++j)
    for (Index r = begin; r < end; r += tile) {
      GatherOperands<E> operands{.rows = staged.rows + r,
                                 .offsets = staged.offsets,
                                 .segments = plan.segments(),
                                 .length = plan.segment_length(),
                                 .panel = weights.panel<E>(j),
                                 .bias = bias ? bias + j * weights.width() : nullptr,
                                 .c = nullptr,
                                 .ldc = channels};
      E* out = y + r * channels + j * weights.width();
      if constexpr (std::is_same_v<E, float>)
        operands.c = out;
      else
        operands.rounded = out;
      kernels.gather(std::min(tile, end - r), std::min(weights.width(), channels - j * weights.width()), false,
                     operands);
    }
}

/// y = the planned convolution of x with packed weights, + bias, computed in E. Tasks are groups of images with at
/// least 256 output pixels in total, so that a panel is read often enough for the time it takes to load it.
template <class T, class E>
void conv_gather(const MicroKernels<E>& kernels, const GatherPlan& plan, const Panels& weights, const float* bias,
                 TensorView<const T> x, TensorView<T> y, AfterImages after) {
  if (x.count == 0) return;
  const Index pixels = plan.output.pixels(), sample = plan.output.size();
  const Index images = std::min(x.count, (255 + pixels) / pixels), groups = (x.count + images - 1) / images;
  if constexpr (std::is_same_v<T, E>)
    if (x.count < thread_count()) {  // the rows of each image are split among the threads instead
      const WorkspaceScope scope(thread_scratch());
      const StagedImages<E> staged(plan, 1, thread_scratch());
      for (Index n = 0; n < x.count; ++n) {
        stage(plan, x.sample(n), staged.values);
        parallel_ranges(pixels, [&](Index begin, Index end) {
          gather_rows(kernels, plan, staged, begin, end, weights, bias, y.sample(n));
        });
        after(n, 1);
      }
      return;
    }
  parallel_ranges(groups, [&](Index begin, Index end) {
    Workspace& scratch = thread_scratch();
    const WorkspaceScope scope(scratch);
    const StagedImages<E> staged(plan, images, scratch);
    [[maybe_unused]] E* room = std::is_same_v<T, E> ? nullptr : scratch.take<E>(images * sample);
    for (Index group = begin; group < end; ++group) {
      const Index first = group * images, count = std::min(images, x.count - first);
      for (Index n = 0; n < count; ++n) stage(plan, x.sample(first + n), staged.values + n * plan.image_distance());
      if constexpr (std::is_same_v<T, E>) {
        gather_rows(kernels, plan, staged, 0, count * pixels, weights, bias, y.sample(first));
      } else {
        gather_rows(kernels, plan, staged, 0, count * pixels, weights, bias, room);
        std::transform(room, room + count * sample, y.sample(first), [](E value) { return T(value); });
      }
      after(first, count);
    }
  });
}

}  // namespace hcnn::kernels
