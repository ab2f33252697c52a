// Named outputs of a network: one batch of logits for each head.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/tensor.hpp"

namespace hcnn {

/// Scores of one head before the softmax: (N, classes). M is a master type.
template <class M>
struct HeadLogits {
  std::string head;  ///< name of the head
  Tensor<M> values;  ///< scores; each sample has the shape 1 x 1 x classes
};

/// Scores of every head of a network, or their gradients, in the order of the heads.
template <class M>
class Logits {
 public:
  /// Scores of the head; throws DataError, listing the existing heads, if there is no such head.
  Tensor<M>& operator[](std::string_view head) { return const_cast<Tensor<M>&>(std::as_const(*this)[head]); }
  /// Read-only overload.
  const Tensor<M>& operator[](std::string_view head) const {
    if (const Tensor<M>* values = find(head)) return *values;
    fail<DataError>("Logits", concat("no head '", head, "'"), "heads are: " + joined(heads_, &HeadLogits<M>::head));
  }
  /// Scores of the head, or null if there is no such head.
  const Tensor<M>* find(std::string_view head) const {
    for (const auto& entry : heads_)
      if (entry.head == head) return &entry.values;
    return nullptr;
  }

  /// Resizes the head's scores to (count, classes), adding the head if missing; the values are unspecified. A head that
  /// is added makes references to the scores of the others invalid, as std::vector::push_back does.
  Tensor<M>& resize(std::string_view head, Index count, Index classes) {
    for (auto& entry : heads_)
      if (entry.head == head) {
        entry.values.resize(count, Shape{.channels = classes});
        return entry.values;
      }
    heads_.push_back({std::string(head), {}});
    heads_.back().values.resize(count, Shape{.channels = classes});
    return heads_.back().values;
  }

  /// Removes all heads unless they are exactly name(0), name(1), ..., name(count - 1), in this order.
  template <class Name>
  void keep_heads(std::size_t count, const Name& name) {
    bool same = heads_.size() == count;
    for (std::size_t h = 0; same && h < count; ++h) same = heads_[h].head == name(h);
    if (!same) heads_.clear();
  }
  /// Takes over heads and extents of `other`, with every value 0.
  void zeros_like(const Logits& other) {
    keep_heads(other.heads_.size(), [&](std::size_t h) { return std::string_view(other.heads_[h].head); });
    for (const auto& [head, values] : other) {
      Tensor<M>& mine = resize(head, values.count(), values.shape().channels);
      std::fill(mine.begin(), mine.end(), M{0});
    }
  }

  /// Number of samples; 0 if there are no heads.
  Index count() const { return heads_.empty() ? 0 : heads_.front().values.count(); }
  /// Number of heads.
  std::size_t size() const { return heads_.size(); }
  /// The heads in their order, each with members `head` and `values`.
  auto begin() { return heads_.begin(); }
  /// Past the last head.
  auto end() { return heads_.end(); }
  /// The heads in their order, read-only.
  auto begin() const { return heads_.begin(); }
  /// Past the last head.
  auto end() const { return heads_.end(); }

 private:
  std::vector<HeadLogits<M>> heads_;
};

}  // namespace hcnn
