// The contract between the portable loops (gemm, convolution) and the micro-kernels of each instruction set.
#pragma once

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/kernels/isa/cpu.hpp"

/// Arithmetic on raw arrays, independent of layers.
namespace hcnn::kernels {

/// Number of neighbouring depths that one instruction multiplies and adds: pairs of bfloat16, single floats.
template <class E>
inline constexpr Index kUnit = sizeof(E) == 2 ? 2 : 1;

/// Largest number of rows of C that any kernel computes in one call.
inline constexpr Index kMostRows = 64;

/// Operands of `MicroKernels::gather`. Row r of A is not stored contiguously: it is `segments` runs of `length` values
/// that start at rows[r] + offsets[s]. A convolution lists its output pixels as rows and its kernel taps as segments,
/// and so needs no im2col; a plain matrix has one segment with offset 0.
///
///     rows[r] + offsets[0]   + offsets[1]   ...            panel: depth x columns, depth = segments * length
///        |== length ==|       |== length ==|                 |<- columns ->|
///     A:  a a a a a a a        a a a a a a a        times     b b b b b b b   (see Panels, 64-byte aligned)
template <class E>
struct GatherOperands {
  const E* const* rows;  ///< start of each row of A
  const Index* offsets;  ///< offset of each segment from the start of its row, values
  Index segments;        ///< number of runs per row
  Index length;          ///< length of a run, values; a multiple of `MicroKernels::length_step`
  const E* panel;        ///< packed B, depth x columns
  const float* bias;     ///< `columns` floats that the sums start from, or null for 0; ignored when accumulating
  float* c;              ///< rows x columns result, row stride ldc
  Index ldc;             ///< row stride of c, values
  E* rounded = nullptr;  ///< if not null, the rounded result goes here instead of to c; not when accumulating
};

/// Operands of `MicroKernels::outer`: C[i][n] += sum over a three-level walk of a[i] * b[n], where a and b advance by
/// their strides at each level, innermost last. A weight gradient walks images, rows of pixels and pixels. One step of
/// the walk takes kUnit<E> products: value k of row i is a[i * kUnit + k], and b likewise.
template <class E>
struct OuterOperands {
  const E* a;         ///< m values at each step of the walk
  const E* b;         ///< n values at each step of the walk
  Index count[3];     ///< number of steps at each level
  Index a_stride[3];  ///< stride of a at each level, values
  Index b_stride[3];  ///< stride of b at each level, values
  float* c;           ///< m x n sums, row stride ldc
  Index ldc;          ///< row stride of c, values
};

/// The row that position r of a kernel for `Rows` rows computes: row r, but the last of the m rows at the last
/// position. So kernels are compiled for even numbers of rows only: for an odd number the last row is computed twice,
/// to the same bits. Kernels for all numbers would take a compiler 0.7 s more.
template <int Rows>
constexpr Index row_of(int r, Index m) {
  return r + 1 < Rows ? r : m - 1;
}

/// The kernels of one instruction set for products of E (float or bfloat16), summed in float. Kernels do not allocate,
/// use threads or pack.
template <class E>
struct MicroKernels {
  Isa isa;            ///< instruction set they are written for
  Index rows;         ///< largest number of rows of C per call
  Index columns;      ///< width of a panel; largest number of columns of C per call
  Index length_step;  ///< `length` must be a multiple of this
  /// C (rows x columns) = bias + A * panel, or C += A * panel. 1 <= m <= rows, 1 <= n <= columns.
  void (*gather)(Index m, Index n, bool accumulate, const GatherOperands<E>& operands);
  /// C (m x n) += sum of outer products. 1 <= m <= rows, 1 <= n <= columns; reads exactly m values of a, n of b. Null
  /// if `gather` on a transposed operand replaces it (`gather_outer`).
  void (*outer)(Index m, Index n, const OuterOperands<E>& operands);
};

}  // namespace hcnn::kernels
