// AVX2 float micro-kernels: 6 x 16 values of C in 12 registers, 2 for the panel, 1 for the broadcast.
#pragma once

#include "hcnn/kernels/micro_kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <utility>

#define HCNN_AVX2 [[gnu::target("avx2,fma")]]

namespace hcnn::kernels::isa {

/// Lane masks for the first `n` of 8 floats: all bits set in an active lane.
HCNN_AVX2 inline __m256i lanes_avx2(Index n) {
  const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane);
}

template <int Rows>
HCNN_AVX2 inline void gather_avx2(Index m, Index n, bool accumulate, const GatherOperands<float>& p) {
  const __m256i low = lanes_avx2(n), high = lanes_avx2(n - 8);
  __m256 acc[Rows][2];
  const __m256 bias0 = p.bias ? _mm256_maskload_ps(p.bias, low) : _mm256_setzero_ps();
  const __m256 bias1 = p.bias ? _mm256_maskload_ps(p.bias + 8, high) : _mm256_setzero_ps();
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    acc[r][0] = accumulate ? _mm256_maskload_ps(p.c + row_of<Rows>(r, m) * p.ldc, low) : bias0;
    acc[r][1] = accumulate ? _mm256_maskload_ps(p.c + row_of<Rows>(r, m) * p.ldc + 8, high) : bias1;
  }
  const float* panel = p.panel;
  for (Index s = 0; s < p.segments; ++s) {
    const float* row[Rows];
#pragma GCC unroll 6
    for (int r = 0; r < Rows; ++r) row[r] = p.rows[row_of<Rows>(r, m)] + p.offsets[s];
    for (Index l = 0; l < p.length; ++l, panel += 16) {
      const __m256 b0 = _mm256_load_ps(panel), b1 = _mm256_load_ps(panel + 8);
#pragma GCC unroll 6
      for (int r = 0; r < Rows; ++r) {
        const __m256 a = _mm256_broadcast_ss(row[r] + l);
        acc[r][0] = _mm256_fmadd_ps(a, b0, acc[r][0]);
        acc[r][1] = _mm256_fmadd_ps(a, b1, acc[r][1]);
      }
    }
  }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    _mm256_maskstore_ps(p.c + row_of<Rows>(r, m) * p.ldc, low, acc[r][0]);
    _mm256_maskstore_ps(p.c + row_of<Rows>(r, m) * p.ldc + 8, high, acc[r][1]);
  }
}

template <int Rows>
HCNN_AVX2 inline void outer_avx2(Index m, Index n, const OuterOperands<float>& p) {
  const __m256i low = lanes_avx2(n), high = lanes_avx2(n - 8);
  __m256 acc[Rows][2];
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    acc[r][0] = _mm256_maskload_ps(p.c + row_of<Rows>(r, m) * p.ldc, low);
    acc[r][1] = _mm256_maskload_ps(p.c + row_of<Rows>(r, m) * p.ldc + 8, high);
  }
  for (Index i = 0; i < p.count[0]; ++i)
    for (Index j = 0; j < p.count[1]; ++j) {
      const float* a = p.a + i * p.a_stride[0] + j * p.a_stride[1];
      const float* b = p.b + i * p.b_stride[0] + j * p.b_stride[1];
      for (Index k = 0; k < p.count[2]; ++k, a += p.a_stride[2], b += p.b_stride[2]) {
        const __m256 b0 = _mm256_maskload_ps(b, low), b1 = _mm256_maskload_ps(b + 8, high);
#pragma GCC unroll 6
        for (int r = 0; r < Rows; ++r) {
          const __m256 value = _mm256_broadcast_ss(a + row_of<Rows>(r, m));
          acc[r][0] = _mm256_fmadd_ps(value, b0, acc[r][0]);
          acc[r][1] = _mm256_fmadd_ps(value, b1, acc[r][1]);
        }
      }
    }
#pragma GCC unroll 6
  for (int r = 0; r < Rows; ++r) {
    _mm256_maskstore_ps(p.c + row_of<Rows>(r, m) * p.ldc, low, acc[r][0]);
    _mm256_maskstore_ps(p.c + row_of<Rows>(r, m) * p.ldc + 8, high, acc[r][1]);
  }
}

template <std::size_t... I>
constexpr auto gather_table_avx2(std::index_sequence<I...>) {
  return std::array{&gather_avx2<2 * static_cast<int>(I) + 2>...};
}
template <std::size_t... I>
constexpr auto outer_table_avx2(std::index_sequence<I...>) {
  return std::array{&outer_avx2<2 * static_cast<int>(I) + 2>...};
}

inline void gather_6x16_avx2(Index m, Index n, bool accumulate, const GatherOperands<float>& operands) {
  static constexpr auto table = gather_table_avx2(std::make_index_sequence<3>{});
  table[static_cast<std::size_t>((m - 1) / 2)](m, n, accumulate, operands);
}
inline void outer_6x16_avx2(Index m, Index n, const OuterOperands<float>& operands) {
  static constexpr auto table = outer_table_avx2(std::make_index_sequence<3>{});
  table[static_cast<std::size_t>((m - 1) / 2)](m, n, operands);
}

inline constexpr MicroKernels<float> kernels_avx2{Isa::avx2, 6, 16, 1, gather_6x16_avx2, outer_6x16_avx2};

}  // namespace hcnn::kernels::isa

#undef HCNN_AVX2
#endif
