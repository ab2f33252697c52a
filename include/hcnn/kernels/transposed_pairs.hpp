// Operands of products with a long depth (a batch or its pixels) for AMX kernels.
// These need the depths of A contiguous in a row, and pairs of depths of B in panels.
#pragma once

#include <cstring>

#include "hcnn/kernels/lanes.hpp"
#include "hcnn/kernels/panels.hpp"

namespace hcnn::kernels {

/// Exchanges the upper right and the lower left quarter of every block of 2 Step x 2 Step words: a receives what
/// belongs above, b what belongs below.
template <std::size_t Step, std::size_t... I>
[[gnu::always_inline]] inline void exchange_quarters(WordLanes& a, WordLanes& b, std::index_sequence<I...>) {
  const WordLanes above = a, below = b;
  a = __builtin_shufflevector(above, below, (I & Step ? kLanes + I - Step : I)...);
  b = __builtin_shufflevector(above, below, (I & Step ? kLanes + I : I + Step)...);
}
/// The same for each pair of rows of a 16 x 16 block at distance `Step`.
template <std::size_t Step>
[[gnu::always_inline]] inline void exchange_quarters(WordLanes* block) {
  for (std::size_t i = 0; i < kLanes; ++i)
    if ((i & Step) == 0) exchange_quarters<Step>(block[i], block[i + Step], std::make_index_sequence<kLanes>{});
}

/// Pairs of bfloat16, transposed.   (rows, columns, 2) -> (columns, rows, 2), with row stride `stride` in pairs
struct TransposePairs {
  /// Called by `run_vectorized`.
  [[gnu::always_inline]] static void run(const bfloat16* in, Index rows, Index columns, bfloat16* out, Index stride) {
    for (Index r = 0; r < rows; r += kLanes)
      for (Index c = 0; c < columns; c += kLanes) {
        if (r + kLanes <= rows && c + kLanes <= columns) {
          WordLanes block[kLanes];
          for (Index i = 0; i < kLanes; ++i) std::memcpy(&block[i], in + 2 * ((r + i) * columns + c), sizeof block[i]);
          exchange_quarters<8>(block);
          exchange_quarters<4>(block);
          exchange_quarters<2>(block);
          exchange_quarters<1>(block);
          for (Index i = 0; i < kLanes; ++i)
            std::memcpy(static_cast<void*>(out + 2 * ((c + i) * stride + r)), &block[i], sizeof block[i]);
        } else {
          for (Index i = c; i < std::min(c + kLanes, columns); ++i)
            for (Index j = r; j < std::min(r + kLanes, rows); ++j)
              for (Index k = 0; k < 2; ++k) out[2 * (i * stride + j) + k] = in[2 * (j * columns + i) + k];
        }
      }
  }
};

/// Pairs of bfloat16 as panels of `width` columns, missing ones filled with 0: (depth, columns, 2) -> panels, `stride`
/// values apart, of (depth, width, 2).
inline void pack_pair_panels(const bfloat16* in, Index depth, Index columns, Index width, bfloat16* out, Index stride) {
  for (Index first = 0; first < columns; first += width, out += stride) {
    const Index count = std::min(width, columns - first);
    for (Index k = 0; k < depth; ++k) {
      std::copy_n(in + 2 * (k * columns + first), 2 * count, out + 2 * k * width);
      std::fill_n(out + 2 * (k * width + count), 2 * (width - count), bfloat16{});
    }
  }
}

}  // namespace hcnn::kernels
