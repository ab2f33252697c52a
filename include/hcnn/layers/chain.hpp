// Runs a list of layers in sequence: decides what is fused, what runs in place and which memory is kept.
#pragma once

#include <algorithm>
#include <vector>

#include "hcnn/layers/fusion.hpp"

namespace hcnn {

/// Execution plan of a Sequential. Activations that backward needs stay in the workspace; activation gradients
/// alternate between two buffers of it.
template <class T>
class Chain {
 public:
  /// Plans the layers, which must be set up and outlive the chain; `fuse` replaces known patterns with fused blocks.
  void plan(std::vector<Layer<T>*> layers, bool fuse) {
    steps_.clear();
    blocks_.clear();
    for (std::size_t i = 0; i < layers.size();) {
      Fusion<T> fusion = fuse ? match_fusion<T>(std::span(layers).subspan(i)) : Fusion<T>{};
      if (fusion.block) fusion.block->setup(layers[i]->input_shape());
      steps_.push_back({fusion.block ? fusion.block.get() : layers[i], {}, {}, false});
      i += fusion.block ? fusion.layers : 1;
      if (fusion.block) blocks_.push_back(std::move(fusion.block));
    }
    for (std::size_t i = 1; i < steps_.size(); ++i) {
      const LayerTraits mine = steps_[i].layer->traits(), before = steps_[i - 1].layer->traits();
      steps_[i].in_place = mine.in_place && !mine.backward_reads_input && !before.backward_reads_output;
    }
  }

  /// True if there are no layers.
  bool empty() const { return steps_.empty(); }

  /// y = f(x); the activations that backward needs stay in the workspace.
  void forward(TensorView<const T> x, TensorView<T> y, const Pass& pass, Workspace& workspace) {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      Step& step = steps_[i];
      step.x = i == 0 ? x : TensorView<const T>(steps_[i - 1].y);
      if (i > 0 && step.in_place)
        step.y = steps_[i - 1].y;
      else
        step.y = ends_in_place(i) ? TensorView<T>(y.data, x.count, step.layer->output_shape())
                                  : workspace.tensor<T>(x.count, step.layer->output_shape());
      step.layer->forward(step.x, step.y, pass, workspace);
    }
  }

  /// dx = f'(x)^T dy for the last forward pass; see Layer::backward.
  void backward(TensorView<T> dy, TensorView<T> dx, Workspace& workspace) {
    const WorkspaceScope scope(workspace);
    T* buffers[2] = {nullptr, nullptr};
    const Index size = dy.count * largest_interior();
    TensorView<T> gradient = dy;
    for (std::size_t i = steps_.size(); i-- > 0;) {
      Step& step = steps_[i];
      TensorView<T> next = dx;
      if (i > 0) {
        T* memory = gradient.data;
        if (!step.in_place) {
          T*& buffer = buffers[gradient.data == buffers[0] ? 1 : 0];
          if (!buffer) buffer = workspace.take<T>(size);
          memory = buffer;
        }
        next = {memory, dy.count, step.layer->input_shape()};
      }
      step.layer->backward(step.x, step.y, gradient, next, workspace);
      gradient = next;
    }
  }

  /// y = f(x) in evaluation mode; writes no member.
  void infer(TensorView<const T> x, TensorView<T> y, Workspace& workspace) const {
    const WorkspaceScope scope(workspace);
    T* buffers[2] = {nullptr, nullptr};
    const Index size = x.count * largest_interior();
    TensorView<const T> in = x;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const Layer<T>& layer = *steps_[i].layer;
      TensorView<T> out(y.data, x.count, layer.output_shape());
      if (i + 1 < steps_.size()) {
        T*& buffer = buffers[in.data == buffers[0] ? 1 : 0];
        if (!buffer) buffer = workspace.take<T>(size);
        out.data = buffer;
      }
      layer.infer(in, out, workspace);
      in = out;
    }
  }

  /// Calls `prepare_inference` of every step.
  void prepare_inference() {
    for (Step& step : steps_) step.layer->prepare_inference();
  }

 private:
  struct Step {
    Layer<T>* layer;
    TensorView<const T> x;  // input of the current pass
    TensorView<T> y;
    bool in_place;
  };

  /// True if the output of step i is the output of the chain, because only in-place steps follow.
  bool ends_in_place(std::size_t i) const {
    while (++i < steps_.size())
      if (!steps_[i].in_place) return false;
    return true;
  }
  /// Values of one sample in the largest activation between two steps.
  Index largest_interior() const {
    Index largest = 1;
    for (std::size_t i = 1; i < steps_.size(); ++i) largest = std::max(largest, steps_[i].layer->input_shape().size());
    return largest;
  }

  std::vector<Step> steps_;
  std::vector<std::unique_ptr<Layer<T>>> blocks_;
};

}  // namespace hcnn
