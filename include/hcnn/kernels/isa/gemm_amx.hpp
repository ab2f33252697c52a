// AMX micro-kernel for bfloat16: 32 x 32 values of C in four tiles, two tiles of A, two of the panel. One instruction
// multiplies a 16 x 32 tile of A by a 32 x 16 tile of B; a step of 32 depths loads four tiles and multiplies four
// times. Source: Intel Architecture Instruction Set Extensions Programming Reference, 319433, chapter 3.
#pragma once

#include "hcnn/kernels/isa/gemm_avx512bf16.hpp"

#if defined(__x86_64__)
#define HCNN_AMX [[gnu::target("amx-tile,amx-bf16,avx512f,avx512dq,avx512bw,avx512vl,avx512bf16,fma")]]

namespace hcnn::kernels::isa {

inline constexpr Index kTileRows = 16;   ///< rows of every tile
inline constexpr Index kTileDepth = 32;  ///< bfloat16 values in a row of a tile of A
inline constexpr Index kAmxRows = 32, kAmxColumns = 32;
inline constexpr Index kSumsRow = kAmxColumns * Index{sizeof(float)};          ///< bytes of a row of sums
inline constexpr Index kPanelRow = 2 * kAmxColumns * Index{sizeof(bfloat16)};  ///< bytes of a row of pairs in a panel

// The instructions, in assembly because g++ 12's intrinsics do not tell the compiler which memory they touch.

/// Loads tile number T: 16 rows of 64 bytes, `stride` bytes apart.
template <int T>
HCNN_AMX [[gnu::always_inline]] inline void load_tile(const void* rows, Index stride) {
  __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(rows), "r"(stride), "i"(T) : "memory");
}
template <int T>
HCNN_AMX [[gnu::always_inline]] inline void store_tile(void* rows, Index stride) {
  __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(rows), "r"(stride), "i"(T) : "memory");
}
/// C += A * B, summed in float.
template <int C, int A, int B>
HCNN_AMX [[gnu::always_inline]] inline void multiply_tiles() {
  __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(C), "i"(A), "i"(B));
}

/// Tile extents in the format that the processor reads.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

/// Configures every tile of this thread as 16 rows of 64 bytes, unless they are already. Other libraries on the same
/// thread may configure and release the tiles at any time, so each product checks.
HCNN_AMX inline void configure_tiles() {
  static constexpr TileConfig wanted;
  TileConfig present;
  __asm__ volatile("sttilecfg %0" : "=m"(present));
  if (_mm512_cmpneq_epi64_mask(_mm512_load_si512(&present), _mm512_load_si512(&wanted)) != 0)
    __asm__ volatile("ldtilecfg %0" : : "m"(wanted));
}

/// Distance between consecutive rows in bytes if the `count` rows are evenly spaced and fill a tile; else 0.
HCNN_AMX [[gnu::always_inline]] inline Index row_distance(const bfloat16* const* rows, Index count) {
  if (count < kTileRows) return 0;
  const Index distance = rows[1] - rows[0];
  for (Index r = 2; r < kTileRows; ++r)
    if (rows[r] - rows[r - 1] != distance) return 0;
  return distance * Index{sizeof(bfloat16)};
}

/// Loads tile T: 32 values of each row, starting at `offset`; through `copy` if the rows are not evenly spaced.
template <int T>
HCNN_AMX [[gnu::always_inline]] inline void load_rows(const bfloat16* const* rows, Index count, Index distance,
                                                      Index offset, bfloat16* copy) {
  if (distance != 0) return load_tile<T>(rows[0] + offset, distance);
  for (Index r = 0; r < count; ++r) _mm512_store_si512(copy + r * kTileDepth, _mm512_loadu_si512(rows[r] + offset));
  load_tile<T>(copy, kTileDepth * Index{sizeof(bfloat16)});
}

// Load and store C, RowTiles x 2 tiles, as rows of kAmxColumns floats.
template <int RowTiles>
HCNN_AMX [[gnu::always_inline]] inline void load_sums(const float* sums) {
  load_tile<0>(sums, kSumsRow);
  load_tile<1>(sums + kTileRows, kSumsRow);
  if constexpr (RowTiles == 2) {
    load_tile<2>(sums + kTileRows * kAmxColumns, kSumsRow);
    load_tile<3>(sums + kTileRows * kAmxColumns + kTileRows, kSumsRow);
  }
}
template <int RowTiles>
HCNN_AMX [[gnu::always_inline]] inline void store_sums(float* sums) {
  store_tile<0>(sums, kSumsRow);
  store_tile<1>(sums + kTileRows, kSumsRow);
  if constexpr (RowTiles == 2) {
    store_tile<2>(sums + kTileRows * kAmxColumns, kSumsRow);
    store_tile<3>(sums + kTileRows * kAmxColumns + kTileRows, kSumsRow);
  }
}

/// `RowTiles` is 2 for more than 16 rows. Tile rows beyond those of C hold arbitrary values and are not stored.
template <int RowTiles>
HCNN_AMX inline void gather_amx(Index m, Index n, bool accumulate, const GatherOperands<bfloat16>& p) {
  alignas(64) float sums[kAmxRows * kAmxColumns];
  alignas(64) bfloat16 copies[2][kTileRows * kTileDepth];
  const auto columns = static_cast<std::uint32_t>((std::uint64_t{1} << n) - 1);
  const auto low = static_cast<__mmask16>(columns), high = static_cast<__mmask16>(columns >> 16);
  configure_tiles();
  if (accumulate) {
    for (Index r = 0; r < m; ++r) {
      _mm512_store_ps(sums + r * kAmxColumns, _mm512_maskz_loadu_ps(low, p.c + r * p.ldc));
      _mm512_store_ps(sums + r * kAmxColumns + 16, _mm512_maskz_loadu_ps(high, p.c + r * p.ldc + 16));
    }
    load_sums<RowTiles>(sums);
  } else {
    __asm__ volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3");
  }
  const Index upper = m < kTileRows ? m : kTileRows, lower = m - upper;
  const Index upper_distance = row_distance(p.rows, upper);
  const Index lower_distance = RowTiles == 2 ? row_distance(p.rows + kTileRows, lower) : 0;
  const bfloat16* panel = p.panel;
  for (Index s = 0; s < p.segments; ++s)
    for (Index l = 0; l < p.length; l += kTileDepth, panel += kTileDepth * kAmxColumns) {
      load_tile<6>(panel, kPanelRow);
      load_tile<7>(panel + 2 * kTileRows, kPanelRow);
      load_rows<4>(p.rows, upper, upper_distance, p.offsets[s] + l, copies[0]);
      multiply_tiles<0, 4, 6>();
      multiply_tiles<1, 4, 7>();
      if constexpr (RowTiles == 2) {
        load_rows<5>(p.rows + kTileRows, lower, lower_distance, p.offsets[s] + l, copies[1]);
        multiply_tiles<2, 5, 6>();
        multiply_tiles<3, 5, 7>();
      }
    }
  store_sums<RowTiles>(sums);
  const bool biased = p.bias && !accumulate;
  const __m512 bias0 = biased ? _mm512_maskz_loadu_ps(low, p.bias) : _mm512_setzero_ps();
  const __m512 bias1 = biased ? _mm512_maskz_loadu_ps(high, p.bias + 16) : _mm512_setzero_ps();
  for (Index r = 0; r < m; ++r) {
    const __m512 c0 = _mm512_add_ps(_mm512_load_ps(sums + r * kAmxColumns), bias0);
    const __m512 c1 = _mm512_add_ps(_mm512_load_ps(sums + r * kAmxColumns + 16), bias1);
    if (p.rounded) {
      store_rounded(p.rounded + r * p.ldc, low, c0);
      store_rounded(p.rounded + r * p.ldc + 16, high, c1);
    } else {
      _mm512_mask_storeu_ps(p.c + r * p.ldc, low, c0);
      _mm512_mask_storeu_ps(p.c + r * p.ldc + 16, high, c1);
    }
  }
}

inline void gather_32x32_amx(Index m, Index n, bool accumulate, const GatherOperands<bfloat16>& operands) {
  m > kTileRows ? gather_amx<2>(m, n, accumulate, operands) : gather_amx<1>(m, n, accumulate, operands);
}

/// No `outer`: a tile row of A holds consecutive depths, so gradients transpose their operand instead.
inline constexpr MicroKernels<bfloat16> kernels_amx{Isa::amx,   kAmxRows,         kAmxColumns,
                                                    kTileDepth, gather_32x32_amx, nullptr};

}  // namespace hcnn::kernels::isa

#undef HCNN_AMX
#endif
