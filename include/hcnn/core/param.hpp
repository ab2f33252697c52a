// Named parameters and buffers of a network: value, gradient, and what optimizers and files need to know.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/snapshot.hpp"

namespace hcnn {

/// Kind of a parameter. Weight decay applies to `weight` only; a `buffer` (running statistics) is never trained.
enum class Role { weight, bias, norm_scale, norm_shift, loss, buffer };

/// Memory layout of a parameter's values. Files always hold PyTorch's order.
enum class ParamLayout {
  plain,        ///< row-major in the order of `dims`
  convolution,  ///< `dims` = {O, C, KH, KW} as in PyTorch; memory order O, KH, KW, C
};

/// One named array of a network, with its gradient. M is a master type: float or double.
template <class M>
class Param {
 public:
  Param() = default;
  /// Allocates value and gradient (buffers have no gradient); `extents`, each at least 0, are in PyTorch's order.
  /// Throws what `AlignedBuffer::reserve` throws.
  Param(Role kind, std::vector<Index> extents, M fill = M{0}, ParamLayout order = ParamLayout::plain)
      : role(kind), layout(order), dims(std::move(extents)) {
    if (!product_fits(dims)) throw std::bad_array_new_length();
    value_.reserve(size());
    std::fill_n(value(), size(), fill);
    if (!is_buffer()) {
      grad_.reserve(size());
      zero_grad();
    }
  }

  std::string name;          ///< full path as in PyTorch: "trunk.0.0.weight"; set when the model is built
  Role role = Role::weight;  ///< decides weight decay, initialisation and training
  ParamLayout layout = ParamLayout::plain;  ///< order of the values in memory
  std::vector<Index> dims;                  ///< extents, in PyTorch's order
  bool integer = false;                     ///< written to files as a 64-bit integer (num_batches_tracked)
  std::uint64_t version = 1;                ///< incremented whenever the values change; packed copies compare it

  /// Number of values.
  Index size() const { return std::accumulate(dims.begin(), dims.end(), Index{1}, std::multiplies<>{}); }
  /// True for running statistics, which no optimizer updates.
  bool is_buffer() const { return role == Role::buffer; }
  /// True if weight decay applies (weights; not biases, not normalisation).
  bool decays() const { return role == Role::weight; }
  /// True for weights with two or more axes, a matrix of dims[0] rows: nearly all values of a network. False for biases
  /// and normalisation.
  bool is_matrix() const { return role == Role::weight && dims.size() >= 2; }

  /// Position in memory of value number `file_index` in PyTorch's order.
  Index memory_index(Index file_index) const {
    if (layout == ParamLayout::plain) return file_index;
    const Index channels = dims[1], kernel = dims[2] * dims[3];  // (O, C, K) in files, (O, K, C) in memory
    const Index tap = file_index % kernel, channel = file_index / kernel % channels;
    return (file_index / (kernel * channels) * kernel + tap) * channels + channel;
  }

  /// The values, in memory order. Call `touch` after writing them, or layers keep using packed copies of the old ones.
  M* value() { return value_.data(); }
  /// Read-only overload.
  const M* value() const { return value_.data(); }
  /// Gradient, in the order of the values; backward passes add to it. Null for a buffer.
  M* grad() { return grad_.data(); }
  /// Read-only overload.
  const M* grad() const { return grad_.data(); }
  /// Sets the gradient to 0.
  void zero_grad() {
    if (!is_buffer()) std::fill_n(grad(), size(), M{0});
  }
  /// Frees the gradient: `grad` is null from then on, and the parameter can no longer be trained.
  void drop_gradient() { grad_ = {}; }
  /// Call after every change of the values: layers then refresh their packed copies.
  void touch() { ++version; }

 private:
  AlignedBuffer<M> value_;
  AlignedBuffer<M> grad_;
};

/// Pointers to the parameters of a network, in the order of its layers.
template <class M>
using ParamList = std::vector<Param<M>*>;

/// Sets every gradient to 0.
template <class M>
void zero_gradients(const ParamList<M>& params) {
  for (Param<M>* param : params) param->zero_grad();
}

/// Visits the values of parameters and buffers, in memory order; when loading, calls `touch` on each.
template <class M>
[[gnu::cold]] void visit_parameters(StateVisitor& state, const std::string& name, const ParamList<M>& params) {
  for (Param<M>* param : params) {
    state.visit(name + '.' + param->name, std::span<M>(param->value(), static_cast<std::size_t>(param->size())));
    if (state.is_loading()) param->touch();
  }
}

/// Names a layer's weight and bias and appends them; the bias may be null.
template <class M>
void attach_weight_and_bias(const std::string& path, Param<M>& weight, Param<M>* bias, ParamList<M>& list) {
  weight.name = path + ".weight";
  list.push_back(&weight);
  if (!bias) return;
  bias->name = path + ".bias";
  list.push_back(bias);
}

}  // namespace hcnn
