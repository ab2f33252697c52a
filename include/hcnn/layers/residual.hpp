// A block whose input is added to its output (He, Zhang, Ren, Sun 2016, arXiv:1512.03385).
#pragma once

#include "hcnn/kernels/elementwise.hpp"
#include "hcnn/layers/layer.hpp"

namespace hcnn {

/// y = body(x) + projection(x), or body(x) + x without a projection. An activation after the sum is a separate layer.
/// `build` throws ShapeError unless both branches have the same output shape; without a projection the body must keep
/// the input's shape.
template <class T = float>
class Residual : public Layer<T> {
 public:
  using typename Layer<T>::M;

  /// With a null `projection` the input itself is added. Throws OptionError for a null body.
  explicit Residual(std::unique_ptr<Layer<T>> body, std::unique_ptr<Layer<T>> projection = nullptr)
      : body_(std::move(body)), projection_(std::move(projection)) {
    if (!body_) fail<OptionError>("Residual", "no body", "a layer is needed");
  }
  /// Copies both branches with their options and parameters.
  Residual(const Residual& other)
      : Layer<T>(other),
        body_(checked_clone(*other.body_)),
        projection_(other.projection_ ? checked_clone(*other.projection_) : nullptr) {}
  Residual(Residual&&) = default;

  std::string type() const override { return "Residual"; }
  std::string options() const override { return projection_ ? "with projection" : ""; }

  Shape build(const Shape& input) override {
    const Shape output = at_place(".body", [&] { return body_->setup(input); });
    const Shape shortcut = projection_ ? at_place(".projection", [&] { return projection_->setup(input); }) : input;
    if (output != shortcut)
      fail<ShapeError>(
          type(), "body gives " + to_string(output),
          (projection_ ? "projection gives " : "without a projection it must keep the input's ") + to_string(shortcut));
    return output;
  }

  void attach(const std::string& path, ParamList<M>& list) override {
    body_->attach(path + ".body", list);
    if (projection_) projection_->attach(path + ".projection", list);
  }

  LayerTraits traits() const override {
    return {.backward_reads_input =
                body_->traits().backward_reads_input || (projection_ && projection_->traits().backward_reads_input)};
  }

  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) override {
    // The sum overwrites y, so a body whose backward reads its own output writes elsewhere.
    body_y_ = body_->traits().backward_reads_output ? workspace.tensor<T>(y.count, y.shape) : y;
    body_->forward(x, body_y_, pass, workspace);
    kernels::copy(body_y_.data, y.data, y.size());
    if (!projection_) return kernels::add(x.data, y.data, y.size());
    projection_y_ = workspace.tensor<T>(y.count, y.shape);
    projection_->forward(x, projection_y_, pass, workspace);
    kernels::add<T>(projection_y_.data, y.data, y.size());
  }

  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx,
                Workspace& workspace) override {
    const WorkspaceScope scope(workspace);
    const bool wants_dx = !dx.empty();
    if (!projection_ && !wants_dx) return body_->backward(x, body_y_, dy, dx, workspace);
    const TensorView<T> shortcut_dy = workspace.tensor<T>(dy.count, dy.shape);  // the body may overwrite dy
    kernels::copy(dy.data, shortcut_dy.data, dy.size());
    body_->backward(x, body_y_, dy, dx, workspace);
    if (!projection_) return kernels::add(shortcut_dy.data, dx.data, dx.size());
    const TensorView<T> shortcut_dx = wants_dx ? workspace.tensor<T>(dx.count, dx.shape) : TensorView<T>{};
    projection_->backward(x, projection_y_, shortcut_dy, shortcut_dx, workspace);
    if (wants_dx) kernels::add(shortcut_dx.data, dx.data, dx.size());
  }

  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const override {
    const WorkspaceScope scope(workspace);
    body_->infer(x, y, workspace);
    if (!projection_) return kernels::add(x.data, y.data, y.size());
    const TensorView<T> shortcut = workspace.tensor<T>(y.count, y.shape);
    projection_->infer(x, shortcut, workspace);
    kernels::add(shortcut.data, y.data, y.size());
  }

  void prepare_inference() override {
    body_->prepare_inference();
    if (projection_) projection_->prepare_inference();
  }

  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Residual>(*this); }
  Index multiply_adds() const override {
    return body_->multiply_adds() + (projection_ ? projection_->multiply_adds() : 0);
  }
  void for_each_child(const std::function<void(Layer<T>&, const std::string&)>& visit) override {
    visit(*body_, "body");
    if (projection_) visit(*projection_, "projection");
  }

 private:
  std::unique_ptr<Layer<T>> body_;
  std::unique_ptr<Layer<T>> projection_;
  TensorView<T> body_y_;  // outputs of the branches in forward; in the workspace (or y) until backward
  TensorView<T> projection_y_;
};

/// `residual(seq(...))`: y = body(x) + x.
template <class Body>
Residual<typename Body::Scalar> residual(Body body) {
  return Residual<typename Body::Scalar>(to_layer(std::move(body)));
}
/// `residual(seq(...), seq(...))`: y = body(x) + projection(x).
template <class Body, class Projection>
Residual<typename Body::Scalar> residual(Body body, Projection projection) {
  return Residual<typename Body::Scalar>(to_layer(std::move(body)), to_layer(std::move(projection)));
}

}  // namespace hcnn
