// Batch normalisation on raw arrays: moments, normalisation with rectifier, and their gradients.
// Partial sums are per image and added in the order of the images, so that threads do not change the bits. The loops
// over one image are types with a `run` for `run_vectorized`.
#pragma once

#include <algorithm>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/kernels/isa/vectorize.hpp"

namespace hcnn::kernels {

/// Mean and sum of squared deviations of each channel of one image. Two passes over data still in the cache: E[x^2] -
/// E[x]^2 would cancel.
struct ImageMoments {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(const T* x, Index pixels, Index channels, M* mean, M* deviations) {
    HCNN_SIMD
    for (Index c = 0; c < channels; ++c) mean[c] = deviations[c] = M{0};
    for (Index p = 0; p < pixels; ++p) {
      const T* in = x + p * channels;
      HCNN_SIMD
      for (Index c = 0; c < channels; ++c) mean[c] += static_cast<M>(in[c]);
    }
    HCNN_SIMD
    for (Index c = 0; c < channels; ++c) mean[c] /= static_cast<M>(pixels);
    for (Index p = 0; p < pixels; ++p) {
      const T* in = x + p * channels;
      HCNN_SIMD
      for (Index c = 0; c < channels; ++c) {
        const M d = static_cast<M>(in[c]) - mean[c];
        deviations[c] += d * d;
      }
    }
  }
};

/// Combines the moments of `count` images of equal size (Chan, Golub, LeVeque 1979).
/// @param means, deviations (count, channels)  @param mean, variance biased moments of the whole batch
template <class M>
void join_moments(Index count, Index pixels, Index channels, const M* means, const M* deviations, M* mean,
                  M* variance) {
  for (Index c = 0; c < channels; ++c) {
    double sum = 0, squares = 0;
    for (Index n = 0; n < count; ++n) sum += static_cast<double>(means[n * channels + c]);
    const double centre = sum / static_cast<double>(count);
    for (Index n = 0; n < count; ++n) {
      const double d = static_cast<double>(means[n * channels + c]) - centre;
      squares += static_cast<double>(deviations[n * channels + c]) + static_cast<double>(pixels) * d * d;
    }
    mean[c] = static_cast<M>(centre);
    variance[c] = static_cast<M>(squares / static_cast<double>(count * pixels));
  }
}

/// Normalisation of one pass as a map per channel, v = scale * x + shift, followed by the rectifier r(v) = v < 0 ?
/// slope * v : v (slope 1: none, 0: ReLU).
template <class M>
struct NormalizeMap {
  const M* scale;  ///< one value per channel
  const M* shift;  ///< one value per channel
  M slope = 1;     ///< slope of the rectifier for negative values

  /// v
  [[gnu::always_inline]] M value(M x, Index c) const { return scale[c] * x + shift[c]; }
  /// r(v); 0 times negative infinity would be NaN
  [[gnu::always_inline]] M rectify(M v) const { return v < M{0} ? (slope == M{0} ? M{0} : slope * v) : v; }
  /// r'(v)
  [[gnu::always_inline]] M derivative(M v) const { return v > M{0} ? M{1} : slope; }
};

/// y = r(scale * x + shift) for one image; y may be x.
struct NormalizeImage {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, const T* x, Index pixels, Index channels, T* y) {
    for (Index p = 0; p < pixels; ++p) {
      const T* in = x + p * channels;
      T* out = y + p * channels;
      HCNN_SIMD
      for (Index c = 0; c < channels; ++c) out[c] = map.rectify(map.value(static_cast<M>(in[c]), c));
    }
  }
};

/// Adds, over one image, g to `sums` and g * (x - mean) to `products`, with g = dy * r'(scale * x + shift).
struct GradientSums {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, const M* mean, const T* x, const T* dy, Index pixels,
                                         Index channels, M* sums, M* products) {
    for (Index p = 0; p < pixels; ++p) {
      const T *in = x + p * channels, *gradient = dy + p * channels;
      HCNN_SIMD
      for (Index c = 0; c < channels; ++c) {
        const M value = static_cast<M>(in[c]);
        const M g = static_cast<M>(gradient[c]) * map.derivative(map.value(value, c));
        sums[c] += g;
        products[c] += g * (value - mean[c]);
      }
    }
  }
};

/// dx = g_scale * g + x_scale * x + offset, per channel: the gradient of batch normalisation once the sums over the
/// batch are known.
template <class M>
struct GradientMap {
  const M* g_scale;  ///< one value per channel
  const M* x_scale;  ///< one value per channel
  const M* offset;   ///< one value per channel

  /// dx
  [[gnu::always_inline]] M of(M g, M x, Index c) const { return g_scale[c] * g + x_scale[c] * x + offset[c]; }
};

/// dx of one image, with g = dy * r'(scale * x + shift); dx may be x or dy.
struct GradientImage {
  /// Called by `run_vectorized`.
  template <class T, class M>
  [[gnu::always_inline]] static void run(NormalizeMap<M> map, GradientMap<M> gradient, const T* x, const T* dy,
                                         Index pixels, Index channels, T* dx) {
    for (Index p = 0; p < pixels; ++p) {
      const T *in = x + p * channels, *from = dy + p * channels;
      T* out = dx + p * channels;
      HCNN_SIMD
      for (Index c = 0; c < channels; ++c) {
        const M value = static_cast<M>(in[c]);
        const M g = static_cast<M>(from[c]) * map.derivative(map.value(value, c));
        out[c] = gradient.of(g, value, c);
      }
    }
  }
};

}  // namespace hcnn::kernels
