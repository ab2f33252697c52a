// Inverted dropout whose masks depend only on seed, layer, epoch, sample and element.
#pragma once

#include <cstdint>
#include <string>

#include "hcnn/kernels/elementwise.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Options of Dropout.
struct DropoutOptions {
  double rate = 0.5;  ///< probability that an element is set to 0, in [0, 1)
};

/// Throws OptionError for a rate outside [0, 1).
inline void require_dropout_rate(const std::string& where, double rate) {
  if (!(rate >= 0 && rate < 1)) fail<OptionError>(where, concat("rate ", rate), "it must be in [0, 1)");
}

/// In training y = x / (1 - rate) with probability 1 - rate, else 0; in evaluation y = x. Any shape. A sample gets the
/// same mask within an epoch, regardless of its batch, its position there and the thread. Throws OptionError for a rate
/// outside [0, 1).
/// Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov 2014, JMLR 15, 1929-1958.
template <class T = float>
class Dropout : public Layer<T> {
 public:
  using typename Layer<T>::M;

  /// Throws OptionError for a rate outside [0, 1).
  explicit Dropout(DropoutOptions options = {}) : rate_(options.rate) { require_dropout_rate("Dropout", rate_); }

  std::string type() const override { return "Dropout"; }
  std::string options() const override { return concat("rate ", rate_); }
  Shape build(const Shape& input) override { return input; }
  void attach(const std::string& path, ParamList<M>&) override { purpose_ = hash_name("dropout " + path); }
  LayerTraits traits() const override { return {.backward_reads_input = false, .in_place = true}; }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) override {
    mask_ = nullptr;
    if (!pass.training() || rate_ == 0) return infer(x, y, workspace);
    const Index words = kernels::mask_words(x.shape.size());
    mask_ = workspace.take<std::uint32_t>(x.count * words);
    const auto drop_below = static_cast<std::uint32_t>(rate_ * 0x1.0p32);
    parallel_for(x.count, [&](Index n) {
      const RandomStream random(Seed{pass.seed}, purpose_, pass.epoch, pass.sample_id(n));
      kernels::draw_mask(random, drop_below, words, mask_ + n * words);
      kernels::apply_mask(mask_ + n * words, x.sample(n), y.sample(n), x.shape.size(), scale());
    });
  }

  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (dx.empty()) return;
    if (mask_ == nullptr) return kernels::copy(dy.data, dx.data, dy.size());
    const Index words = kernels::mask_words(dy.shape.size());
    parallel_for(dy.count, [&](Index n) {
      kernels::apply_mask(mask_ + n * words, dy.sample(n), dx.sample(n), dy.shape.size(), scale());
    });
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    kernels::copy(x.data, y.data, x.size());
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Dropout>(*this); }

 private:
  M scale() const { return static_cast<M>(1 / (1 - rate_)); }

  double rate_;
  std::uint64_t purpose_ = hash_name("dropout");  // keyed by the layer's path once attached
  std::uint32_t* mask_ = nullptr;                 // in the workspace, from forward to backward; null: nothing dropped
};

}  // namespace hcnn
