// Weights cut into panels, the form in which the micro-kernels read them.
#pragma once

#include <algorithm>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/kernels/micro_kernel.hpp"

namespace hcnn::kernels {

/// A matrix B (depth x columns) as panels of `MicroKernels::columns` columns, zero-padded to full width. Inside a panel
/// U = kUnit neighbouring depths lie side by side: panel j holds B[k][j*NR + n] at ((k / U) * NR + n) * U + k % U.
class Panels {
 public:
  /// Makes room for depth x columns values in the form that `kernels` reads; depth is a multiple of kUnit<E>.
  template <class E>
  void resize(const MicroKernels<E>& kernels, Index depth, Index columns) {
    width_ = kernels.columns;
    depth_ = depth;
    columns_ = columns;
    storage_.reserve(count() * depth * width_ * static_cast<Index>(sizeof(E)));
  }

  /// Fills rows [first, first + rows) of panel j with source[k * depth_stride + n * column_stride], and the rows from
  /// there to first + padded with 0. `first` and `padded` are multiples of kUnit<E>.
  template <class E>
  void pack(Index j, Index first, Index rows, Index padded, const float* source, Index depth_stride,
            Index column_stride) {
    E* out = panel<E>(j, first);
    const Index n = std::min(width_, columns_ - j * width_);
    const float* in = source + j * width_ * column_stride;
    for (Index k0 = 0; k0 < padded; k0 += 16)  // blocks of 16 rows: whole cache lines are read when depth_stride is 1
      for (Index c = 0; c < width_; ++c)
        for (Index k = k0; k < std::min(k0 + 16, padded); ++k)
          out[(k / kUnit<E> * width_ + c) * kUnit<E> + k % kUnit<E>] =
              E(c < n && k < rows ? in[k * depth_stride + c * column_stride] : 0.0f);
  }

  /// Panel j, from row `first` on.
  template <class E>
  const E* panel(Index j, Index first = 0) const {
    return reinterpret_cast<const E*>(storage_.data()) + (j * depth_ + first) * width_;
  }
  Index count() const { return (columns_ + width_ - 1) / width_; }
  Index width() const { return width_; }
  Index depth() const { return depth_; }
  Index columns() const { return columns_; }

 private:
  template <class E>
  E* panel(Index j, Index first) {
    return const_cast<E*>(std::as_const(*this).panel<E>(j, first));
  }

  AlignedBuffer<std::byte> storage_;
  Index width_ = 1;
  Index depth_ = 0;
  Index columns_ = 0;
};

/// Panels that know which weights, of which version, for which kernels they hold: refreshed when either changes.
class CachedPanels {
 public:
  /// True where `pack` must run again.
  template <class E>
  bool stale(const MicroKernels<E>& kernels, std::uint64_t version) const {
    return kernels_ != &kernels || version_ != version;
  }
  /// To be filled by the caller; counts as fresh afterwards.
  template <class E>
  Panels& renew(const MicroKernels<E>& kernels, std::uint64_t version) {
    kernels_ = &kernels;
    version_ = version;
    return panels_;
  }
  const Panels& get() const { return panels_; }

 private:
  Panels panels_;
  const void* kernels_ = nullptr;
  std::uint64_t version_ = 0;
};

}  // namespace hcnn::kernels
