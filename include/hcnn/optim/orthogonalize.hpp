// Approximate orthogonalisation: nearest matrix with orthonormal rows or columns, by a few Newton-Schulz steps.
#pragma once

#include <algorithm>
#include <cmath>

#include "hcnn/core/workspace.hpp"
#include "hcnn/kernels/gemm.hpp"

namespace hcnn {

/// C = A B.   (rows, columns) = (rows, depth) (depth, columns), or with B given as its transpose (columns, depth); all
/// row-major and contiguous.
template <class M>
void multiply(Index rows, Index depth, Index columns, const M* a, const M* b, bool b_is_transposed, M* c,
              Workspace& workspace) {
  const bool done = kernels::with_micro_kernels<M>(depth, [&](const auto& kernels) {
    kernels::Panels& packed = kernels::scratch_panels();
    kernels::pack_matrix(kernels, depth, columns, b, b_is_transposed ? 1 : columns, b_is_transposed ? depth : 1,
                         packed);
    kernels::gemm_packed(kernels, rows, a, depth, packed, nullptr, c, columns);
  });
  if (done) return;
  const WorkspaceScope scope(workspace);
  std::fill_n(c, rows * columns, M{0});
  kernels::gemm_portable(rows, depth, columns, a,
                         b_is_transposed ? kernels::transposed(columns, depth, b, workspace) : b, c);
}

/// One step on X (m, n), m <= n, which maps each singular value s to 3.4445 s - 4.775 s^3 + 2.0315 s^5.
///   A = X X^T,  X = 3.4445 X + (-4.775 A + 2.0315 A A) X
template <class M>
void newton_schulz_step(Index m, Index n, M* x, Workspace& workspace) {
  constexpr M a = static_cast<M>(3.4445), b = static_cast<M>(-4.775), c = static_cast<M>(2.0315);
  const WorkspaceScope scope(workspace);
  M *const gram = workspace.take<M>(m * m), *const square = workspace.take<M>(m * m);
  M* const moved = workspace.take<M>(m * n);
  multiply(m, n, m, x, x, true, gram, workspace);
  multiply(m, m, m, gram, gram, false, square, workspace);
  for (Index i = 0; i < m * m; ++i) square[i] = b * gram[i] + c * square[i];
  multiply(m, m, n, square, x, false, moved, workspace);
  parallel_elements(m * n, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) x[i] = a * x[i] + moved[i];
  });
}

/// Replaces X (rows, columns) = U S V^T by approximately U V^T. X is divided by its norm first, so its scale does not
/// matter; five steps bring every singular value of at least 1 % of the norm to between 0.68 and 1.14. 0 stays 0.
/// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks",
/// kellerjordan.github.io/posts/muon, with the coefficients given there.
template <class M>
void orthogonalize(Index rows, Index columns, M* x, Index steps, Workspace& workspace) {
  const WorkspaceScope scope(workspace);
  double squares = 0;
  for (Index i = 0; i < rows * columns; ++i) squares += double{x[i]} * double{x[i]};
  const M factor = static_cast<M>(1 / (std::sqrt(squares) + 1e-7));
  for (Index i = 0; i < rows * columns; ++i) x[i] *= factor;
  const bool tall = rows > columns;  // X X^T of the short side is the smaller one
  M* const wide = tall ? workspace.take<M>(rows * columns) : x;
  if (tall) kernels::transpose(x, wide, rows, columns);
  for (Index step = 0; step < steps; ++step)
    newton_schulz_step(std::min(rows, columns), std::max(rows, columns), wide, workspace);
  if (tall) kernels::transpose(wide, x, columns, rows);
}

}  // namespace hcnn
