// Weights in panels, the layout in which the micro-kernels read them.
#pragma once

#include <algorithm>
#include <cstring>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/parallel.hpp"
#include "hcnn/kernels/isa/vectorize.hpp"

namespace hcnn::kernels {

/// Writes rows of floats as E, kUnit<E> neighbouring rows interleaved.   (rows, width) -> (rows / U, width, U)
struct InterleaveRows {
  /// Called by `run_vectorized`.
  template <class E>
  [[gnu::always_inline]] static void run(const float* rows, Index stride, Index count, Index width, E* out) {
    for (Index k = 0; k < count; k += kUnit<E>, rows += kUnit<E> * stride, out += kUnit<E> * width) {
      if constexpr (kUnit<E> == 1) {
        HCNN_SIMD
        for (Index c = 0; c < width; ++c) out[c] = rows[c];
      } else {
        HCNN_SIMD
        for (Index c = 0; c < width; ++c) {  // one word for both: g++ does not vectorise two 16-bit stores
          const std::uint32_t pair = E(rows[c]).bits | std::uint32_t{E(rows[stride + c]).bits} << 16;
          std::memcpy(static_cast<void*>(out + 2 * c), &pair, sizeof pair);
        }
      }
    }
  }
};

/// A matrix B (depth x columns) as panels of `MicroKernels::columns` columns, zero-padded to full width. Inside a panel
/// U = kUnit neighbouring depths are interleaved: panel j holds B[k][j*NR + n] at ((k / U) * NR + n) * U + k % U.
class Panels {
 public:
  /// Makes room for depth x columns values in the layout that `kernels` reads; depth is a multiple of kUnit<E>.
  template <class E>
  void resize(const MicroKernels<E>& kernels, Index depth, Index columns) {
    width_ = kernels.columns;
    depth_ = depth;
    columns_ = columns;
    storage_.reserve(count() * depth * width_ * static_cast<Index>(sizeof(E)));
  }

  /// Fills rows [first, first + rows) of panel j with source[k * depth_stride + n * column_stride], where n counts from
  /// the panel's first column, and the following rows up to first + padded with 0. `first` and `padded` are multiples
  /// of kUnit<E>.
  template <class E>
  void pack(Index j, Index first, Index rows, Index padded, const float* source, Index depth_stride,
            Index column_stride) {
    const Index n = std::min(width_, columns_ - j * width_);
    float block[kBlockRows * kMaxWidth];
    for (Index k0 = 0; k0 < padded; k0 += kBlockRows) {
      const Index count = std::min(kBlockRows, padded - k0), filled = std::clamp<Index>(rows - k0, 0, count);
      const bool as_is = column_stride == 1 && n == width_ && filled == count;
      if (!as_is) {
        std::fill_n(block, count * width_, 0.0f);
        for (Index c = 0; c < n; ++c)  // whole cache lines are read when depth_stride is 1
          for (Index k = 0; k < filled; ++k)
            block[k * width_ + c] = source[(k0 + k) * depth_stride + c * column_stride];
      }
      run_beside_kernels<InterleaveRows>(as_is ? source + k0 * depth_stride : block, as_is ? depth_stride : width_,
                                         count, width_, panel<E>(j, first + k0));
    }
  }

  /// Panel j, starting at row `first`.
  template <class E>
  const E* panel(Index j, Index first = 0) const {
    return reinterpret_cast<const E*>(storage_.data()) + (j * depth_ + first) * width_;
  }
  /// Number of panels.
  Index count() const { return (columns_ + width_ - 1) / width_; }
  /// Number of columns per panel.
  Index width() const { return width_; }
  /// Number of rows of every panel.
  Index depth() const { return depth_; }
  /// Number of columns of the matrix.
  Index columns() const { return columns_; }

 private:
  static constexpr Index kBlockRows = 16;  // floats per cache line
  static constexpr Index kMaxWidth = 32;

  template <class E>
  E* panel(Index j, Index first) {
    return const_cast<E*>(std::as_const(*this).panel<E>(j, first));
  }

  AlignedBuffer<std::byte> storage_;
  Index width_ = 1;
  Index depth_ = 0;
  Index columns_ = 0;
};

/// Packing buffer of the calling thread for weights that are used once, as in training, where they change at every
/// step: one buffer for all layers instead of one in each.
inline Panels& scratch_panels() {
  thread_local Panels panels;
  return panels;
}

/// Meaning of the rows of packed weights: taps and channels, or Winograd's points and channels.
enum class PanelForm { direct, winograd };

/// Panels that know which version of the weights they hold, and for which kernels: refreshed when one of these changes.
class CachedPanels {
 public:
  /// True if the panels hold something else.
  template <class E>
  bool stale(const MicroKernels<E>& kernels, std::uint64_t version, PanelForm form = PanelForm::direct) const {
    return kernels_ != &kernels || version_ != version || form_ != form;
  }
  /// Fills the panels by `pack(panels)` if they are stale; they stay stale if it throws.
  template <class E, class Pack>
  void refresh(const MicroKernels<E>& kernels, std::uint64_t version, PanelForm form, const Pack& pack) {
    if (!stale(kernels, version, form)) return;
    kernels_ = nullptr;
    pack(panels_);
    kernels_ = &kernels;
    version_ = version;
    form_ = form;
  }
  /// The panels, stale or not.
  const Panels& get() const { return panels_; }

 private:
  Panels panels_;
  const void* kernels_ = nullptr;
  std::uint64_t version_ = 0;
  PanelForm form_ = PanelForm::direct;
};

}  // namespace hcnn::kernels
