// Winograd's minimal filtering F(4x4, 3x3): 4x4 outputs of a 3x3 convolution from 36 products per channel instead of
// 144. Y = A^T [(G g G^T) * (B^T d B)] A for a tile d of 6x6 inputs and a kernel g, * element by element.
// Source: Lavin, Gray 2016, Fast Algorithms for Convolutional Neural Networks, arXiv:1509.09308, section 4.3.
#pragma once

#include "hcnn/kernels/lanes.hpp"

namespace hcnn::kernels {

inline constexpr Index kWinogradOutput = 4;                                ///< outputs of a tile along one axis
inline constexpr Index kWinogradInput = 6;                                 ///< inputs of a tile along one axis
inline constexpr Index kWinogradPoints = kWinogradInput * kWinogradInput;  ///< products of a tile and channel

// The one-dimensional transforms, in place or not, on values `step` apart.

/// v = B^T d
[[gnu::always_inline]] inline void winograd_input(const Lanes* d, Lanes* v, int step) {
  const Lanes d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const Lanes even = d4 - 4 * d2, odd = d3 - 4 * d1, even2 = d4 - d2, odd2 = 2 * (d3 - d1);
  v[0] = 4 * d0 - 5 * d2 + d4;
  v[step] = even + odd;
  v[2 * step] = even - odd;
  v[3 * step] = even2 + odd2;
  v[4 * step] = even2 - odd2;
  v[5 * step] = 4 * d1 - 5 * d3 + d5;
}
/// y = A^T m: four values of six
[[gnu::always_inline]] inline void winograd_output(const Lanes* m, Lanes* y, int step) {
  const Lanes m0 = m[0], m1 = m[step], m2 = m[2 * step], m3 = m[3 * step], m4 = m[4 * step], m5 = m[5 * step];
  const Lanes sum = m1 + m2, difference = m1 - m2, sum2 = m3 + m4, difference2 = m3 - m4;
  y[0] = m0 + sum + sum2;
  y[step] = difference + 2 * difference2;
  y[2 * step] = sum + 4 * sum2;
  y[3 * step] = difference + 8 * difference2 + m5;
}
/// u = G g: six values of three
[[gnu::always_inline]] inline void winograd_kernel(const Lanes* g, Lanes* u, int step) {
  const Lanes g0 = g[0], g1 = g[step], g2 = g[2 * step], outer = g0 + g2, outer4 = g0 + 4 * g2;
  u[0] = 0.25f * g0;
  u[step] = (outer + g1) * (-1.0f / 6);
  u[2 * step] = (outer - g1) * (-1.0f / 6);
  u[3 * step] = (outer4 + 2 * g1) * (1.0f / 24);
  u[4 * step] = (outer4 - 2 * g1) * (1.0f / 24);
  u[5 * step] = g2;
}
/// m = A y: six values of four, the adjoint of `winograd_output`
[[gnu::always_inline]] inline void winograd_output_adjoint(const Lanes* y, Lanes* m, int step) {
  const Lanes y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  const Lanes even = y0 + y2, odd = y1 + y3, even4 = y0 + 4 * y2, odd4 = 2 * (y1 + 4 * y3);
  m[0] = y0;
  m[step] = even + odd;
  m[2 * step] = even - odd;
  m[3 * step] = even4 + odd4;
  m[4 * step] = even4 - odd4;
  m[5 * step] = y3;
}
/// g = G^T u: three values of six, the adjoint of `winograd_kernel`
[[gnu::always_inline]] inline void winograd_kernel_adjoint(const Lanes* u, Lanes* g, int step) {
  const Lanes u0 = u[0], u1 = u[step], u2 = u[2 * step], u3 = u[3 * step], u4 = u[4 * step], u5 = u[5 * step];
  const Lanes sum = (u1 + u2) * (-1.0f / 6), sum2 = (u3 + u4) * (1.0f / 24);
  g[0] = 0.25f * u0 + sum + sum2;
  g[step] = (u2 - u1) * (1.0f / 6) + (u3 - u4) * (1.0f / 12);
  g[2 * step] = sum + 4 * sum2 + u5;
}

/// A row of a transform as a weighted sum of a few rows of its operand.
struct WinogradCombination {
  int count;         ///< number of rows of the operand in the sum
  int rows[4];       ///< which rows
  float factors[4];  ///< factor of each row
};
/// The rows of B^T.
inline constexpr WinogradCombination kWinogradInputRows[kWinogradInput] = {
    {3, {0, 2, 4}, {4, -5, 1}},        {4, {1, 2, 3, 4}, {-4, -4, 1, 1}}, {4, {1, 2, 3, 4}, {4, -4, -1, 1}},
    {4, {1, 2, 3, 4}, {-2, -1, 2, 1}}, {4, {1, 2, 3, 4}, {2, -1, -2, 1}}, {3, {1, 3, 5}, {4, -5, 1}}};
/// The rows of A.
inline constexpr WinogradCombination kWinogradOutputAdjointRows[kWinogradInput] = {{1, {0}, {1}},
                                                                                   {4, {0, 1, 2, 3}, {1, 1, 1, 1}},
                                                                                   {4, {0, 1, 2, 3}, {1, -1, 1, -1}},
                                                                                   {4, {0, 1, 2, 3}, {1, 2, 4, 8}},
                                                                                   {4, {0, 1, 2, 3}, {1, -2, 4, -8}},
                                                                                   {1, {3}, {1}}};

// Channels come in multiples of kLanes. No loop requests unrolling: at -O3 g++ unrolls if the tile fits into the
// registers (AVX-512); forced with AVX2's sixteen, the code is five times as large and no faster.

/// V = B^T d B for one tile and every channel.
struct WinogradInput {
  /// @param pixels the 36 input pixels, row by row  @param v point p goes to v + p * stride
  /// Called by `run_vectorized`.
  template <class T>
  [[gnu::always_inline]] static void run(const T* const* pixels, Index channels, float* v, Index stride) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes d[36];
      for (int p = 0; p < 36; ++p) load_lanes(pixels[p] + c, d[p]);
      for (int j = 0; j < 6; ++j) winograd_input(d + j, d + j, 6);
      for (int i = 0; i < 6; ++i) winograd_input(d + 6 * i, d + 6 * i, 1);
      for (int p = 0; p < 36; ++p) store_lanes(d[p], v + p * stride + c);
    }
  }
};

/// Y = A^T M A + bias for one tile and every channel.
struct WinogradOutput {
  /// @param m point p is at m + p * stride  @param bias may be null  @param pixels the 16 output pixels, row by row
  /// Called by `run_vectorized`.
  template <class T>
  [[gnu::always_inline]] static void run(const float* m, Index stride, Index channels, const float* bias,
                                         T* const* pixels) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes d[36], b{};
      for (int p = 0; p < 36; ++p) load_lanes(m + p * stride + c, d[p]);
      if (bias) load_lanes(bias + c, b);
      for (int j = 0; j < 6; ++j) winograd_output(d + j, d + j, 6);
      for (int i = 0; i < 4; ++i) {
        winograd_output(d + 6 * i, d + 6 * i, 1);
        for (int j = 0; j < 4; ++j) store_lanes(d[6 * i + j] + b, pixels[4 * i + j] + c);
      }
    }
  }
};

/// U = G g G^T for one output channel and every input channel.
struct WinogradKernel {
  /// @param g tap t of channel c is at g[t * tap_stride + c]  @param u point p goes to u + p * stride
  /// Called by `run_vectorized`.
  [[gnu::always_inline]] static void run(const float* g, Index tap_stride, Index channels, float* u, Index stride) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes d[36];
      for (int t = 0; t < 9; ++t) load_lanes(g + t * tap_stride + c, d[6 * (t / 3) + t % 3]);
      for (int j = 0; j < 3; ++j) winograd_kernel(d + j, d + j, 6);
      for (int i = 0; i < 6; ++i) winograd_kernel(d + 6 * i, d + 6 * i, 1);
      for (int p = 0; p < 36; ++p) store_lanes(d[p], u + p * stride + c);
    }
  }
};

/// values[j] = the combination of column j of a tile with `Columns` columns, for the channels starting at c.
template <int Columns, class T>
[[gnu::always_inline]] inline void combine_rows(const T* const* pixels, const WinogradCombination& sum, Index c,
                                                Lanes* values) {
  for (int j = 0; j < Columns; ++j) {
    Lanes value;
    load_lanes(pixels[Columns * sum.rows[0] + j] + c, value);
    values[j] = sum.factors[0] * value;
    for (int k = 1; k < sum.count; ++k) {
      load_lanes(pixels[Columns * sum.rows[k] + j] + c, value);
      values[j] += sum.factors[k] * value;
    }
  }
}

/// One row of V = B^T d B for one tile and every channel.
struct WinogradInputRow {
  /// @param pixels the 36 input pixels, row by row  @param row of V  @param v point p of the row goes to v + p * stride
  /// Called by `run_vectorized`.
  template <class T>
  [[gnu::always_inline]] static void run(const T* const* pixels, int row, Index channels, float* v, Index stride) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes d[6];
      combine_rows<6>(pixels, kWinogradInputRows[row], c, d);
      winograd_input(d, d, 1);
      for (int p = 0; p < 6; ++p) store_lanes(d[p], v + p * stride + c);
    }
  }
};

/// One row of M = A dY A^T for one tile and every channel.
struct WinogradOutputAdjointRow {
  /// @param pixels the 16 output pixels, row by row  @param row of M  @param m point p of the row goes to m + p *
  /// stride
  /// Called by `run_vectorized`.
  template <class T>
  [[gnu::always_inline]] static void run(const T* const* pixels, int row, Index channels, float* m, Index stride) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes y[4], d[6];
      combine_rows<4>(pixels, kWinogradOutputAdjointRows[row], c, y);
      winograd_output_adjoint(y, d, 1);
      for (int p = 0; p < 6; ++p) store_lanes(d[p], m + p * stride + c);
    }
  }
};

/// dg = G^T dU G for one input channel and every output channel.
struct WinogradKernelAdjoint {
  /// @param u point p is at u + p * stride  @param g tap t goes to g + t * tap_stride
  /// Called by `run_vectorized`.
  [[gnu::always_inline]] static void run(const float* u, Index stride, Index channels, float* g, Index tap_stride) {
    for (Index c = 0; c < channels; c += kLanes) {
      Lanes d[36];
      for (int p = 0; p < 36; ++p) load_lanes(u + p * stride + c, d[p]);
      for (int j = 0; j < 6; ++j) winograd_kernel_adjoint(d + j, d + j, 6);
      for (int i = 0; i < 3; ++i) winograd_kernel_adjoint(d + 6 * i, d + 6 * i, 1);
      for (int t = 0; t < 9; ++t) store_lanes(d[6 * (t / 3) + t % 3], g + t * tap_stride + c);
    }
  }
};

}  // namespace hcnn::kernels
