// Matrix products of dense layers: through the micro-kernels for float, through Eigen for everything else.
#pragma once

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/core/workspace.hpp"
#include "hcnn/kernels/dispatch.hpp"
#include "hcnn/kernels/panels.hpp"
#include "hcnn/kernels/transpose.hpp"

namespace hcnn::kernels {

/// Rows of one tile when `rows` are shared out evenly over tiles of at most `most`: 64 rows in tiles of 14 become
/// 5 x 13, not 4 x 14 + 8, so that every tile has enough sums in flight.
inline Index even_tile(Index rows, Index most) {
  const Index tiles = std::max<Index>(1, (rows + most - 1) / most);
  return (rows + tiles - 1) / tiles;
}

/// C (rows x columns) = A * B + bias.   (M, N) = (M, K) (K, N)
/// A is row-major with row stride `lda`, B is packed, C has row stride `ldc`; bias has N values or is null.
inline void gemm_packed(const MicroKernels& kernels, Index rows, const float* a, Index lda, const Panels& b,
                        const float* bias, float* c, Index ldc) {
  if (rows == 0) return;
  constexpr Index kDepthBlock = 1024;  // 1024 x 32 floats of a panel = 128 KiB: stays in the second-level cache
  const Index tile = even_tile(rows, kernels.rows), tiles = (rows + tile - 1) / tile;
  parallel_for(b.count(), [&](Index j) {
    const float* row[64];
    const Index n = std::min(b.width(), b.columns() - j * b.width());
    for (Index k = 0; k < b.depth(); k += kDepthBlock)
      for (Index t = 0; t < tiles; ++t) {
        const Index first = t * tile, m = std::min(tile, rows - first);
        for (Index r = 0; r < m; ++r) row[r] = a + (first + r) * lda;
        kernels.gather(m, n, k > 0,
                       {.rows = row,
                        .offsets = &k,
                        .segments = 1,
                        .length = std::min(kDepthBlock, b.depth() - k),
                        .panel = b.panel(j, k),
                        .bias = bias ? bias + j * b.width() : nullptr,
                        .c = c + first * ldc + j * b.width(),
                        .ldc = ldc});
      }
  });
}

/// C (m x n) += A^T B.   (M, N) += (K, M)^T (K, N), all row-major and dense. Fast path of `add_transposed_product`.
inline void gemm_outer(const MicroKernels& kernels, Index depth, Index m, Index n, const float* a, const float* b,
                       float* c) {
  if (m == 0) return;
  const Index tile = even_tile(m, kernels.rows), tiles = (m + tile - 1) / tile;
  const Index blocks = (n + kernels.columns - 1) / kernels.columns;
  parallel_for(blocks, [&](Index j) {
    const Index column = j * kernels.columns;
    for (Index t = 0; t < tiles; ++t)
      kernels.outer(std::min(tile, m - t * tile), std::min(kernels.columns, n - column),
                    {.a = a + t * tile,
                     .b = b + column,
                     .count = {1, 1, depth},
                     .a_stride = {0, 0, m},
                     .b_stride = {0, 0, n},
                     .c = c + t * tile * n + column,
                     .ldc = n});
  });
}

/// C += A B through Eigen, on the calling thread.   (M, N) += (M, K) (K, N), all row-major and dense.
/// The library's only product of Eigen: each further form, with a factor transposed, costs every program that includes
/// it a second of compilation, and a transposed copy costs little beside the product.
template <class M>
void add_product(Index rows, Index depth, Index columns, const M* a, const M* b, M* c) {
  MatrixMap<M>(c, rows, columns).noalias() += MatrixMap<const M>(a, rows, depth) * MatrixMap<const M>(b, depth, columns);
}

/// C += A B through `add_product`, in parallel over blocks of rows, whose size is fixed so that the bits are too.
template <class M>
void gemm_portable(Index rows, Index depth, Index columns, const M* a, const M* b, M* c) {
  constexpr Index kRowBlock = 32;
  parallel_for((rows + kRowBlock - 1) / kRowBlock, [&](Index block) {
    const Index first = block * kRowBlock, m = std::min(kRowBlock, rows - first);
    add_product(m, depth, columns, a + first * depth, b, c + first * columns);
  });
}

/// The transposed copy of a matrix, in the workspace.   (columns, rows) = (rows, columns)^T
template <class M>
const M* transposed(Index rows, Index columns, const M* a, Workspace& workspace) {
  M* copy = workspace.take<M>(rows * columns);
  transpose(a, copy, rows, columns);
  return copy;
}

/// out[j] += sum over rows of a[i][j]: bias gradients. Partial sums of fixed row blocks are added in order.
template <class T, class M>
void add_column_sums(Index rows, Index columns, const T* a, M* out, Workspace& workspace) {
  const WorkspaceScope scope(workspace);
  const Index block = std::max<Index>(32, (rows + 255) / 256), blocks = (rows + block - 1) / block;
  M* partial = workspace.take<M>(blocks * columns);
  parallel_for(blocks, [&](Index b) {
    M* sums = partial + b * columns;
    std::fill_n(sums, columns, M{0});
    for (Index i = b * block; i < std::min(rows, (b + 1) * block); ++i)
      for (Index j = 0; j < columns; ++j) sums[j] += static_cast<M>(a[i * columns + j]);
  });
  for (Index b = 0; b < blocks; ++b)
    for (Index j = 0; j < columns; ++j) out[j] += partial[b * columns + j];
}

/// The values as Master<T>: the same memory where T is its own master, else a converted copy in the workspace.
template <class T>
const Master<T>* as_master(const T* values, Index size, Workspace& workspace) {
  if constexpr (std::is_same_v<T, Master<T>>) {
    return values;
  } else {
    Master<T>* copy = workspace.take<Master<T>>(size);
    parallel_elements(size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) copy[i] = static_cast<Master<T>>(values[i]);
    });
    return copy;
  }
}

/// Room for `size` master values that end up in `target`: the target itself where the types agree.
template <class T>
Master<T>* master_room(T* target, Index size, Workspace& workspace) {
  if constexpr (std::is_same_v<T, Master<T>>)
    return target;
  else
    return workspace.take<Master<T>>(size);
}

/// Rounds what was written to `master_room` into the target; nothing where they are the same memory.
template <class T>
void round_from_master(const Master<T>* values, T* target, Index size) {
  if constexpr (!std::is_same_v<T, Master<T>>)
    parallel_elements(size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) target[i] = T(values[i]);
    });
}

}  // namespace hcnn::kernels
