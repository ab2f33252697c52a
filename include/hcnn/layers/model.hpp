// A network: a trunk of layers with named heads on top.
#pragma once

#include "hcnn/layers/multi_head.hpp"

namespace hcnn {

/// Options of Model.
struct ModelOptions {
  bool fuse = true;  ///< run known layer patterns as fused blocks (layers/fusion.hpp)
};

/// See layers/predictor.hpp.
template <class T>
class Predictor;

/// A network for samples of one shape. Construction infers and checks every shape and names every parameter
/// ("trunk.0.0.weight", "heads.fine.0.weight"), but does not initialise the weights: call an `init::` function or load
/// a file. The batch size may differ from call to call. `forward` and `backward` share one workspace of the model, so
/// only one thread may use them; `infer` is const and may run in many. Movable; copy with `clone`.
/// Throws ShapeError or OptionError with the path of the layer that does not fit.
template <class T = float>
class Model {
 public:
  /// Type of activations.
  using Scalar = T;
  /// Type of parameters and logits.
  using M = Master<T>;

  /// Builds and checks the network.
  /// @param input shape of one sample
  Model(const Shape& input, Sequential<T> trunk, MultiHead<T> heads, ModelOptions options = {})
      : input_(input),
        options_(options),
        trunk_(std::make_unique<Sequential<T>>(std::move(trunk))),
        heads_(std::make_unique<MultiHead<T>>(std::move(heads))) {
    require_positive("Model", input);
    features_ = at_place("trunk", [&] { return trunk_->setup(input); });
    at_place("heads", [&] { heads_->setup(features_); });
    finish();
  }

  Model(Model&&) = default;
  Model& operator=(Model&&) = default;

  /// Returns an independent copy with the same layers and parameters.
  Model clone() const { return Model(*this); }

  /// Returns an independent network with a copy of the trunk, including parameters and running statistics, and new
  /// heads, for transfer learning. The heads are not initialised: `init::he_normal(tuned.parameters("heads."), seed)`.
  /// Throws as the constructor if they do not fit.
  Model with_heads(MultiHead<T> heads) const { return Model(*this, std::make_unique<MultiHead<T>>(std::move(heads))); }

  /// Computes the logits of every head for a batch. The model keeps what backward needs; x itself must stay in place
  /// until then. The result is valid until the next call. Equal keys in `pass` draw equal dropout masks: in a training
  /// loop, give each epoch its number and each sample its identity. Throws ShapeError if the samples, or the number of
  /// sample ids in `pass`, do not fit.
  const Logits<M>& forward(TensorView<const T> x, const Pass& pass) {
    require_input(x);
    if (!pass.samples.empty() && static_cast<Index>(pass.samples.size()) != x.count)
      fail<ShapeError>("Model::forward", concat(pass.samples.size(), " identities of samples"),
                       concat("the batch has ", x.count, " samples"));
    waiting_ = false;
    workspace_.reset();
    x_ = x;
    y_ = workspace_.template tensor<T>(x.count, features_);
    trunk_trains_ = pass.train_trunk;
    if (trunk_trains_) {
      trunk_->forward(x, y_, pass, workspace_);
    } else {
      const WorkspaceScope scope(workspace_);
      trunk_->prepare_inference();  // once: its weights do not change
      trunk_->infer(x, y_, workspace_);
    }
    heads_->forward(y_, logits_, pass, workspace_);
    waiting_ = true;
    return logits_;
  }
  /// A temporary would be gone when backward reads it.
  const Logits<M>& forward(const Tensor<T>&& x, const Pass& pass) = delete;

  /// Adds dL/dparameter to every `Param::grad` (after a `forward` without `train_trunk`, to those of the heads), for
  /// the batch of the last `forward`, whose x must still be in place. Overwrites activations, so call it at most once
  /// per `forward`; for several losses, pass the sum of their gradients. Throws ShapeError if there was no `forward`
  /// before, the gradients do not fit its batch, or dx is asked for without `train_trunk`.
  /// @param gradients dL/dlogits of every head
  /// @param dx memory for dL/dinput, or nothing
  void backward(const Logits<M>& gradients, TensorView<T> dx = {}) {
    if (!waiting_)
      fail<ShapeError>("Model::backward", "no forward pass before it", "each is followed by one backward pass at most");
    if (gradients.count() != x_.count)
      fail<ShapeError>("Model::backward", concat("gradients of ", gradients.count(), " samples"),
                       concat("the last forward pass had ", x_.count));
    for (std::size_t h = 0; h < heads_->size(); ++h) {
      const Tensor<M>& head = gradients[heads_->name(h)];
      if (head.count() != x_.count || head.shape().size() != heads_->classes(h))
        fail<ShapeError>("Model::backward",
                         concat(head.count(), "x", head.shape().size(), " gradients of ", heads_->name(h)),
                         concat(x_.count, "x", heads_->classes(h), " are needed"));
    }
    if (!dx.empty() && (dx.count != x_.count || dx.shape != input_))
      fail<ShapeError>("Model::backward", concat("dx of ", dx.count, " samples ", to_string(dx.shape)),
                       concat(x_.count, " samples ", to_string(input_), " are needed"));
    if (!dx.empty() && !trunk_trains_)
      fail<ShapeError>("Model::backward", "dx after a forward pass with train_trunk = false",
                       "the gradient goes through the trunk: train_trunk = true is needed");
    waiting_ = false;
    const WorkspaceScope scope(workspace_);
    const TensorView<T> dy = trunk_trains_ ? workspace_.template tensor<T>(x_.count, features_) : TensorView<T>{};
    heads_->backward(y_, gradients, dy, workspace_);
    if (trunk_trains_) trunk_->backward(x_, y_, dy, dx, workspace_);
  }

  /// Computes logits in evaluation mode, only those of head `only` if given. Writes nothing but `logits` and
  /// `workspace`; after `prepare_inference` no weights are packed. Each call uses `thread_count()` threads: where
  /// several callers run at once, hold a `ThreadCountScope` of 1 in each, as Predictor does.
  void infer(TensorView<const T> x, Logits<M>& logits, Workspace& workspace, std::string_view only = {}) const {
    require_input(x);
    if (!only.empty()) heads_->require(only);
    const WorkspaceScope scope(workspace);
    const TensorView<T> y = workspace.tensor<T>(x.count, features_);
    trunk_->infer(x, y, workspace);
    heads_->infer(y, logits, workspace, only);
  }
  /// Returns the logits of every head in evaluation mode; allocates its own memory.
  Logits<M> infer(TensorView<const T> x) const {
    Logits<M> logits;
    Workspace workspace;
    infer(x, logits, workspace);
    return logits;
  }
  /// Output of the trunk for a batch in evaluation mode, i.e. the input of the heads: an embedding to compare or search
  /// images by.
  Tensor<T> features(TensorView<const T> x) const {
    require_input(x);
    Tensor<T> y(x.count, features_);
    Workspace workspace;
    trunk_->infer(x, y, workspace);
    return y;
  }
  /// Returns the logits of one head in evaluation mode.
  Tensor<M> infer(TensorView<const T> x, std::string_view head) const {
    Logits<M> logits;
    Workspace workspace;
    infer(x, logits, workspace, head);
    return std::move(logits[head]);
  }
  /// Packs weights and folds batch normalisation for `infer`. Optional; pays off before many calls.
  void prepare_inference() {
    trunk_->prepare_inference();
    heads_->prepare_inference();
  }

  /// Trainable parameters, in the order of the layers.
  const ParamList<M>& parameters() { return parameters_; }
  /// Parameters whose names start with `prefix`, e.g. "trunk." or "heads.fine.": for parameter groups and
  /// initialisation. Throws DataError if there are none.
  ParamList<M> parameters(std::string_view prefix) {
    ParamList<M> list;
    for (Param<M>* param : parameters_)
      if (param->name.starts_with(prefix)) list.push_back(param);
    if (list.empty())
      fail<DataError>("Model", concat("no parameter '", prefix, "...'"), "see summary(model) for the layers");
    return list;
  }
  /// Running statistics, in the order of the layers.
  const ParamList<M>& buffers() { return buffers_; }
  /// Parameters and buffers: everything a file must hold.
  const ParamList<M>& state() { return state_; }
  /// The parameter or buffer of that name. Call its `touch` after changing its values. Throws DataError if there is
  /// none.
  Param<M>& param(std::string_view name) {
    for (Param<M>* param : state_)
      if (param->name == name) return *param;
    fail<DataError>("Model", concat("no parameter '", name, "'"), "see summary(model) for the layers");
  }
  /// Number of trainable values.
  Index parameter_count() const {
    Index count = 0;
    for (const Param<M>* param : parameters_) count += param->size();
    return count;
  }

  /// Shape of one input sample.
  const Shape& input_shape() const { return input_; }
  /// Heads of the network.
  MultiHead<T>& heads() { return *heads_; }
  /// Heads of the network, read-only: names and class counts.
  const MultiHead<T>& heads() const { return *heads_; }
  /// Layers below the heads.
  Sequential<T>& trunk() { return *trunk_; }
  /// Peak bytes a training step has needed for activations and their gradients.
  std::size_t workspace_bytes() const { return workspace_.peak_bytes(); }

 private:
  friend class Predictor<T>;

  Model(const Model& other)
      : input_(other.input_),
        features_(other.features_),
        options_(other.options_),
        trunk_(std::make_unique<Sequential<T>>(*other.trunk_)),
        heads_(std::make_unique<MultiHead<T>>(*other.heads_)) {
    finish();
  }

  // New heads on a copy of the trunk.
  Model(const Model& other, std::unique_ptr<MultiHead<T>> heads)
      : input_(other.input_),
        features_(other.features_),
        options_(other.options_),
        trunk_(std::make_unique<Sequential<T>>(*other.trunk_)),
        heads_(std::move(heads)) {
    at_place("heads", [&] { heads_->setup(features_); });
    finish();
  }

  void finish() {
    trunk_->attach("trunk", state_);
    heads_->attach("heads", state_);
    for (Param<M>* param : state_) (param->is_buffer() ? buffers_ : parameters_).push_back(param);
    trunk_->plan(options_.fuse);
    heads_->plan(options_.fuse);
    plan_children(*trunk_);
    heads_->for_each_child([&](Layer<T>& layer, const std::string&) { plan_children(layer); });
  }
  void plan_children(Layer<T>& layer) {
    layer.for_each_child([&](Layer<T>& child, const std::string&) {
      if (auto* inner = dynamic_cast<Sequential<T>*>(&child)) inner->plan(options_.fuse);
      plan_children(child);
    });
  }

  // Frees gradients and activations: afterwards the model can only infer.
  void drop_training_memory() {
    for (Param<M>* param : state_) param->drop_gradient();
    workspace_.release();
    logits_ = {};
    waiting_ = false;
  }

  void require_input(const TensorView<const T>& x) const {
    if (x.shape != input_ || x.count < 1)
      fail<ShapeError>("Model", concat("batch of ", x.count, " samples ", to_string(x.shape)),
                       "expected at least one sample " + to_string(input_));
  }

  Shape input_;
  Shape features_;
  ModelOptions options_;
  std::unique_ptr<Sequential<T>> trunk_;
  std::unique_ptr<MultiHead<T>> heads_;
  ParamList<M> state_, parameters_, buffers_;
  Workspace workspace_;
  Logits<M> logits_;
  TensorView<const T> x_;  // input of the last forward pass
  TensorView<T> y_;
  bool waiting_ = false;      // a forward pass awaits its backward pass
  bool trunk_trains_ = true;  // whether the last forward pass trained the trunk
};

}  // namespace hcnn
