// Fully connected layer.
#pragma once

#include "hcnn/kernels/convolution.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// Options of Linear.
struct LinearOptions {
  Index out_features = 0;  ///< number of output features, at least 1
  bool bias = true;        ///< whether each output has a bias
};

/// y = W x + b for each sample. Shapes: (N, 1, 1, I) -> (N, 1, 1, O); put Flatten before it if H or W exceeds 1.
/// Parameters: weight [O, I], bias [O].
template <class T = float>
class Linear : public Layer<T> {
 public:
  /// Type of parameters.
  using M = Master<T>;

  /// Options are checked when the network is built: OptionError, or ShapeError if H or W exceeds 1.
  explicit Linear(LinearOptions options) : options_(options) {}

  std::string type() const override { return "Linear"; }
  std::string options() const override { return concat(options_.out_features) + (options_.bias ? "" : ", no bias"); }

  Shape build(const Shape& input) override {
    if (options_.out_features < 1) fail<OptionError>("Linear", options(), "out_features must be at least 1");
    if (input.pixels() != 1)
      fail<ShapeError>("Linear", "input is " + to_string(input), "expected 1x1xfeatures: put Flatten before it");
    inputs_ = input.channels;
    weight_ = Param<M>(Role::weight, {outputs(), inputs_});
    if (options_.bias) bias_ = Param<M>(Role::bias, {outputs()});
    return {.channels = outputs()};
  }

  void attach(const std::string& path, ParamList<M>& list) override {
    attach_weight_and_bias(path, weight_, options_.bias ? &bias_ : nullptr, list);
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const override {
    const WorkspaceScope scope(workspace);
    M* sums = kernels::master_room(y.data, y.size(), workspace);
    infer_master(x, sums, workspace);
    kernels::round_from_master(sums, y.data, y.size());
  }

  /// `infer` with the result in the master type, for logits.
  void infer_master(TensorView<const T> x, M* y, Workspace& workspace) const {
    const WorkspaceScope scope(workspace);
    const M* bias = options_.bias ? bias_.value() : nullptr;
    const bool done = kernels::with_micro_kernels<T>(inputs_, [&]<class E>(const kernels::MicroKernels<E>& kernels) {
      const bool stale = packed_.stale(kernels, weight_.version);
      if (stale) pack_forward(kernels, kernels::scratch_panels());
      kernels::gemm_packed(kernels, x.count, kernels::converted<E>(x.data, x.size(), workspace), inputs_,
                           stale ? kernels::scratch_panels() : packed_.get(), bias, y, outputs());
    });
    if (done) return;
    for (Index n = 0; n < x.count; ++n)
      bias ? std::copy_n(bias, outputs(), y + n * outputs()) : std::fill_n(y + n * outputs(), outputs(), M{0});
    kernels::gemm_portable(x.count, inputs_, outputs(), kernels::converted<M>(x.data, x.size(), workspace),
                           kernels::transposed(outputs(), inputs_, weight_.value(), workspace), y);
  }

  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    backward_from(x, dy.data, dx, workspace);
  }
  /// `backward` with the gradient in the master type, for logits.
  void backward_master(TensorView<const T> x, const M* dy, TensorView<T> dx, Workspace& workspace) {
    backward_from(x, dy, dx, workspace);
  }

  void prepare_inference() override {
    kernels::with_micro_kernels<T>(inputs_, [&](const auto& kernels) {
      packed_.refresh(kernels, weight_.version, kernels::PanelForm::direct,
                      [&](kernels::Panels& panels) { pack_forward(kernels, panels); });
    });
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Linear>(*this); }
  Index multiply_adds() const override { return inputs_ * outputs(); }
  /// Number of outputs O.
  Index outputs() const { return options_.out_features; }

  /// Adds the gradient of the weights only: dW += dy^T x.   (O, I) += (N, O)^T (N, I)
  /// @tparam D type of the gradient, T or M
  template <class D>
  void add_weight_gradient(TensorView<const T> x, const D* dy, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    const Index size = x.count * outputs();
    const bool done = kernels::with_micro_kernels<D>(0, [&]<class E>(const kernels::MicroKernels<E>& kernels) {
      kernels::gemm_outer(kernels, x.count, outputs(), inputs_, kernels::converted<E>(dy, size, workspace),
                          kernels::converted<E>(x.data, x.size(), workspace), weight_.grad(), workspace);
    });
    if (done) return;
    const M* turned = kernels::transposed(x.count, outputs(), kernels::converted<M>(dy, size, workspace), workspace);
    kernels::gemm_portable(outputs(), x.count, inputs_, turned, kernels::converted<M>(x.data, x.size(), workspace),
                           weight_.grad());
  }

  /// Computes the gradient of the input only: dx = dy W.   (N, I) = (N, O) (O, I)
  template <class D>
  void data_gradient(Index count, const D* dy, M* dx, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    const bool done = kernels::with_micro_kernels<D>(outputs(), [&]<class E>(const kernels::MicroKernels<E>& kernels) {
      kernels::Panels& packed = kernels::scratch_panels();
      kernels::pack_matrix(kernels, outputs(), inputs_, weight_.value(), inputs_, 1, packed);
      kernels::gemm_packed(kernels, count, kernels::converted<E>(dy, count * outputs(), workspace), outputs(), packed,
                           nullptr, dx, inputs_);
    });
    if (done) return;
    std::fill_n(dx, count * inputs_, M{0});
    kernels::gemm_portable(count, outputs(), inputs_, kernels::converted<M>(dy, count * outputs(), workspace),
                           weight_.value(), dx);
  }

 private:
  // D: type of the gradient, T or M.
  template <class D>
  void backward_from(TensorView<const T> x, const D* dy, TensorView<T> dx, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    if (options_.bias) kernels::add_column_sums(x.count, outputs(), dy, bias_.grad(), workspace);
    add_weight_gradient(x, dy, workspace);
    if (dx.empty()) return;
    M* sums = kernels::master_room(dx.data, dx.size(), workspace);
    data_gradient(x.count, dy, sums, workspace);
    kernels::round_from_master(sums, dx.data, dx.size());
  }

  template <class E>
  void pack_forward(const kernels::MicroKernels<E>& kernels, kernels::Panels& panels) const {
    kernels::pack_matrix(kernels, inputs_, outputs(), weight_.value(), 1, inputs_, panels);
  }

  LinearOptions options_;
  Index inputs_ = 0;
  Param<M> weight_;
  Param<M> bias_;
  kernels::CachedPanels packed_;  // (I, O), packed by prepare_inference
};

}  // namespace hcnn
