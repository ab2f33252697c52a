// Layer fusion: sequences of layers that run as one block. The layers themselves, their names and their files do not
// change.
#pragma once

#include <optional>
#include <span>
#include <typeinfo>

#include "hcnn/kernels/normalization_pool.hpp"
#include "hcnn/layers/activation.hpp"
#include "hcnn/layers/batch_norm.hpp"
#include "hcnn/layers/conv2d.hpp"
#include "hcnn/layers/max_pool.hpp"

namespace hcnn {

/// Conv2d + BatchNorm2d + activation (+ MaxPool2d) as one layer that refers to the originals. Batch statistics are
/// measured on each image while the convolution's output is still in the cache; normalisation, activation and pooling
/// are one pass over that output, and its gradient overwrites it. It is all that is kept for backward.
template <class T>
class FusedBlock : public Layer<T> {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Keeps references to both layers.
  /// @param slope of the activation for negative inputs  @param pool the pooling after it, or nothing
  FusedBlock(Conv2d<T>& conv, BatchNorm2d<T>& norm, M slope, std::optional<kernels::TilePool> pool)
      : conv_(conv), norm_(norm), slope_(slope), pool_(pool) {}

  std::string type() const override { return "FusedBlock"; }
  Shape build(const Shape&) override { return pool_ ? pool_->output() : conv_.output_shape(); }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) override {
    z_ = workspace.tensor<T>(x.count, conv_.output_shape());
    if (pool_) taps_ = workspace.take<std::uint8_t>(y.size());
    norm_.begin(x.count, pass, workspace);
    const Index pixels = z_.shape.pixels();
    kernels::conv_forward<T>(conv_.geometry(), conv_.weight().value(), conv_.weight().version, conv_.bias(),
                             conv_.packed(), x, z_, [&](Index first, Index count) {
                               if (norm_.training())
                                 for (Index n = first; n < first + count; ++n) norm_.measure(z_.sample(n), pixels, n);
                             });
    if (norm_.training()) norm_.update_statistics(x.count, pixels);
    const auto map = norm_.map(slope_);
    parallel_for(x.count, [&](Index n) {
      if (pool_)
        kernels::run_vectorized<kernels::NormalizePoolImage>(map, *pool_, z_.sample(n), y.sample(n),
                                                             taps_ + n * y.shape.size());
      else
        kernels::run_vectorized<kernels::NormalizeImage>(map, z_.sample(n), pixels, z_.shape.channels, y.sample(n));
    });
  }

  void backward(TensorView<const T> x, TensorView<const T> y, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    {
      const WorkspaceScope scope(workspace);
      const auto map = norm_.map(slope_);
      const Index pixels = z_.shape.pixels(), channels = z_.shape.channels;
      const auto sums = norm_.begin_backward(x.count, workspace);
      parallel_for(x.count, [&](Index n) {
        if (pool_)
          kernels::run_vectorized<kernels::GradientSumsPool>(map, *pool_, norm_.mean(), z_.sample(n), dy.sample(n),
                                                             taps_ + n * y.shape.size(), sums.of_g(n), sums.of_gx(n));
        else
          kernels::run_vectorized<kernels::GradientSums>(map, norm_.mean(), z_.sample(n), dy.sample(n), pixels,
                                                         channels, sums.of_g(n), sums.of_gx(n));
      });
      const auto gradient = norm_.finish_sums(sums, x.count, pixels, workspace);
      parallel_for(x.count, [&](Index n) {
        if (pool_)
          kernels::run_vectorized<kernels::GradientPoolImage>(map, gradient, *pool_, z_.sample(n), dy.sample(n),
                                                              taps_ + n * y.shape.size(), z_.sample(n));
        else
          kernels::run_vectorized<kernels::GradientImage>(map, gradient, z_.sample(n), dy.sample(n), pixels, channels,
                                                          z_.sample(n));
      });
    }
    conv_.backward(x, z_, z_, dx, workspace);
  }

  /// Runs the convolution with the normalisation folded into its weights, then activation and pooling per image.
  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const override {
    const WorkspaceScope scope(workspace);
    const auto& g = conv_.geometry();
    const std::uint64_t version = this->version();
    const M *weight = folded_weight_.data(), *bias = folded_bias_.data();
    if (version != folded_version_) {
      M* w = workspace.take<M>(conv_.weight().size());
      M* b = workspace.take<M>(g.out_channels);
      fold(w, b);
      weight = w;
      bias = b;
    }
    const TensorView<T> z = pool_ ? workspace.tensor<T>(x.count, conv_.output_shape()) : y;
    const Index pixels = z.shape.pixels(), channels = z.shape.channels;
    M* ones = workspace.take<M>(channels);
    M* zeros = workspace.take<M>(channels);
    std::fill_n(ones, channels, M{1});
    std::fill_n(zeros, channels, M{0});
    const kernels::NormalizeMap<M> map{ones, zeros, slope_};
    kernels::conv_forward<T>(g, weight, version, bias, folded_panels_, x, z, [&](Index first, Index count) {
      for (Index n = first; n < first + count; ++n) {
        if (pool_)
          kernels::run_vectorized<kernels::NormalizePoolImage>(map, *pool_, z.sample(n), y.sample(n),
                                                               static_cast<std::uint8_t*>(nullptr));
        else
          kernels::run_vectorized<kernels::NormalizeImage>(map, z.sample(n), pixels, channels, y.sample(n));
      }
    });
  }

  void prepare_inference() override {
    if (folded_version_ != version()) {
      folded_weight_.reserve(conv_.weight().size());
      folded_bias_.reserve(conv_.geometry().out_channels);
      fold(folded_weight_.data(), folded_bias_.data());
      folded_version_ = version();
    }
    kernels::refresh_forward<T>(conv_.geometry(), folded_weight_.data(), folded_version_, folded_panels_);
  }

  /// Throws Error: a block belongs to the layers it refers to; a copied Sequential plans its own blocks.
  std::unique_ptr<Layer<T>> clone() const override {
    fail<Error>("FusedBlock", "a copy was asked for", "copy the Sequential instead");
  }

 private:
  std::uint64_t version() const {
    return conv_.weight().version + (conv_.bias() ? conv_.bias_version() : 0) + norm_.version();
  }
  /// w' = scale * w, b' = scale * b + shift, per output channel.
  void fold(M* weight, M* bias) const {
    const Index channels = conv_.geometry().out_channels, depth = conv_.geometry().depth();
    AlignedBuffer<M> scale(channels);
    norm_.running_map(scale.data(), bias);
    for (Index o = 0; o < channels; ++o) {
      const M s = scale.data()[o];
      if (conv_.bias()) bias[o] += s * conv_.bias()[o];
      for (Index k = 0; k < depth; ++k) weight[o * depth + k] = s * conv_.weight().value()[o * depth + k];
    }
  }

  Conv2d<T>& conv_;
  BatchNorm2d<T>& norm_;
  M slope_;
  std::optional<kernels::TilePool> pool_;
  TensorView<T> z_;               // the convolution's output, then its gradient; in the workspace
  std::uint8_t* taps_ = nullptr;  // which tap of each window is the maximum; in the workspace
  AlignedBuffer<M> folded_weight_, folded_bias_;
  kernels::CachedPanels folded_panels_;
  std::uint64_t folded_version_ = 0;
};

/// A fused block and the number of layers it replaces; null if no pattern matches the start of `layers`.
template <class T>
struct Fusion {
  std::unique_ptr<Layer<T>> block;  ///< fused block, which refers to the layers it replaces
  std::size_t layers = 0;           ///< number of layers it replaces
};

/// The layer as an X; null if its type is not exactly X: a block would ignore the overrides of a derived class.
template <class X, class T>
X* exactly(Layer<T>& layer) {
  return typeid(layer) == typeid(X) ? static_cast<X*>(&layer) : nullptr;
}

/// Negative slope of a fusable activation: 0 for ReLU, its own for LeakyReLU, empty for other layers.
template <class T>
std::optional<Master<T>> fusable_slope(Layer<T>& layer) {
  if (exactly<ReLU<T>>(layer)) return Master<T>{0};
  const auto* leaky = exactly<LeakyReLU<T>>(layer);
  return leaky ? std::optional(leaky->slope()) : std::nullopt;
}

/// The pooling if FusedBlock can absorb it, i.e. MaxPool2d with windows that neither overlap nor leave gaps, no
/// padding, at most 255 pixels; else empty.
template <class T>
std::optional<kernels::TilePool> fusable_pool(Layer<T>& layer) {
  const auto* pool = exactly<MaxPool2d<T>>(layer);
  if (!pool) return std::nullopt;
  const auto rows = pool->windows().rows(), columns = pool->windows().columns();
  const bool tiles = rows.stride == rows.window && columns.stride == columns.window && rows.padding == 0 &&
                     columns.padding == 0 && rows.window * columns.window <= 255;
  return tiles ? std::optional(kernels::TilePool{pool->input_shape(), rows.window, columns.window}) : std::nullopt;
}

/// Matches the longest pattern at the start of `layers`: Conv2d, BatchNorm2d, ReLU or LeakyReLU, and optionally
/// MaxPool2d.
template <class T>
Fusion<T> match_fusion(std::span<Layer<T>* const> layers) {
  if (layers.size() < 3) return {};
  auto* conv = exactly<Conv2d<T>>(*layers[0]);
  auto* norm = exactly<BatchNorm2d<T>>(*layers[1]);
  const auto slope = fusable_slope(*layers[2]);
  if (!conv || !norm || !slope) return {};
  const auto pool = layers.size() > 3 ? fusable_pool(*layers[3]) : std::nullopt;
  return {std::make_unique<FusedBlock<T>>(*conv, *norm, *slope, pool), pool ? std::size_t{4} : std::size_t{3}};
}

}  // namespace hcnn
