// Neighbouring values interleaved as pairs, the layout in which bfloat16 kernels read what they sum over.
#pragma once

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/kernels/isa/vectorize.hpp"

namespace hcnn::kernels {

/// Rows of pixels as pairs: pair t of a row holds, for each channel, pixel `first + 2 t` and the next one. Pixels
/// outside the row are 0.   (H, W, C) -> (H, pairs, C, 2)
struct PairPixels {
  /// Called by `run_vectorized`.
  [[gnu::always_inline]] static void run(const bfloat16* image, Shape shape, Index first, Index pairs, bfloat16* out) {
    const Index channels = shape.channels;
    for (Index y = 0; y < shape.height; ++y, image += shape.width * channels)
      for (Index t = 0; t < pairs; ++t, out += 2 * channels) {
        const Index x = first + 2 * t;
        const bool left = x >= 0 && x < shape.width, right = x + 1 >= 0 && x + 1 < shape.width;
        const bfloat16 *a = image + x * channels, *b = a + channels;
        if (left && right) {
          HCNN_SIMD
          for (Index c = 0; c < channels; ++c) {
            out[2 * c] = a[c];
            out[2 * c + 1] = b[c];
          }
        } else {
          for (Index c = 0; c < channels; ++c) {
            out[2 * c] = left ? a[c] : bfloat16{};
            out[2 * c + 1] = right ? b[c] : bfloat16{};
          }
        }
      }
  }
};

/// Rows of a matrix as pairs; an odd last row is paired with 0.   (rows, columns) -> ((rows + 1) / 2, columns, 2)
inline void pair_rows(Index rows, Index columns, const bfloat16* a, bfloat16* out) {
  parallel_for((rows + 1) / 2, [&](Index t) {
    const Shape two{.height = 1, .width = std::min<Index>(2, rows - 2 * t), .channels = columns};
    run_beside_kernels<PairPixels>(a + 2 * t * columns, two, Index{0}, Index{1}, out + 2 * t * columns);
  });
}

}  // namespace hcnn::kernels
