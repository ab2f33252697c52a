// Weights cut into panels, the form in which the micro-kernels read them.
#pragma once

#include <algorithm>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/kernels/micro_kernel.hpp"

namespace hcnn::kernels {

/// A matrix B (depth x columns) as panels of `MicroKernels::columns` columns, each panel row-major, zero-padded to full
/// width: panel j holds B[k][j*NR + n] at (k*NR + n).
class Panels {
 public:
  /// Makes room for depth x columns values in the form that `kernels` reads.
  void resize(const MicroKernels& kernels, Index depth, Index columns) {
    width_ = kernels.columns;
    depth_ = depth;
    columns_ = columns;
    storage_.reserve(count() * depth * width_);
  }

  /// Fills rows [first, first + rows) of B with source[k * depth_stride + n * column_stride].
  void pack(Index first, Index rows, const float* source, Index depth_stride, Index column_stride) {
    parallel_for(count(), [&](Index j) {
      float* out = storage_.data() + (j * depth_ + first) * width_;
      const Index n = std::min(width_, columns_ - j * width_);
      const float* in = source + j * width_ * column_stride;
      if (column_stride == 1) {
        for (Index k = 0; k < rows; ++k, out += width_) {
          std::copy_n(in + k * depth_stride, n, out);
          std::fill_n(out + n, width_ - n, 0.0f);
        }
        return;
      }
      for (Index k0 = 0; k0 < rows; k0 += 16)  // blocks of 16 rows: whole cache lines are read when depth_stride is 1
        for (Index c = 0; c < width_; ++c)
          for (Index k = k0; k < std::min(k0 + 16, rows); ++k)
            out[k * width_ + c] = c < n ? in[k * depth_stride + c * column_stride] : 0.0f;
    });
  }

  /// Panel j, from row `first` on.
  const float* panel(Index j, Index first = 0) const { return storage_.data() + (j * depth_ + first) * width_; }
  Index count() const { return (columns_ + width_ - 1) / width_; }
  Index width() const { return width_; }
  Index depth() const { return depth_; }
  Index columns() const { return columns_; }

 private:
  AlignedBuffer<float> storage_;
  Index width_ = 1;
  Index depth_ = 0;
  Index columns_ = 0;
};

/// Panels that know which weights, of which version, for which kernels they hold: refreshed when either changes.
class CachedPanels {
 public:
  /// True where `pack` must run again.
  bool stale(const MicroKernels& kernels, std::uint64_t version) const {
    return kernels_ != &kernels || version_ != version;
  }
  /// To be filled by the caller; counts as fresh afterwards.
  Panels& renew(const MicroKernels& kernels, std::uint64_t version) {
    kernels_ = &kernels;
    version_ = version;
    return panels_;
  }
  const Panels& get() const { return panels_; }

 private:
  Panels panels_;
  const MicroKernels* kernels_ = nullptr;
  std::uint64_t version_ = 0;
};

}  // namespace hcnn::kernels
