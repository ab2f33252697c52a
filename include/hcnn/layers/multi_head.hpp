// Named classifier heads that share one input.
#pragma once

#include "hcnn/core/logits.hpp"
#include "hcnn/layers/linear.hpp"
#include "hcnn/layers/sequential.hpp"

namespace hcnn {

/// One classifier head: its own layers, possibly none, and a Linear layer that outputs the logits.
template <class T>
struct Head {
  using Scalar = T;      ///< type of activations
  std::string name;      ///< name of the head and of the label level it predicts
  Sequential<T> body;    ///< layers of this head only, possibly none
  Linear<T> classifier;  ///< layer that outputs the logits
};

/// Makes a head of a single Linear layer: `head("fine", Linear{{.out_features = 100}})`.
template <class T>
Head<T> head(std::string name, Linear<T> classifier) {
  return {std::move(name), {}, std::move(classifier)};
}
/// Makes a head with layers of its own: `head("fine", seq(Linear{{...}}, ReLU{}), Linear{{.out_features = 100}})`.
template <class T>
Head<T> head(std::string name, Sequential<T> body, Linear<T> classifier) {
  return {std::move(name), std::move(body), std::move(classifier)};
}

/// Several heads on one feature vector. Logits have the master type. The layers of head "fine" are named "fine.0",
/// "fine.1", ...
template <class T>
class MultiHead {
 public:
  using Scalar = T;     ///< type of activations
  using M = Master<T>;  ///< type of parameters and logits

  /// Throws OptionError if there is no head, a name is empty or contains a dot, or two heads have the same name.
  explicit MultiHead(std::vector<Head<T>> heads) {
    for (Head<T>& head : heads) {
      if (head.name.empty() || head.name.find('.') != std::string::npos)
        fail<OptionError>("MultiHead", concat("head name '", head.name, "'"), "a name without dots is needed");
      for (const auto& other : heads_)
        if (other->name == head.name)
          fail<OptionError>("MultiHead", concat("two heads '", head.name, "'"), "names must differ");
      heads_.push_back(std::make_unique<Head<T>>(std::move(head)));
    }
    if (heads_.empty()) fail<OptionError>("MultiHead", "no head", "at least one is needed");
  }
  /// Copies the heads with their options and parameters.
  MultiHead(const MultiHead& other) : input_(other.input_), passes_(other.passes_.size()) {
    for (const auto& head : other.heads_) heads_.push_back(std::make_unique<Head<T>>(*head));
  }
  MultiHead(MultiHead&&) = default;
  MultiHead& operator=(MultiHead&&) = default;

  /// Builds the heads for features of this shape. Throws ShapeError or OptionError with the head's name.
  void setup(const Shape& input) {
    input_ = input;
    passes_.resize(heads_.size());
    for (auto& head : heads_) at_place('.' + head->name, [&] { head->classifier.setup(head->body.setup(input)); });
  }

  /// Sets whether known layer patterns in the heads run as fused blocks.
  void plan(bool fuse) {
    for (auto& head : heads_) head->body.plan(fuse);
  }

  /// Appends the parameters of all heads, named `path + ".fine.0.weight"` and so on.
  void attach(const std::string& path, ParamList<M>& list) {
    for (auto& head : heads_) {
      head->body.attach(path + '.' + head->name, list);
      head->classifier.attach(concat(path, '.', head->name, '.', head->body.size()), list);
    }
  }

  /// Computes the logits of every head; what backward needs stays in the workspace.
  void forward(TensorView<const T> x, Logits<M>& logits, const Pass& pass, Workspace& workspace) {
    for (std::size_t h = 0; h < heads_.size(); ++h) {
      passes_[h] = {x, {}};
      if (heads_[h]->body.size() > 0) {
        passes_[h].features = passes_[h].body_y = workspace.tensor<T>(x.count, heads_[h]->body.output_shape());
        heads_[h]->body.forward(x, passes_[h].body_y, pass, workspace);
      }
      Linear<T>& classifier = heads_[h]->classifier;
      Tensor<M>& out = logits.resize(heads_[h]->name, x.count, classifier.outputs());
      classifier.infer_master(passes_[h].features, out.data(), workspace);
    }
  }

  /// dx = sum of the heads' gradients; an empty dx is not computed. `gradients` needs an entry for each head.
  void backward(TensorView<const T> x, const Logits<M>& gradients, TensorView<T> dx, Workspace& workspace) {
    for (std::size_t h = 0; h < heads_.size(); ++h) {
      const WorkspaceScope scope(workspace);
      const TensorView<T> part = h == 0 || dx.empty() ? dx : workspace.tensor<T>(x.count, x.shape);
      const M* dy = gradients[heads_[h]->name].data();
      if (heads_[h]->body.size() == 0) {
        heads_[h]->classifier.backward_master(x, dy, part, workspace);
      } else {
        const TensorView<T> inner = workspace.tensor<T>(x.count, heads_[h]->body.output_shape());
        heads_[h]->classifier.backward_master(passes_[h].features, dy, inner, workspace);
        heads_[h]->body.backward(x, passes_[h].body_y, inner, part, workspace);
      }
      if (h > 0 && !dx.empty()) kernels::add(part.data, dx.data, dx.size());
    }
  }

  /// Computes the logits of every head, or only of head `only`; removes all other entries from `logits`.
  void infer(TensorView<const T> x, Logits<M>& logits, Workspace& workspace, std::string_view only = {}) const {
    if (only.empty())
      logits.keep_heads(heads_.size(), [&](std::size_t h) { return std::string_view(heads_[h]->name); });
    else
      logits.keep_heads(1, [&](std::size_t) { return only; });
    for (const auto& head : heads_) {
      if (!only.empty() && head->name != only) continue;
      const WorkspaceScope scope(workspace);
      TensorView<const T> features = x;
      if (head->body.size() > 0) {
        const TensorView<T> y = workspace.tensor<T>(x.count, head->body.output_shape());
        head->body.infer(x, y, workspace);
        features = y;
      }
      Tensor<M>& out = logits.resize(head->name, x.count, head->classifier.outputs());
      head->classifier.infer_master(features, out.data(), workspace);
    }
  }

  /// Calls `prepare_inference` of every layer of every head.
  void prepare_inference() {
    for (auto& head : heads_) {
      head->body.prepare_inference();
      head->classifier.prepare_inference();
    }
  }

  /// Throws DataError listing the existing heads unless one has this name.
  void require(std::string_view name) const {
    const auto name_of = [](const auto& head) -> const std::string& { return head->name; };
    for (const auto& head : heads_)
      if (head->name == name) return;
    fail<DataError>("MultiHead", concat("no head '", name, "'"), "heads are: " + joined(heads_, name_of));
  }
  /// Number of heads.
  std::size_t size() const { return heads_.size(); }
  /// Name of head h in 0..size() - 1; not checked.
  const std::string& name(std::size_t h) const { return heads_[h]->name; }
  /// Number of classes of head h in 0..size() - 1; not checked.
  Index classes(std::size_t h) const { return heads_[h]->classifier.outputs(); }
  /// Shape of one input sample.
  const Shape& input_shape() const { return input_; }
  /// Calls `visit(layer, "fine.0")` for each layer of each head.
  void for_each_child(const std::function<void(Layer<T>&, const std::string&)>& visit) {
    for (auto& head : heads_) {
      head->body.for_each_child(
          [&](Layer<T>& layer, const std::string& name) { visit(layer, head->name + '.' + name); });
      visit(head->classifier, concat(head->name, '.', head->body.size()));
    }
  }

 private:
  struct PassState {
    TensorView<const T> features;  // input of the classifier
    TensorView<T> body_y;
  };

  std::vector<std::unique_ptr<Head<T>>> heads_;
  Shape input_{0, 0, 0};
  std::vector<PassState> passes_;
};

/// Makes the heads of a model: `heads(head("fine", Linear{{...}}), head("group", Linear{{...}}))`.
template <class First, class... Rest>
MultiHead<typename First::Scalar> heads(First first, Rest... rest) {
  static_assert((std::is_same_v<typename First::Scalar, typename Rest::Scalar> && ...),
                "the heads of a network have one type: Linear<bfloat16>{{...}} in each");
  std::vector<Head<typename First::Scalar>> list;
  list.push_back(std::move(first));
  (list.push_back(std::move(rest)), ...);
  return MultiHead<typename First::Scalar>(std::move(list));
}

}  // namespace hcnn
