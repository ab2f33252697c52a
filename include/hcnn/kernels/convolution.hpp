// The three passes of a convolution, on the best kernels available; called by layers.
#pragma once

#include <type_traits>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/kernels/convolution_gather.hpp"
#include "hcnn/kernels/convolution_im2col.hpp"
#include "hcnn/kernels/convolution_outer.hpp"
#include "hcnn/kernels/convolution_outer_pairs.hpp"
#include "hcnn/kernels/convolution_transposed.hpp"
#include "hcnn/kernels/convolution_winograd_gradient.hpp"

namespace hcnn::kernels {

/// Calls `use(kernels)` with the best micro-kernels for this convolution; false if the portable path must run.
template <class T, class Use>
bool with_micro_kernels(const ConvGeometry& g, const Use& use) {
  return g.groups == 1 && with_micro_kernels<T>(0, use);  // 0: staging pads to any length
}

/// The float kernels for Winograd's algorithm, or null if it is not used: it does not suit the convolution, is switched
/// off, or bfloat16 has even faster matrix instructions.
template <class T>
const MicroKernels<float>* winograd_kernels(const ConvGeometry& g) {
  if constexpr (!std::is_same_v<Master<T>, float>) return nullptr;
  if (!winograd_enabled() || !suits_winograd(g)) return nullptr;
  return std::is_same_v<T, bfloat16> && active_isa() >= Isa::amx ? nullptr : micro_kernels<float>();
}

/// Packs w (O, KH, KW, C) for Winograd's forward pass.
inline void pack_winograd_forward(const MicroKernels<float>& kernels, const ConvGeometry& g, const float* w,
                                  Panels& panels) {
  pack_winograd(kernels, WinogradPlan::forward(g), w, g.input.channels, g.depth(), 1, panels);
}
/// Packs w (O, KH, KW, C) for the direct forward pass.
template <class E>
void pack_forward(const MicroKernels<E>& kernels, const ConvGeometry& g, const float* w, Panels& panels) {
  pack_taps(kernels, GatherPlan::forward(g, kernels), w, g.input.channels, 1, g.depth(), panels);
}
/// Packs w (O, KH, KW, C) for many forward passes if `packed` is stale; does nothing on the portable path.
template <class T>
void refresh_forward(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, CachedPanels& packed) {
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const MicroKernels<float>* kernels = winograd_kernels<T>(g)) {
      packed.refresh(*kernels, version, PanelForm::winograd,
                     [&](Panels& panels) { pack_winograd_forward(*kernels, g, w, panels); });
      return;
    }
  with_micro_kernels<T>(g, [&](const auto& kernels) {
    packed.refresh(kernels, version, PanelForm::direct, [&](Panels& panels) { pack_forward(kernels, g, w, panels); });
  });
}

/// Packs w (O, KH, KW, C) for the data gradient: tap (i, j) of the mirrored kernel is tap (KH-1-i, KW-1-j).
template <class E>
void pack_backward_data(const MicroKernels<E>& kernels, const ConvGeometry& g, const float* w, Panels& panels) {
  const float* last_tap = w + (g.kernel.area() - 1) * g.input.channels;
  pack_taps(kernels, GatherPlan::backward_data(g, kernels), last_tap, -g.input.channels, g.depth(), 1, panels);
}

/// The portable forward pass, with `after` called for each image.
template <class T>
void conv_forward_portable(const ConvGeometry& g, const Master<T>* w, const Master<T>* bias, TensorView<const T> x,
                           TensorView<T> y, AfterImages after) {
  conv_forward_im2col<T>(g, w, bias, x, y);
  parallel_for(x.count, [&](Index n) { after(n, Index{1}); });
}

/// y = conv(x, w) + bias; calls `after(first, count)` for each group of finished images (see conv_gather).
/// @param version of w  @param packed may hold w of that version in packed form; otherwise w is packed for this call
template <class T>
void conv_forward(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, const Master<T>* bias,
                  const CachedPanels& packed, TensorView<const T> x, TensorView<T> y,
                  AfterImages after = kNothingAfter) {
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const MicroKernels<float>* kernels = winograd_kernels<T>(g)) {
      const bool stale = packed.stale(*kernels, version, PanelForm::winograd);
      if (stale) pack_winograd_forward(*kernels, g, w, scratch_panels());
      return conv_winograd<T>(*kernels, WinogradPlan::forward(g), stale ? scratch_panels() : packed.get(), bias, x, y,
                              after);
    }
  const bool done = with_micro_kernels<T>(g, [&](const auto& kernels) {
    const bool stale = packed.stale(kernels, version);
    if (stale) pack_forward(kernels, g, w, scratch_panels());
    conv_gather<T>(kernels, GatherPlan::forward(g, kernels), stale ? scratch_panels() : packed.get(), bias, x, y,
                   after);
  });
  if (!done) conv_forward_portable<T>(g, w, bias, x, y, after);
}

/// dx = conv^T(dy, w).
template <class T>
void conv_backward_data(const ConvGeometry& g, const Master<T>* w, TensorView<const T> dy, TensorView<T> dx) {
  Panels& packed = scratch_panels();
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const MicroKernels<float>* kernels = winograd_kernels<T>(g)) {
      const WinogradPlan plan = WinogradPlan::backward_data(g);
      pack_winograd(*kernels, plan, w + 8 * g.input.channels, -g.input.channels, 1, g.depth(), packed);
      return conv_winograd<T>(*kernels, plan, packed, nullptr, dy, dx, kNothingAfter);
    }
  const bool done = with_micro_kernels<T>(g, [&](const auto& kernels) {
    pack_backward_data(kernels, g, w, packed);
    conv_gather<T>(kernels, GatherPlan::backward_data(g, kernels), packed, nullptr, dy, dx, kNothingAfter);
  });
  if (!done) conv_backward_data_im2col<T>(g, w, dy, dx);
}

/// sums += dL/dw as (KH*KW*C, O), on the best kernels for T.
template <class T>
void add_weight_gradient(const MicroKernels<float>& kernels, const ConvGeometry& g, TensorView<const T> x,
                         TensorView<const T> dy, float* sums, Workspace& workspace) {
  if (winograd_kernels<T>(g)) return conv_winograd_gradient(kernels, g, x, dy, sums, workspace);
  if constexpr (std::is_same_v<T, bfloat16>)
    if (const auto* pairs = micro_kernels<bfloat16>()) {
      if (pairs->outer && g.stride.width == 1) return conv_outer_pairs(*pairs, g, x, dy, sums, workspace);
      if (!pairs->outer && g.stride == Extent2(1)) return conv_transposed(*pairs, g, x, dy, sums, workspace);
    }
  conv_outer_floats(kernels, g, x, dy, sums, workspace);
}

/// dw += dL/dw, from x and dy.
template <class T>
void conv_backward_weights(const ConvGeometry& g, TensorView<const T> x, TensorView<const T> dy, Master<T>* dw,
                           Workspace& workspace) {
  if (x.count == 0) return;
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const MicroKernels<float>* kernels = micro_kernels<float>(); kernels && g.groups == 1) {
      const WorkspaceScope scope(workspace);
      float* sums = workspace.take<float>(g.depth() * g.out_channels);
      std::fill_n(sums, g.depth() * g.out_channels, 0.0f);
      add_weight_gradient(*kernels, g, x, dy, sums, workspace);
      return add_transposed(g.depth(), g.out_channels, sums, dw);
    }
  conv_backward_weights_im2col<T>(g, x, dy, dw, workspace);
}

}  // namespace hcnn::kernels
