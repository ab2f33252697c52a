// Element-wise arithmetic on arrays: activations, addition, copies, dropout masks.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/random.hpp"

namespace hcnn::kernels {

/// y = x; does nothing if both are the same array.
template <class T>
void copy(const T* x, T* y, Index size) {
  if (x == y) return;
  parallel_elements(size, [=](Index begin, Index end) { std::copy(x + begin, x + end, y + begin); });
}

/// y += x, added in Master<T>.
template <class T>
void add(const T* x, T* y, Index size) {
  using M = Master<T>;
  parallel_elements(size, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = T(M(y[i]) + M(x[i]));
  });
}

/// y = x if x > 0, else slope x. NaN stays NaN. y may be x.
template <class T>
void leaky_relu(const T* x, T* y, Index size, Master<T> slope) {
  using M = Master<T>;
  parallel_elements(size, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const M value = x[i];
      y[i] = T(value > 0 ? value : slope * value);
    }
  });
}

/// dx = dy if y > 0, else slope dy: with a positive slope, y has the sign of x. dx may be dy.
template <class T>
void leaky_relu_backward(const T* y, const T* dy, T* dx, Index size, Master<T> slope) {
  using M = Master<T>;
  parallel_elements(size, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const M gradient = dy[i];
      dx[i] = T(M(y[i]) > 0 ? gradient : slope * gradient);
    }
  });
}

/// y = max(x, 0). NaN stays NaN, so that a diverged network is noticed. y may be x.
template <class T>
void relu(const T* x, T* y, Index size) {
  using M = Master<T>;
  parallel_elements(size, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const M value = x[i];
      y[i] = T(value <= 0 ? M{0} : value);
    }
  });
}

/// dx = dy if y > 0, else 0. dx may be dy.
template <class T>
void relu_backward(const T* y, const T* dy, T* dx, Index size) {
  using M = Master<T>;
  parallel_elements(size, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) dx[i] = T(M(y[i]) <= 0 ? M{0} : M(dy[i]));
  });
}

/// Number of words of a mask for `size` elements, one bit each.
constexpr Index mask_words(Index size) { return (size + 31) / 32; }

/// Random bits that are 1 with probability 1 - drop_below / 2^32: bit i compares word i of the stream.
inline void draw_mask(const RandomStream& random, std::uint32_t drop_below, Index words, std::uint32_t* mask) {
  for (Index w = 0; w < words; ++w) {
    std::uint32_t bits = 0;
    for (std::uint32_t block = 0; block < 8; ++block) {
      const std::array<std::uint32_t, 4> draws = random.block(static_cast<std::uint32_t>(w) * 8 + block);
      for (std::uint32_t j = 0; j < 4; ++j) bits |= std::uint32_t{draws[j] >= drop_below} << (block * 4 + j);
    }
    mask[w] = bits;
  }
}

/// y = scale x where the mask is 1, else 0 x. y may be x.
template <class T>
void apply_mask(const std::uint32_t* mask, const T* x, T* y, Index size, Master<T> scale) {
  using M = Master<T>;
  for (Index first = 0; first < size; first += 32) {
    const std::uint32_t bits = mask[first / 32];
    const Index count = std::min(size - first, Index{32});
    for (Index i = 0; i < count; ++i) {
      const M factor = scale * static_cast<M>((bits >> i) & 1u);  // a product, as a branch on a random bit costs 16 ns
      y[first + i] = T(factor * M(x[first + i]));
    }
  }
}

}  // namespace hcnn::kernels
