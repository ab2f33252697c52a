// Batch normalisation, rectifier and max pooling in one pass over an image, and their gradients.
#pragma once

#include <cstdint>

#include "hcnn/kernels/normalization.hpp"

namespace hcnn::kernels {

/// Max-pooling windows for fusion: without overlap or padding, with at most 255 taps. Pixels at the end that fill no
/// window are not covered.
struct TilePool {
  Shape input;   ///< shape of one input sample
  Index height;  ///< rows per window
  Index width;   ///< columns per window

  /// Shape of one output sample.
  [[gnu::always_inline]] Shape output() const { return {input.height / height, input.width / width, input.channels}; }
  /// Index of the first value of tap `tap` of output pixel (v, u).
  [[gnu::always_inline]] Index at(Index v, Index u, Index tap) const {
    return ((v * height + tap / width) * input.width + u * width + tap % width) * input.channels;
  }
};

/// y = max over windows of r(scale * x + shift) for one image. Writes to `taps`, unless null, which tap was the
/// maximum; the first of equal ones.
struct NormalizePoolImage {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, TilePool pool, const T* x, T* y, std::uint8_t* taps) {
    const Shape out = pool.output();
    const Index channels = out.channels;
    for (Index v = 0; v < out.height; ++v)
      for (Index u = 0; u < out.width; ++u, y += channels) {
        NormalizeImage::run(map, x + pool.at(v, u, 0), 1, channels, y);
        if (taps) std::fill_n(taps, channels, std::uint8_t{0});
        for (Index tap = 1; tap < pool.height * pool.width; ++tap) {
          const T* in = x + pool.at(v, u, tap);
          if (taps) {
            HCNN_SIMD
            for (Index c = 0; c < channels; ++c) {
              const M value = static_cast<M>(T(map.rectify(map.value(static_cast<M>(in[c]), c))));
              const M best = static_cast<M>(y[c]);
              const bool larger = value > best || value != value;  // a NaN wins and stays visible
              y[c] = larger ? value : best;
              taps[c] = larger ? static_cast<std::uint8_t>(tap) : taps[c];
            }
          } else {
            HCNN_SIMD
            for (Index c = 0; c < channels; ++c) {
              const M value = static_cast<M>(T(map.rectify(map.value(static_cast<M>(in[c]), c))));
              const M best = static_cast<M>(y[c]);
              y[c] = value > best || value != value ? value : best;
            }
          }
        }
        if (taps) taps += channels;
      }
  }
};

/// GradientSums through the pooling: only the taps that were the maximum have a gradient.
struct GradientSumsPool {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, TilePool pool, const M* mean, const T* x, const T* dy,
                                         const std::uint8_t* taps, M* sums, M* products) {
    const Shape out = pool.output();
    const Index channels = out.channels;
    for (Index v = 0; v < out.height; ++v)
      for (Index u = 0; u < out.width; ++u, dy += channels, taps += channels)
        for (Index tap = 0; tap < pool.height * pool.width; ++tap) {
          const T* in = x + pool.at(v, u, tap);
          HCNN_SIMD
          for (Index c = 0; c < channels; ++c) {
            const M value = static_cast<M>(in[c]);
            const M taken = taps[c] == tap ? static_cast<M>(dy[c]) : M{0};
            const M g = taken * map.derivative(map.value(value, c));
            sums[c] += g;
            products[c] += g * (value - mean[c]);
          }
        }
  }
};

/// GradientImage through the pooling; pixels that no window covers get the terms without g. dx may be x.
struct GradientPoolImage {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, GradientMap<M> gradient, TilePool pool, const T* x,
                                         const T* dy, const std::uint8_t* taps, T* dx) {
    const Shape in = pool.input, out = pool.output();
    const Index channels = out.channels;
    for (Index v = 0; v < in.height; ++v)
      for (Index u = 0; u < in.width; ++u) {
        const T* from = x + (v * in.width + u) * channels;
        T* to = dx + (v * in.width + u) * channels;
        if (v / pool.height >= out.height || u / pool.width >= out.width) {
          HCNN_SIMD
          for (Index c = 0; c < channels; ++c) to[c] = gradient.of(M{0}, static_cast<M>(from[c]), c);
          continue;
        }
        const Index window = (v / pool.height * out.width + u / pool.width) * channels;
        const Index tap = v % pool.height * pool.width + u % pool.width;
        const T* pooled = dy + window;
        const std::uint8_t* won = taps + window;
        HCNN_SIMD
        for (Index c = 0; c < channels; ++c) {
          const M value = static_cast<M>(from[c]);
          const M taken = won[c] == tap ? static_cast<M>(pooled[c]) : M{0};
          to[c] = gradient.of(taken * map.derivative(map.value(value, c)), value, c);
        }
      }
  }
};

}  // namespace hcnn::kernels
