// Matrix products of dense layers: by micro-kernels if available, otherwise portable.
#pragma once

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/core/workspace.hpp"
#include "hcnn/kernels/dispatch.hpp"
#include "hcnn/kernels/pairs.hpp"
#include "hcnn/kernels/panels.hpp"
#include "hcnn/kernels/product.hpp"
#include "hcnn/kernels/transpose.hpp"
#include "hcnn/kernels/transposed_pairs.hpp"

namespace hcnn::kernels {

/// The smallest multiple of `step` that is at least `value`.
constexpr Index round_up(Index value, Index step) { return (value + step - 1) / step * step; }

/// Rows per tile when `rows` are split evenly into tiles of at most `most`, an even number: 34 rows in tiles of 14
/// become 12 + 12 + 10, not 14 + 14 + 6, so that every tile has enough sums in flight. The result is even, like the
/// numbers of rows that kernels are compiled for (`row_of`).
inline Index even_tile(Index rows, Index most) {
  const Index tiles = std::max<Index>(1, (rows + most - 1) / most);
  return round_up((rows + tiles - 1) / tiles, 2);
}

/// Calls `use(kernels)` with the best micro-kernels for values of type T in runs of `length`: bfloat16 kernels, or
/// float kernels for converted values. False if there are none and the portable path must run.
template <class T, class Use>
bool with_micro_kernels([[maybe_unused]] Index length, [[maybe_unused]] const Use& use) {
  if constexpr (std::is_same_v<T, bfloat16>)
    if (const auto* kernels = micro_kernels<bfloat16>(); kernels && length % kernels->length_step == 0) {
      use(*kernels);
      return true;
    }
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const auto* kernels = micro_kernels<float>()) {
      use(*kernels);
      return true;
    }
  return false;
}

/// C (rows x columns) = A * B + bias.   (M, N) = (M, K) (K, N)
/// A is row-major with row stride `lda`, B is packed, C has row stride `ldc`; bias has N values or is null.
template <class E>
void gemm_packed(const MicroKernels<E>& kernels, Index rows, const E* a, Index lda, const Panels& b, const float* bias,
                 float* c, Index ldc) {
  if (rows == 0) return;
  constexpr Index kDepthBlock = 4096 / Index{sizeof(E)};  // 128 KiB of a panel: stays in the second-level cache
  const Index tile = even_tile(rows, kernels.rows), tiles = (rows + tile - 1) / tile;
  parallel_for(b.count(), [&](Index j) {
    const E* row[kMostRows];
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
                        .panel = b.panel<E>(j, k),
                        .bias = bias ? bias + j * b.width() : nullptr,
                        .c = c + first * ldc + j * b.width(),
                        .ldc = ldc});
      }
  });
}

/// Packs B[k][n] = source[k * depth_stride + n * column_stride] (depth x columns).
template <class E>
void pack_matrix(const MicroKernels<E>& kernels, Index depth, Index columns, const float* source, Index depth_stride,
                 Index column_stride, Panels& panels) {
  panels.resize(kernels, depth, columns);
  parallel_for(panels.count(), [&](Index j) {
    panels.pack<E>(j, 0, depth, depth, source + j * panels.width() * column_stride, depth_stride, column_stride);
  });
}

/// C (m x n) += A^T B with `gather`, from pairs of rows of A and B.   (M, N) += (P, M, 2)^T (P, N, 2)
inline void gather_outer(const MicroKernels<bfloat16>& kernels, Index pairs, Index m, Index n, const bfloat16* a,
                         const bfloat16* b, float* c, Workspace& workspace) {
  const Index depth = round_up(pairs, kernels.length_step / 2), width = kernels.columns;
  const Index panels = (n + width - 1) / width, panel_size = depth * width * 2;
  bfloat16* turned = workspace.take<bfloat16>(m * depth * 2);  // (M, depth, 2)
  bfloat16* packed = workspace.take<bfloat16>(panels * panel_size);
  std::fill_n(turned, m * depth * 2, bfloat16{});
  std::fill_n(packed, panels * panel_size, bfloat16{});
  run_beside_kernels<TransposePairs>(a, pairs, m, turned, depth);
  pack_pair_panels(b, pairs, n, width, packed, panel_size);
  parallel_for(panels, [&](Index j) {
    const bfloat16* rows[kMostRows];
    const Index no_offset = 0;
    for (Index first = 0; first < m; first += kernels.rows) {
      const Index count = std::min(kernels.rows, m - first);
      for (Index r = 0; r < count; ++r) rows[r] = turned + (first + r) * depth * 2;
      kernels.gather(count, std::min(width, n - j * width), true,
                     {.rows = rows,
                      .offsets = &no_offset,
                      .segments = 1,
                      .length = depth * 2,
                      .panel = packed + j * panel_size,
                      .bias = nullptr,
                      .c = c + first * n + j * width,
                      .ldc = n});
    }
  });
}

/// C (m x n) += A^T B.   (M, N) += (K, M)^T (K, N), all row-major and dense.
template <class E>
void gemm_outer(const MicroKernels<E>& kernels, Index depth, Index m, Index n, const E* a, const E* b, float* c,
                Workspace& workspace) {
  if (m == 0) return;
  const WorkspaceScope scope(workspace);
  const Index steps = (depth + kUnit<E> - 1) / kUnit<E>;
  if constexpr (kUnit<E> == 2) {
    E* a_pairs = workspace.take<E>(2 * steps * m);
    E* b_pairs = workspace.take<E>(2 * steps * n);
    pair_rows(depth, m, std::exchange(a, a_pairs), a_pairs);
    pair_rows(depth, n, std::exchange(b, b_pairs), b_pairs);
    if (!kernels.outer) return gather_outer(kernels, steps, m, n, a, b, c, workspace);
  }
  const Index tile = even_tile(m, kernels.rows), tiles = (m + tile - 1) / tile;
  const Index blocks = (n + kernels.columns - 1) / kernels.columns;
  parallel_for(blocks, [&](Index j) {
    const Index column = j * kernels.columns;
    for (Index t = 0; t < tiles; ++t)
      kernels.outer(std::min(tile, m - t * tile), std::min(kernels.columns, n - column),
                    {.a = a + t * tile * kUnit<E>,
                     .b = b + column * kUnit<E>,
                     .count = {1, 1, steps},
                     .a_stride = {0, 0, m * kUnit<E>},
                     .b_stride = {0, 0, n * kUnit<E>},
                     .c = c + t * tile * n + column,
                     .ldc = n});
  });
}

/// C += A B by `add_product`, in parallel over blocks of rows, whose fixed size keeps the bits the same.
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

/// out[j] += sum over rows of a[i][j]: bias gradients. Adds partial sums of fixed row blocks in order.
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

/// The values as type To: the same memory if that is their type, else a copy in the workspace.
template <class To, class T>
const To* converted(const T* values, Index size, Workspace& workspace) {
  if constexpr (std::is_same_v<T, To>) {
    return values;
  } else {
    To* copy = workspace.take<To>(size);
    parallel_elements(size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) copy[i] = static_cast<To>(values[i]);
    });
    return copy;
  }
}

/// Room for `size` master values to be rounded into `target`: the target itself if the types agree.
template <class T>
Master<T>* master_room(T* target, Index size, Workspace& workspace) {
  if constexpr (std::is_same_v<T, Master<T>>)
    return target;
  else
    return workspace.take<Master<T>>(size);
}

/// Rounds the values in `master_room` into the target; does nothing if they are the same memory.
template <class T>
void round_from_master(const Master<T>* values, T* target, Index size) {
  if constexpr (!std::is_same_v<T, Master<T>>)
    parallel_elements(size, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) target[i] = T(values[i]);
    });
}

}  // namespace hcnn::kernels
