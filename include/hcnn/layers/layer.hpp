// The contract of every layer.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/param.hpp"
#include "hcnn/core/pass.hpp"
#include "hcnn/core/tensor.hpp"
#include "hcnn/core/workspace.hpp"

namespace hcnn {

/// What a layer's backward pass reads besides its own notes; decides which activations are kept and which may share
/// memory.
struct LayerTraits {
  bool backward_reads_input = true;    ///< x is kept until then
  bool backward_reads_output = false;  ///< y is kept until then
  bool in_place = false;  ///< the shape stays; forward allows y.data == x.data, backward allows dx.data == dy.data
};

/// A layer with activations of type T (float, double or bfloat16). It holds options and parameters; activations belong
/// to the caller, who passes x and y to `backward` exactly as they were in `forward`. Anything else that backward needs
/// (masks, indices, batch statistics) the layer takes from the workspace in `forward`, where it stays until the
/// caller has finished `backward`. To write a layer: derive, implement `type`, `build`, `infer`, `backward` and
/// `clone`, `forward` where training differs, and `attach` if there are parameters. Start from
/// examples/custom_layer.cpp. A layer that holds layers calls their `setup` in `build`, and hands on `attach`,
/// `for_each_child`, `prepare_inference` and `multiply_adds`, else batch normalisation inside it is not found and
/// weights are packed at every call; `clone` copies the base too, which knows the shapes. See layers/residual.hpp.
template <class T>
class Layer {
 public:
  /// Type of activations.
  using Scalar = T;
  using M = Master<T>;  ///< type of parameters

  virtual ~Layer() = default;

  /// Class name: "Conv2d".
  virtual std::string type() const = 0;
  /// Options that matter to a reader: "64, kernel 3, padding 1"; may be empty.
  virtual std::string options() const { return {}; }
  /// Reads the shape of one input sample, creates the parameters (all zero or at their fixed start value) and returns
  /// the shape of one output sample. Called once. Throws ShapeError where the input does not fit.
  virtual Shape build(const Shape& input) = 0;
  /// Calls `build` and remembers the shapes; what containers call. Throws OptionError for a layer that is built
  /// already, whose parameters it would lose.
  Shape setup(const Shape& input) {
    if (output_shape_.size() > 0)
      fail<OptionError>(type(), "a layer of another network, built and perhaps trained",
                        "a new layer is needed; Model::with_heads keeps a trained trunk");
    input_shape_ = input;
    return output_shape_ = build(input);
  }
  /// Shape of one input sample; known after `setup`.
  const Shape& input_shape() const { return input_shape_; }
  /// Shape of one output sample; known after `setup`.
  const Shape& output_shape() const { return output_shape_; }
  /// Appends the parameters and buffers to `list` and names them `path + ".weight"` and so on.
  virtual void attach(const std::string& path, ParamList<M>& list) {
    static_cast<void>(path);
    static_cast<void>(list);
  }
  /// What backward reads, and whether the layer may work in place.
  virtual LayerTraits traits() const { return {}; }

  /// y = f(x). To be overridden where training differs from `infer`, or backward needs more than x and y.
  virtual void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) {
    static_cast<void>(pass);
    infer(x, y, workspace);
  }
  /// dx = f'(x)^T dy, and adds the parameters' gradients to `Param::grad`. `dx.empty()` means nobody wants dx.
  /// May overwrite dy.
  virtual void backward(TensorView<const T> x, TensorView<const T> y, TensorView<T> dy, TensorView<T> dx,
                        Workspace& workspace) = 0;
  /// y = f(x) in evaluation mode. Writes no member: many threads may call it on one layer at once.
  virtual void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const = 0;

  /// A copy with the same options and parameters.
  virtual std::unique_ptr<Layer<T>> clone() const = 0;
  /// Refreshes packed copies of the weights that `infer` reads. Without it `infer` is right but packs at every call.
  virtual void prepare_inference() {}
  /// Multiply-adds of one sample's forward pass.
  virtual Index multiply_adds() const { return 0; }
  /// Calls `visit(child, name)` for each layer inside this one, in order.
  virtual void for_each_child(const std::function<void(Layer<T>&, const std::string&)>& visit) {
    static_cast<void>(visit);
  }

 protected:
  Layer() = default;
  Layer(const Layer&) = default;
  Layer(Layer&&) = default;
  Layer& operator=(const Layer&) = default;
  Layer& operator=(Layer&&) = default;

 private:
  Shape input_shape_{0, 0, 0};
  Shape output_shape_{0, 0, 0};
};

/// A copy by `clone`, for layers that hold layers. Throws OptionError for one that has lost the shapes: without them a
/// network would compute something else.
template <class T>
std::unique_ptr<Layer<T>> checked_clone(const Layer<T>& layer) {
  std::unique_ptr<Layer<T>> copy = layer.clone();
  if (copy->output_shape() != layer.output_shape())
    fail<OptionError>(layer.type(), "a clone without its shapes", "clone must copy the base class too");
  return copy;
}

/// The layers of `seq(...)`, `heads(...)`: a moved copy on the heap.
template <class L>
std::unique_ptr<Layer<typename L::Scalar>> to_layer(L layer) {
  return std::make_unique<L>(std::move(layer));
}

}  // namespace hcnn
