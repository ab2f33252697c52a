// Base class of all layers.
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

/// What a layer's backward pass reads besides the data the layer saved; decides which activations are kept and which
/// may share memory.
struct LayerTraits {
  bool backward_reads_input = true;    ///< keep x until backward
  bool backward_reads_output = false;  ///< keep y until backward
  bool in_place = false;  ///< shapes are equal; forward allows y.data == x.data, backward dx.data == dy.data
};

/// A layer with activations of type T (float, double or bfloat16). It holds options and parameters; activations belong
/// to the caller, who passes x and y to `backward` exactly as they were in `forward`. Anything else backward needs
/// (masks, indices, batch statistics) is taken from the workspace in `forward` and stays there until the caller has
/// finished `backward`. To write a layer: derive; implement `type`, `build`, `infer`, `backward` and `clone`; override
/// `forward` if training differs, and `attach` if there are parameters. Start from examples/custom_layer.cpp. A layer
/// that contains layers calls their `setup` in `build` and forwards `attach`, `for_each_child`, `prepare_inference` and
/// `multiply_adds`; otherwise batch normalisation inside it is not found and weights are packed in every call. `clone`
/// must copy the base class too, which holds the shapes. See layers/residual.hpp.
template <class T>
class Layer {
 public:
  /// Type of activations.
  using Scalar = T;
  using M = Master<T>;  ///< type of parameters

  virtual ~Layer() = default;

  /// Class name, e.g. "Conv2d".
  virtual std::string type() const = 0;
  /// Options worth showing to a reader, e.g. "64, kernel 3, padding 1"; may be empty.
  virtual std::string options() const { return {}; }
  /// Reads the shape of one input sample, creates the parameters (all zero or at their fixed initial value) and returns
  /// the shape of one output sample. Called once. Throws ShapeError if the input does not fit.
  virtual Shape build(const Shape& input) = 0;
  /// Calls `build` and stores the shapes; this is what containers call. Throws OptionError for a layer that is already
  /// built, because its parameters would be lost.
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

  /// y = f(x). Override it if training differs from `infer`, or if backward needs more than x and y.
  virtual void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) {
    static_cast<void>(pass);
    infer(x, y, workspace);
  }
  /// Computes dx = f'(x)^T dy and adds the parameters' gradients to `Param::grad`. Skips dx if `dx.empty()`. May
  /// overwrite dy.
  virtual void backward(TensorView<const T> x, TensorView<const T> y, TensorView<T> dy, TensorView<T> dx,
                        Workspace& workspace) = 0;
  /// y = f(x) in evaluation mode. Writes no member: many threads may call it on one layer at once.
  virtual void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const = 0;

  /// Returns a copy with the same options and parameters.
  virtual std::unique_ptr<Layer<T>> clone() const = 0;
  /// Refreshes packed copies of the weights for `infer`. Optional: without it `infer` packs the weights in every call.
  virtual void prepare_inference() {}
  /// Multiply-adds in the forward pass of one sample.
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

/// Calls `clone`, for layers that contain layers. Throws OptionError if the copy has lost its shapes: the network would
/// compute something else without them.
template <class T>
std::unique_ptr<Layer<T>> checked_clone(const Layer<T>& layer) {
  std::unique_ptr<Layer<T>> copy = layer.clone();
  if (copy->output_shape() != layer.output_shape())
    fail<OptionError>(layer.type(), "a clone without its shapes", "clone must copy the base class too");
  return copy;
}

/// Moves a layer to the heap, for `seq(...)`, `heads(...)`.
template <class L>
std::unique_ptr<Layer<typename L::Scalar>> to_layer(L layer) {
  return std::make_unique<L>(std::move(layer));
}

}  // namespace hcnn
