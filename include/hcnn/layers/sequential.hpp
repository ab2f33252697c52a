// A sequence of layers.
#pragma once

#include "hcnn/layers/chain.hpp"

namespace hcnn {

/// y = f_k(... f_2(f_1(x))). Children are named "0", "1", ...; a Sequential inside another runs as if its layers were
/// listed there directly (a class derived from Sequential counts as one layer).
template <class T = float>
class Sequential : public Layer<T> {
 public:
  /// Type of parameters.
  using M = Master<T>;

  Sequential() = default;
  /// Takes ownership of the layers. Throws OptionError if one is null.
  explicit Sequential(std::vector<std::unique_ptr<Layer<T>>> layers) : layers_(std::move(layers)) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      if (!layers_[i]) fail<OptionError>(type(), concat("no layer at [", i, ']'), "a layer is needed");
  }
  /// Copies the layers with their options and parameters.
  Sequential(const Sequential& other) : Layer<T>(other), fuse_(other.fuse_) {
    for (const auto& layer : other.layers_) layers_.push_back(checked_clone(*layer));
    if (!other.chain_.empty()) plan(fuse_);
  }
  Sequential(Sequential&&) = default;
  Sequential& operator=(Sequential&&) = default;

  /// Appends a layer. Throws OptionError once the network has been built.
  template <class L>
  void add(L layer) {
    if (this->output_shape().size() > 0)
      fail<OptionError>(type(), "a layer added after the network was built", "add layers before");
    layers_.push_back(to_layer(std::move(layer)));
  }

  std::string type() const override { return "Sequential"; }

  Shape build(const Shape& input) override {
    Shape shape = input;
    for (std::size_t i = 0; i < layers_.size(); ++i)
      shape = at_place(concat('[', i, ']'), [&] { return layers_[i]->setup(shape); });
    plan(fuse_);
    return shape;
  }

  /// Sets whether known layer patterns run as fused blocks.
  void plan(bool fuse) {
    fuse_ = fuse;
    std::vector<Layer<T>*> leaves;
    append_leaves(leaves);
    chain_.plan(std::move(leaves), fuse);
  }

  void attach(const std::string& path, ParamList<M>& list) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) layers_[i]->attach(concat(path, '.', i), list);
  }

  LayerTraits traits() const override { return {.backward_reads_output = true}; }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) override {
    if (chain_.empty()) return kernels::copy(x.data, y.data, x.size());
    chain_.forward(x, y, pass, workspace);
  }
  void backward(TensorView<const T>, TensorView<const T>, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    if (chain_.empty()) {
      if (!dx.empty()) kernels::copy(dy.data, dx.data, dy.size());
      return;
    }
    chain_.backward(dy, dx, workspace);
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const override {
    if (chain_.empty()) return kernels::copy(x.data, y.data, x.size());
    chain_.infer(x, y, workspace);
  }
  void prepare_inference() override { chain_.prepare_inference(); }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Sequential>(*this); }
  Index multiply_adds() const override {
    Index sum = 0;
    for (const auto& layer : layers_) sum += layer->multiply_adds();
    return sum;
  }
  void for_each_child(const std::function<void(Layer<T>&, const std::string&)>& visit) override {
    for (std::size_t i = 0; i < layers_.size(); ++i) visit(*layers_[i], concat(i));
  }

  /// Number of children.
  std::size_t size() const { return layers_.size(); }

 private:
  void append_leaves(std::vector<Layer<T>*>& leaves) {
    for (auto& layer : layers_) {
      if (auto* inner = exactly<Sequential>(*layer))  // a derived class may run differently
        inner->append_leaves(leaves);
      else
        leaves.push_back(layer.get());
    }
  }

  std::vector<std::unique_ptr<Layer<T>>> layers_;
  Chain<T> chain_;
  bool fuse_ = true;
};

/// Makes a Sequential of the given layers: `seq(Conv2d{{...}}, ReLU{}, seq(...))`.
template <class First, class... Rest>
Sequential<typename First::Scalar> seq(First first, Rest... rest) {
  static_assert((std::is_same_v<typename First::Scalar, typename Rest::Scalar> && ...),
                "the layers of a network have one type: ReLU<bfloat16>{} beside Conv2d<bfloat16>{{...}}");
  std::vector<std::unique_ptr<Layer<typename First::Scalar>>> layers;
  layers.push_back(to_layer(std::move(first)));
  (layers.push_back(to_layer(std::move(rest))), ...);
  return Sequential<typename First::Scalar>(std::move(layers));
}

}  // namespace hcnn
