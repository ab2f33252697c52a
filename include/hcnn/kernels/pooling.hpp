// Maximum and average pooling of NHWC batches, over sliding windows or adaptive bins; channels are the inner loop.
// Every value of y and dx is computed by one task that visits its partners in a fixed order, so nothing is shared.
#pragma once

#include <algorithm>
#include <limits>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/workspace.hpp"

namespace hcnn::kernels {

/// The positions begin, begin + 1, ..., end - 1 of one axis.
struct Range {
  Index begin;  ///< first position
  Index end;    ///< one past the last position
};

/// One axis of a pooling with windows: output o reads `window` positions starting at o * stride - padding.
struct SlidingWindows {
  Index input;    ///< positions before pooling
  Index output;   ///< positions after pooling
  Index window;   ///< positions under one window
  Index stride;   ///< distance between two windows, positions
  Index padding;  ///< padding positions before and after the input

  /// Input positions that output o reads, without padding.
  Range inputs(Index o) const {
    const Index first = start(o);
    return {std::max(first, Index{0}), std::min(first + window, input)};
  }
  /// Outputs that read input position i.
  Range outputs(Index i) const {
    const Index last = i + padding;
    return {last < window ? 0 : (last - window) / stride + 1, std::min(last / stride + 1, output)};
  }
  /// Number of positions under the window of output o, including padding.
  Index length(Index) const { return window; }
  /// First position under the window of output o; negative in the padding.
  Index start(Index o) const { return o * stride - padding; }
};

/// One axis of an adaptive pooling: output o reads the positions floor(o input / output) to ceil((o + 1) input /
/// output), as in PyTorch; bins overlap if `output` does not divide `input`.
struct AdaptiveBins {
  Index input;   ///< positions before pooling
  Index output;  ///< positions after pooling

  /// Input positions that output o reads.
  Range inputs(Index o) const { return {o * input / output, ((o + 1) * input + output - 1) / output}; }
  /// Outputs that read input position i.
  Range outputs(Index i) const { return {i * output / input, ((i + 1) * output + input - 1) / input}; }
  /// Number of positions in bin o.
  Index length(Index o) const { return inputs(o).end - inputs(o).begin; }
};

/// Calls `task(n, row, sums)` for every sample and row; `sums` is scratch for one value per channel.
template <class M, class Task>
void for_each_row(Index count, Index rows, Index channels, const Task& task) {
  parallel_ranges(count * rows, [&](Index begin, Index end) {
    const WorkspaceScope scope(thread_scratch());
    M* sums = thread_scratch().take<M>(channels);
    for (Index i = begin; i < end; ++i) task(i / rows, i % rows, sums);
  });
}

/// y = mean of x over each window or bin: (N, H, W, C) -> (N, OH, OW, C). Padding counts as zeros.
template <class T, class Axis>
void average_pool(const T* x, T* y, Index count, Index channels, const Axis& rows, const Axis& columns) {
  using M = Master<T>;
  for_each_row<M>(count, rows.output, channels, [&](Index n, Index oh, M* sums) {
    const Range hs = rows.inputs(oh);
    for (Index ow = 0; ow < columns.output; ++ow) {
      const Range ws = columns.inputs(ow);
      std::fill_n(sums, channels, M{0});
      for (Index h = hs.begin; h < hs.end; ++h)
        for (Index w = ws.begin; w < ws.end; ++w) {
          const T* pixel = x + ((n * rows.input + h) * columns.input + w) * channels;
          for (Index c = 0; c < channels; ++c) sums[c] += M(pixel[c]);
        }
      const M scale = M{1} / static_cast<M>(rows.length(oh) * columns.length(ow));
      T* out = y + ((n * rows.output + oh) * columns.output + ow) * channels;
      for (Index c = 0; c < channels; ++c) out[c] = T(scale * sums[c]);
    }
  });
}

/// dx of average_pool: each pixel sums dy / (size of the window) over the windows that read it.
template <class T, class Axis>
void average_pool_backward(const T* dy, T* dx, Index count, Index channels, const Axis& rows, const Axis& columns) {
  using M = Master<T>;
  for_each_row<M>(count, rows.input, channels, [&](Index n, Index h, M* sums) {
    const Range ohs = rows.outputs(h);
    for (Index w = 0; w < columns.input; ++w) {
      const Range ows = columns.outputs(w);
      std::fill_n(sums, channels, M{0});
      for (Index oh = ohs.begin; oh < ohs.end; ++oh)
        for (Index ow = ows.begin; ow < ows.end; ++ow) {
          const M scale = M{1} / static_cast<M>(rows.length(oh) * columns.length(ow));
          const T* gradient = dy + ((n * rows.output + oh) * columns.output + ow) * channels;
          for (Index c = 0; c < channels; ++c) sums[c] += scale * M(gradient[c]);
        }
      T* pixel = dx + ((n * rows.input + h) * columns.input + w) * channels;
      for (Index c = 0; c < channels; ++c) pixel[c] = T(sums[c]);
    }
  });
}

/// y = max of x over each window: (N, H, W, C) -> (N, OH, OW, C). `taps`, of y's size or null, receives the position of
/// each maximum in its window (row * width + column); the first of equal ones. NaN wins, so that a diverged network is
/// noticed.
template <class T, class Tap>
void max_pool(const T* x, T* y, Tap* taps, Index count, Index channels, const SlidingWindows& rows,
              const SlidingWindows& columns) {
  using M = Master<T>;
  for_each_row<M>(count, rows.output, channels, [&](Index n, Index oh, M* best) {
    const Range hs = rows.inputs(oh);
    for (Index ow = 0; ow < columns.output; ++ow) {
      const Range ws = columns.inputs(ow);
      const Index out = ((n * rows.output + oh) * columns.output + ow) * channels;
      Tap* where = taps ? taps + out : nullptr;
      std::fill_n(best, channels, -std::numeric_limits<M>::infinity());
      for (Index h = hs.begin; h < hs.end; ++h)
        for (Index w = ws.begin; w < ws.end; ++w) {
          const auto tap = static_cast<Tap>((h - rows.start(oh)) * columns.window + w - columns.start(ow));
          if (where && h == hs.begin && w == ws.begin) std::fill_n(where, channels, tap);  // also if all are -inf
          const T* pixel = x + ((n * rows.input + h) * columns.input + w) * channels;
          for (Index c = 0; c < channels; ++c) {
            const M value = pixel[c];
            const bool wins = value > best[c] || value != value;
            if (where) where[c] = wins ? tap : where[c];
            best[c] = wins ? value : best[c];
          }
        }
      for (Index c = 0; c < channels; ++c) y[out + c] = T(best[c]);
    }
  });
}

/// dx of max_pool: each pixel sums the dy of the windows of which it is the maximum.
template <class T, class Tap>
void max_pool_backward(const T* dy, const Tap* taps, T* dx, Index count, Index channels, const SlidingWindows& rows,
                       const SlidingWindows& columns) {
  using M = Master<T>;
  for_each_row<M>(count, rows.input, channels, [&](Index n, Index h, M* sums) {
    const Range ohs = rows.outputs(h);
    for (Index w = 0; w < columns.input; ++w) {
      const Range ows = columns.outputs(w);
      std::fill_n(sums, channels, M{0});
      for (Index oh = ohs.begin; oh < ohs.end; ++oh)
        for (Index ow = ows.begin; ow < ows.end; ++ow) {
          const auto tap = static_cast<Tap>((h - rows.start(oh)) * columns.window + w - columns.start(ow));
          const Index out = ((n * rows.output + oh) * columns.output + ow) * channels;
          for (Index c = 0; c < channels; ++c) sums[c] += taps[out + c] == tap ? M(dy[out + c]) : M{0};
        }
      T* pixel = dx + ((n * rows.input + h) * columns.input + w) * channels;
      for (Index c = 0; c < channels; ++c) pixel[c] = T(sums[c]);
    }
  });
}

}  // namespace hcnn::kernels
