// Batch normalisation on raw arrays: moments, normalisation with rectifier and pooling, and their gradients. Partial
// sums are per image and added in the order of the images, so that threads do not change the bits.
#pragma once

#include <algorithm>
#include <cstdint>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/core/workspace.hpp"

namespace hcnn::kernels {

/// Mean and sum of squared deviations of each channel of one image. Two passes over data that the cache still holds:
/// E[x^2] - E[x]^2 would cancel.
template <class T, class M>
void image_moments(const T* x, Index pixels, Index channels, M* mean, M* deviations) {
  std::fill_n(mean, channels, M{0});
  std::fill_n(deviations, channels, M{0});
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < channels; ++c) mean[c] += static_cast<M>(x[p * channels + c]);
  for (Index c = 0; c < channels; ++c) mean[c] /= static_cast<M>(pixels);
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < channels; ++c) {
      const M d = static_cast<M>(x[p * channels + c]) - mean[c];
      deviations[c] += d * d;
    }
}

/// Joins the moments of `count` images of equal size (Chan, Golub, LeVeque 1979).
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

/// Normalisation of one pass as a map per channel, v = scale * x + shift, and the rectifier behind it,
/// r(v) = v < 0 ? slope * v : v (slope 1: none, 0: ReLU).
template <class M>
struct NormalizeMap {
  const M* scale;
  const M* shift;
  M slope = 1;

  M value(M x, Index c) const { return scale[c] * x + shift[c]; }
  M rectify(M v) const { return v < M{0} ? slope * v : v; }
  /// r'(v)
  M derivative(M v) const { return v > M{0} ? M{1} : slope; }
};

/// y = r(scale * x + shift) for one image; y may be x.
template <class T, class M>
void normalize_image(const NormalizeMap<M>& map, const T* x, Index pixels, Index channels, T* y) {
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < channels; ++c)
      y[p * channels + c] = T(map.rectify(map.value(static_cast<M>(x[p * channels + c]), c)));
}

/// Windows that tile the image without overlap or border: the max pooling that is fused. At most 255 taps.
struct TilePool {
  Shape input;
  Index height;
  Index width;

  Shape output() const { return {input.height / height, input.width / width, input.channels}; }
  /// First value of tap `tap` of output pixel (v, u).
  Index at(Index v, Index u, Index tap) const {
    return ((v * height + tap / width) * input.width + u * width + tap % width) * input.channels;
  }
};

/// y = max over windows of r(scale * x + shift) for one image.
template <class T, class M>
void normalize_pool_image(const NormalizeMap<M>& map, const TilePool& pool, const T* x, T* y) {
  const Shape out = pool.output();
  const Index channels = out.channels;
  for (Index v = 0; v < out.height; ++v)
    for (Index u = 0; u < out.width; ++u, y += channels) {
      normalize_image(map, x + pool.at(v, u, 0), 1, channels, y);
      for (Index tap = 1; tap < pool.height * pool.width; ++tap) {
        const T* in = x + pool.at(v, u, tap);
        for (Index c = 0; c < channels; ++c) {
          const T value = T(map.rectify(map.value(static_cast<M>(in[c]), c)));
          y[c] = value > y[c] || value != value ? value : y[c];  // a NaN wins and stays visible
        }
      }
    }
}

/// The same, noting in `taps` which tap it was; the first of equal ones wins.
template <class T, class M>
void normalize_pool_image(const NormalizeMap<M>& map, const TilePool& pool, const T* x, T* y, std::uint8_t* taps) {
  const Shape out = pool.output();
  const Index channels = out.channels;
  for (Index v = 0; v < out.height; ++v)
    for (Index u = 0; u < out.width; ++u, y += channels, taps += channels) {
      normalize_image(map, x + pool.at(v, u, 0), 1, channels, y);
      std::fill_n(taps, channels, std::uint8_t{0});
      for (Index tap = 1; tap < pool.height * pool.width; ++tap) {
        const T* in = x + pool.at(v, u, tap);
        for (Index c = 0; c < channels; ++c) {
          const T value = T(map.rectify(map.value(static_cast<M>(in[c]), c)));
          const bool larger = value > y[c] || value != value;
          y[c] = larger ? value : y[c];
          taps[c] = larger ? static_cast<std::uint8_t>(tap) : taps[c];
        }
      }
    }
}

/// Sums over one image of g and of g * (x - mean), with g = dy * r'(scale * x + shift).
template <class T, class M>
void gradient_sums_image(const NormalizeMap<M>& map, const M* mean, const T* x, const T* dy, Index pixels,
                         Index channels, M* sums, M* products) {
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < channels; ++c) {
      const M value = static_cast<M>(x[p * channels + c]);
      const M g = static_cast<M>(dy[p * channels + c]) * map.derivative(map.value(value, c));
      sums[c] += g;
      products[c] += g * (value - mean[c]);
    }
}

/// The same through the pooling: only the taps that won have a gradient.
template <class T, class M>
void gradient_sums_pool_image(const NormalizeMap<M>& map, const TilePool& pool, const M* mean, const T* x, const T* dy,
                              const std::uint8_t* taps, M* sums, M* products) {
  const Shape out = pool.output();
  const Index channels = out.channels;
  for (Index v = 0; v < out.height; ++v)
    for (Index u = 0; u < out.width; ++u, dy += channels, taps += channels)
      for (Index tap = 0; tap < pool.height * pool.width; ++tap) {
        const T* in = x + pool.at(v, u, tap);
        for (Index c = 0; c < channels; ++c) {
          const M value = static_cast<M>(in[c]);
          const M taken = taps[c] == tap ? static_cast<M>(dy[c]) : M{0};
          const M g = taken * map.derivative(map.value(value, c));
          sums[c] += g;
          products[c] += g * (value - mean[c]);
        }
      }
}

/// dx = g_scale * g + x_scale * x + offset, per channel: what batch normalisation's gradient comes down to once the
/// sums over the batch are known.
template <class M>
struct GradientMap {
  const M* g_scale;
  const M* x_scale;
  const M* offset;
};

/// dx of one image, with g = dy * r'(scale * x + shift); dx may be x or dy.
template <class T, class M>
void gradient_image(const NormalizeMap<M>& map, const GradientMap<M>& gradient, const T* x, const T* dy, Index pixels,
                    Index channels, T* dx) {
  for (Index p = 0; p < pixels; ++p)
    for (Index c = 0; c < channels; ++c) {
      const Index i = p * channels + c;
      const M value = static_cast<M>(x[i]);
      const M g = static_cast<M>(dy[i]) * map.derivative(map.value(value, c));
      dx[i] = T(gradient.g_scale[c] * g + gradient.x_scale[c] * value + gradient.offset[c]);
    }
}

/// The same through the pooling; pixels that no window covers get the terms without g. dx may be x.
template <class T, class M>
void gradient_pool_image(const NormalizeMap<M>& map, const GradientMap<M>& gradient, const TilePool& pool, const T* x,
                         const T* dy, const std::uint8_t* taps, T* dx) {
  const Shape out = pool.output();
  const Index channels = out.channels;
  for (Index v = 0; v < pool.input.height; ++v)
    for (Index u = 0; u < pool.input.width; ++u) {
      const Index i = (v * pool.input.width + u) * channels;
      const bool covered = v / pool.height < out.height && u / pool.width < out.width;
      const Index window = (v / pool.height * out.width + u / pool.width) * channels;
      const auto tap = static_cast<std::uint8_t>(v % pool.height * pool.width + u % pool.width);
      for (Index c = 0; c < channels; ++c) {
        const M value = static_cast<M>(x[i + c]);
        const M taken = covered && taps[window + c] == tap ? static_cast<M>(dy[window + c]) : M{0};
        const M g = taken * map.derivative(map.value(value, c));
        dx[i + c] = T(gradient.g_scale[c] * g + gradient.x_scale[c] * value + gradient.offset[c]);
      }
    }
}

}  // namespace hcnn::kernels
