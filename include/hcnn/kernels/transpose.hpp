// Transposed copies of matrices.
#pragma once

#include <algorithm>

#include "hcnn/core/shape.hpp"

namespace hcnn::kernels {

/// y = x^T:  (columns, rows) = (rows, columns)^T, both row-major; they must not overlap.
template <class T>
void transpose(const T* x, T* y, Index rows, Index columns) {
  constexpr Index kTile = 16;  // one cache line of floats each way: reads and writes stay in the first-level cache
  for (Index r0 = 0; r0 < rows; r0 += kTile)
    for (Index c0 = 0; c0 < columns; c0 += kTile)
      for (Index c = c0; c < std::min(c0 + kTile, columns); ++c)
        for (Index r = r0; r < std::min(r0 + kTile, rows); ++r) y[c * rows + r] = x[r * columns + c];
}

}  // namespace hcnn::kernels
