// The contract between the portable loops (gemm, convolution) and the micro-kernels of each instruction set.
#pragma once

#include "hcnn/core/shape.hpp"
#include "hcnn/kernels/isa/cpu.hpp"

namespace hcnn::kernels {

/// Operands of `MicroKernels::gather`. Row r of A is not stored as one row: it is `segments` runs of `length` floats
/// that start at rows[r] + offsets[s]. A convolution lists its output pixels as rows and its kernel taps as segments,
/// and so needs no im2col; a plain matrix has one segment with offset 0.
///
///     rows[r] + offsets[0]   + offsets[1]   ...            panel: depth x columns, depth = segments * length
///        |== length ==|       |== length ==|                 |<- columns ->|
///     A:  a a a a a a a        a a a a a a a        times     b b b b b b b   (row-major, 64-byte aligned)
struct GatherOperands {
  const float* const* rows;
  const Index* offsets;
  Index segments;
  Index length;
  const float* panel;
  const float* bias;  ///< `columns` floats that the sums start from, or null for 0; ignored when accumulating
  float* c;           ///< rows x columns result, row stride ldc
  Index ldc;
};

/// Operands of `MicroKernels::outer`: C[i][n] += sum over a three-level walk of a[i] * b[n], where a and b move by
/// their strides at each level, innermost last. A weight gradient walks images, rows of pixels and pixels.
struct OuterOperands {
  const float* a;
  const float* b;
  Index count[3];
  Index a_stride[3];
  Index b_stride[3];
  float* c;
  Index ldc;
};

/// The float kernels of one instruction set. Kernels are leaves: no allocation, no threads, no packing.
struct MicroKernels {
  Isa isa;
  const char* name;
  Index rows;     ///< most rows of C that one call computes
  Index columns;  ///< width of a panel; most columns of C that one call computes
  /// C (rows x columns) = bias + A * panel, or C += A * panel. 1 <= m <= rows, 1 <= n <= columns.
  void (*gather)(Index m, Index n, bool accumulate, const GatherOperands& operands);
  /// C (m x n) += sum of outer products. 1 <= m <= rows, 1 <= n <= columns; reads exactly m values of a, n of b.
  void (*outer)(Index m, Index n, const OuterOperands& operands);
};

}  // namespace hcnn::kernels
