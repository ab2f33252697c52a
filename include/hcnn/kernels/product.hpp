// The portable matrix product: for double, and for machines without micro-kernels.
#pragma once

#include <algorithm>
#include <cstring>

#include "hcnn/core/workspace.hpp"

namespace hcnn::kernels {

/// 16 bytes of values as one vector: the smallest register size of all machines.
template <class M>
struct SmallVector {
  /// The vector. A typedef in a class, because an alias template loses the attribute.
  typedef M Type __attribute__((vector_size(16)));
};

/// Rows of C that `add_product_tile` computes at once.
inline constexpr Index kProductRows = 4;
/// Columns of C that `add_product_tile` computes at once: two vectors.
template <class M>
inline constexpr Index kProductColumns = 2 * 16 / Index{sizeof(M)};

/// C (m x n) += A (m x depth) times a panel (depth x kProductColumns). The sums stay in registers: eight vectors, two
/// of the panel and one broadcast value, for 16 registers. 1 <= m <= kProductRows, 1 <= n <= kProductColumns.
template <class M>
[[gnu::noinline]] void add_product_tile(Index m, Index n, Index depth, const M* a, Index lda, const M* panel, M* c,
                                        Index ldc) {
  typename SmallVector<M>::Type sums[kProductRows][2] = {};
  const M* row[kProductRows];
#pragma GCC unroll 4
  for (Index r = 0; r < kProductRows; ++r) row[r] = a + std::min(r, m - 1) * lda;
  for (Index k = 0; k < depth; ++k, panel += kProductColumns<M>) {
    typename SmallVector<M>::Type b[2];
    std::memcpy(b, panel, sizeof b);
#pragma GCC unroll 4
    for (Index r = 0; r < kProductRows; ++r) {
      sums[r][0] += row[r][k] * b[0];
      sums[r][1] += row[r][k] * b[1];
    }
  }
#pragma GCC unroll 4
  for (Index r = 0; r < kProductRows; ++r) {
    if (r >= m) break;
    M line[kProductColumns<M>];
    std::memcpy(line, sums[r], sizeof line);
    for (Index j = 0; j < n; ++j) c[r * ldc + j] += line[j];
  }
}

/// c (n values) += a times b.
template <class M>
void add_scaled(Index n, M a, const M* b, M* c) {
  typename SmallVector<M>::Type from, to;
  constexpr Index kWidth = 16 / Index{sizeof(M)};
  Index j = 0;
  for (; j + kWidth <= n; j += kWidth) {
    std::memcpy(&from, b + j, sizeof from);
    std::memcpy(&to, c + j, sizeof to);
    to += a * from;
    std::memcpy(c + j, &to, sizeof to);
  }
  for (; j < n; ++j) c[j] += a * b[j];
}

/// C += A B on the calling thread.   (rows, columns) += (rows, depth) (depth, columns), all row-major and dense. The
/// library's only portable product: factors in other layouts are transposed first, which is cheap in comparison. Not
/// inlined, so that a program contains it once. 45 GFLOP/s in float and 22 in double on a core of an AMD EPYC (Zen 5)
/// with 128-bit registers, 1024 x 576 x 64: some 5 % below Eigen's, which would cost every program two seconds and 150
/// MB to compile.
template <class M>
[[gnu::noinline]] void add_product(Index rows, Index depth, Index columns, const M* a, const M* b, M* c) {
  if (rows == 1) {  // reads b once, unpacked
    for (Index k = 0; k < depth; ++k) add_scaled(columns, a[k], b + k * columns, c);
    return;
  }
  constexpr Index kWidth = kProductColumns<M>, kDepth = 256;  // a panel of 8 KiB: stays in the first-level cache
  const WorkspaceScope scope(thread_scratch());
  M* panel = thread_scratch().take<M>(kDepth * kWidth);
  for (Index first = 0; first < depth; first += kDepth)
    for (Index j = 0; j < columns; j += kWidth) {
      const Index n = std::min(kWidth, columns - j), taken = std::min(kDepth, depth - first);
      if (n < kWidth) std::fill_n(panel, taken * kWidth, M{0});
      for (Index k = 0; k < taken; ++k) {
        const M* line = b + (first + k) * columns + j;
        if (n == kWidth)
          std::memcpy(panel + k * kWidth, line, kWidth * sizeof(M));  // a constant size: two moves
        else
          std::copy_n(line, n, panel + k * kWidth);
      }
      for (Index r = 0; r < rows; r += kProductRows)
        add_product_tile(std::min(kProductRows, rows - r), n, taken, a + r * depth + first, depth, panel,
                         c + r * columns + j, columns);
    }
}

}  // namespace hcnn::kernels
