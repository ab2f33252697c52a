// AVX-512 float micro-kernels: 14 x 32 values of C in 28 registers, 2 for the panel, 1 for the broadcast.
#pragma once

#include "hcnn/kernels/micro_kernel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <utility>

#define HCNN_AVX512 [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,fma")]]

namespace hcnn::kernels::isa {

// `#pragma GCC unroll` on the loops over rows keeps the accumulators in registers; without it -O2 puts them in memory.
template <int Rows>
HCNN_AVX512 inline void gather_avx512(Index m, Index n, bool accumulate, const GatherOperands<float>& p) {
  const auto columns = static_cast<std::uint32_t>((std::uint64_t{1} << n) - 1);
  const auto low = static_cast<__mmask16>(columns), high = static_cast<__mmask16>(columns >> 16);
  __m512 acc[Rows][2];
  const __m512 bias0 = p.bias ? _mm512_maskz_loadu_ps(low, p.bias) : _mm512_setzero_ps();
  const __m512 bias1 = p.bias ? _mm512_maskz_loadu_ps(high, p.bias + 16) : _mm512_setzero_ps();
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r) {
    acc[r][0] = accumulate ? _mm512_maskz_loadu_ps(low, p.c + row_of<Rows>(r, m) * p.ldc) : bias0;
    acc[r][1] = accumulate ? _mm512_maskz_loadu_ps(high, p.c + row_of<Rows>(r, m) * p.ldc + 16) : bias1;
  }
  const float* panel = p.panel;
  for (Index s = 0; s < p.segments; ++s) {
    const float* row[Rows];
#pragma GCC unroll 14
    for (int r = 0; r < Rows; ++r) row[r] = p.rows[row_of<Rows>(r, m)] + p.offsets[s];
    for (Index l = 0; l < p.length; ++l, panel += 32) {
      const __m512 b0 = _mm512_load_ps(panel), b1 = _mm512_load_ps(panel + 16);
#pragma GCC unroll 14
      for (int r = 0; r < Rows; ++r) {
        const __m512 a = _mm512_set1_ps(row[r][l]);
        acc[r][0] = _mm512_fmadd_ps(a, b0, acc[r][0]);
        acc[r][1] = _mm512_fmadd_ps(a, b1, acc[r][1]);
      }
    }
  }
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r) {
    _mm512_mask_storeu_ps(p.c + row_of<Rows>(r, m) * p.ldc, low, acc[r][0]);
    _mm512_mask_storeu_ps(p.c + row_of<Rows>(r, m) * p.ldc + 16, high, acc[r][1]);
  }
}

template <int Rows>
HCNN_AVX512 inline void outer_avx512(Index m, Index n, const OuterOperands<float>& p) {
  const auto columns = static_cast<std::uint32_t>((std::uint64_t{1} << n) - 1);
  const auto low = static_cast<__mmask16>(columns), high = static_cast<__mmask16>(columns >> 16);
  __m512 acc[Rows][2];
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r) {
    acc[r][0] = _mm512_maskz_loadu_ps(low, p.c + row_of<Rows>(r, m) * p.ldc);
    acc[r][1] = _mm512_maskz_loadu_ps(high, p.c + row_of<Rows>(r, m) * p.ldc + 16);
  }
  for (Index i = 0; i < p.count[0]; ++i)
    for (Index j = 0; j < p.count[1]; ++j) {
      const float* a = p.a + i * p.a_stride[0] + j * p.a_stride[1];
      const float* b = p.b + i * p.b_stride[0] + j * p.b_stride[1];
      for (Index k = 0; k < p.count[2]; ++k, a += p.a_stride[2], b += p.b_stride[2]) {
        const __m512 b0 = _mm512_maskz_loadu_ps(low, b), b1 = _mm512_maskz_loadu_ps(high, b + 16);
#pragma GCC unroll 14
        for (int r = 0; r < Rows; ++r) {
          const __m512 value = _mm512_set1_ps(a[row_of<Rows>(r, m)]);
          acc[r][0] = _mm512_fmadd_ps(value, b0, acc[r][0]);
          acc[r][1] = _mm512_fmadd_ps(value, b1, acc[r][1]);
        }
      }
    }
#pragma GCC unroll 14
  for (int r = 0; r < Rows; ++r) {
    _mm512_mask_storeu_ps(p.c + row_of<Rows>(r, m) * p.ldc, low, acc[r][0]);
    _mm512_mask_storeu_ps(p.c + row_of<Rows>(r, m) * p.ldc + 16, high, acc[r][1]);
  }
}

template <std::size_t... I>
constexpr auto gather_table_avx512(std::index_sequence<I...>) {
  return std::array{&gather_avx512<2 * static_cast<int>(I) + 2>...};
}
template <std::size_t... I>
constexpr auto outer_table_avx512(std::index_sequence<I...>) {
  return std::array{&outer_avx512<2 * static_cast<int>(I) + 2>...};
}

inline void gather_14x32_avx512(Index m, Index n, bool accumulate, const GatherOperands<float>& operands) {
  static constexpr auto table = gather_table_avx512(std::make_index_sequence<7>{});
  table[static_cast<std::size_t>((m - 1) / 2)](m, n, accumulate, operands);
}
inline void outer_14x32_avx512(Index m, Index n, const OuterOperands<float>& operands) {
  static constexpr auto table = outer_table_avx512(std::make_index_sequence<7>{});
  table[static_cast<std::size_t>((m - 1) / 2)](m, n, operands);
}

inline constexpr MicroKernels<float> kernels_avx512{Isa::avx512, 14, 32, 1, gather_14x32_avx512, outer_14x32_avx512};

}  // namespace hcnn::kernels::isa

#undef HCNN_AVX512
#endif
