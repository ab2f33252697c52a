// The three passes of a convolution, on the best kernels that fit: what layers call.
#pragma once

#include <type_traits>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/kernels/convolution_direct.hpp"
#include "hcnn/kernels/convolution_eigen.hpp"

namespace hcnn::kernels {

/// True where T is computed by the float micro-kernels (bfloat16 by conversion).
template <class T>
inline constexpr bool kUsesFloatKernels = std::is_same_v<Master<T>, float>;

/// Weights of one convolution in the forms that the passes read, refreshed when the weights change.
struct ConvWeights {
  CachedPanels forward;        ///< (KH*KW*C, O)
  CachedPanels backward_data;  ///< (KH*KW*O, C), taps mirrored
};

/// The float kernels for this geometry, or null where the portable path must run.
template <class T>
const MicroKernels* conv_kernels(const ConvGeometry& g) {
  if constexpr (kUsesFloatKernels<T>) return g.groups == 1 ? float_kernels() : nullptr;
  return nullptr;
}

/// Packs w (O, KH, KW, C) for the forward pass.
inline void pack_forward(const MicroKernels& kernels, const ConvGeometry& g, const float* w, Panels& panels) {
  panels.resize(kernels, g.depth(), g.out_channels);
  panels.pack(0, g.depth(), w, 1, g.depth());
}

/// Packs w where `packed` is stale; nothing on the portable path.
template <class T>
void refresh_forward(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, CachedPanels& packed) {
  if constexpr (kUsesFloatKernels<T>)
    if (const MicroKernels* kernels = conv_kernels<T>(g); kernels && packed.stale(*kernels, version))
      pack_forward(*kernels, g, w, packed.renew(*kernels, version));
}

/// Packs w (O, KH, KW, C) for the data gradient: tap (i, j) of the mirrored kernel is tap (KH-1-i, KW-1-j).
inline void pack_backward_data(const MicroKernels& kernels, const ConvGeometry& g, const float* w, Panels& panels) {
  panels.resize(kernels, g.kernel.area() * g.out_channels, g.input.channels);
  for (Index tap = 0; tap < g.kernel.area(); ++tap)
    panels.pack(tap * g.out_channels, g.out_channels, w + (g.kernel.area() - 1 - tap) * g.input.channels, g.depth(), 1);
}

/// y = conv(x, w) + bias; `after(first, count)` follows each group of finished images (see conv_gather).
/// @param version of w: `packed` is refreshed where it holds another
template <class T>
void conv_forward(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, const Master<T>* bias,
                  ConvWeights& packed, TensorView<const T> x, TensorView<T> y, AfterImages after = kNothingAfter) {
  if constexpr (kUsesFloatKernels<T>)
    if (const MicroKernels* kernels = conv_kernels<T>(g)) {
      refresh_forward<T>(g, w, version, packed.forward);
      return conv_gather<T>(*kernels, GatherPlan::forward(g), packed.forward.get(), bias, x, y, after);
    }
  conv_forward_eigen<T>(g, w, bias, x, y);
  parallel_for(x.count, [&](Index n) { after(n, Index{1}); });
}

/// The same for inference: `packed` is read only; where it is stale the weights are packed into fresh memory.
template <class T>
void conv_infer(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, const Master<T>* bias,
                const CachedPanels& packed, TensorView<const T> x, TensorView<T> y, AfterImages after = kNothingAfter) {
  if constexpr (kUsesFloatKernels<T>)
    if (const MicroKernels* kernels = conv_kernels<T>(g)) {
      Panels fresh;
      const bool stale = packed.stale(*kernels, version);
      if (stale) pack_forward(*kernels, g, w, fresh);
      return conv_gather<T>(*kernels, GatherPlan::forward(g), stale ? fresh : packed.get(), bias, x, y, after);
    }
  conv_forward_eigen<T>(g, w, bias, x, y);
  parallel_for(x.count, [&](Index n) { after(n, Index{1}); });
}

/// dx = conv^T(dy, w).
template <class T>
void conv_backward_data(const ConvGeometry& g, const Master<T>* w, std::uint64_t version, ConvWeights& packed,
                        TensorView<const T> dy, TensorView<T> dx) {
  if constexpr (kUsesFloatKernels<T>)
    if (const MicroKernels* kernels = conv_kernels<T>(g)) {
      if (packed.backward_data.stale(*kernels, version))
        pack_backward_data(*kernels, g, w, packed.backward_data.renew(*kernels, version));
      return conv_gather<T>(*kernels, GatherPlan::backward_data(g), packed.backward_data.get(), nullptr, dy, dx,
                            kNothingAfter);
    }
  conv_backward_data_eigen<T>(g, w, dy, dx);
}

/// dw += dL/dw, from x and dy.
template <class T>
void conv_backward_weights(const ConvGeometry& g, TensorView<const T> x, TensorView<const T> dy, Master<T>* dw,
                           Workspace& workspace) {
  if constexpr (kUsesFloatKernels<T>)
    if (const MicroKernels* kernels = conv_kernels<T>(g)) return conv_outer<T>(*kernels, g, x, dy, dw, workspace);
  conv_backward_weights_eigen<T>(g, x, dy, dw, workspace);
}

}  // namespace hcnn::kernels
