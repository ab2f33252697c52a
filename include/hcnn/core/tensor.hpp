// Batches of samples: Tensor owns its values, TensorView looks at somebody else's.
#pragma once

#include <algorithm>
#include <type_traits>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn {

/// `count` samples of one shape at `data`, contiguous in N, H, W, C order. Owns nothing; `TensorView<const T>` only
/// reads.
template <class T>
struct TensorView {
  T* data = nullptr;  ///< first value
  Index count = 0;    ///< samples, the letter N
  Shape shape;        ///< of each sample

  TensorView() = default;
  /// n samples of the shape at `first`.
  TensorView(T* first, Index n, const Shape& sample_shape) : data(first), count(n), shape(sample_shape) {}
  /// A view that may write is one that reads.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, std::remove_const_t<T>>) TensorView(const TensorView<U>& other)
      : data(other.data), count(other.count), shape(other.shape) {}

  /// Number of values in all samples.
  Index size() const { return count * shape.size(); }
  /// True where no memory is attached: a gradient that nobody wants.
  bool empty() const { return data == nullptr; }
  /// First value of sample n.
  T* sample(Index n) const { return data + n * shape.size(); }
  T* begin() const { return data; }         ///< first value
  T* end() const { return data + size(); }  ///< behind the last value
  /// The samples [first, first + n).
  TensorView slice(Index first, Index n) const { return {sample(first), n, shape}; }
};

/// Owning batch of samples, N, H, W, C, 64-byte aligned. `resize` keeps memory that is large enough.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  /// N samples of the shape, every value `fill`.
  Tensor(Index count, const Shape& shape, T fill = T{}) {
    resize(count, shape);
    std::fill_n(data(), size(), fill);
  }

  /// Sets the extents; the values are unspecified afterwards.
  void resize(Index count, const Shape& shape) {
    count_ = 0;  // where there is no memory
    storage_.reserve(count * shape.size());
    count_ = count;
    shape_ = shape;
  }

  T* data() { return storage_.data(); }                  ///< first value, or null before the first `resize`
  const T* data() const { return storage_.data(); }      ///< the same, to read
  Index count() const { return count_; }                 ///< samples, the letter N
  const Shape& shape() const { return shape_; }          ///< of each sample
  Index size() const { return count_ * shape_.size(); }  ///< values of all samples
  T* begin() { return data(); }                          ///< first value
  T* end() { return data() + size(); }                   ///< behind the last value
  const T* begin() const { return data(); }              ///< first value, to read
  const T* end() const { return data() + size(); }       ///< behind the last value

  /// Value i of all of them, in N, H, W, C order; not checked.
  T& operator[](Index i) { return data()[i]; }
  /// The same, to read.
  const T& operator[](Index i) const { return data()[i]; }

  /// The whole batch as a view, which must not outlive it.
  TensorView<T> view() { return {data(), count_, shape_}; }
  /// The same, to read.
  TensorView<const T> view() const { return {data(), count_, shape_}; }
  /// `view()`, so that a tensor can be passed where a view is expected.
  operator TensorView<T>() { return view(); }
  /// `view()`, so that a tensor can be passed where a view is expected.
  operator TensorView<const T>() const { return view(); }

 private:
  AlignedBuffer<T> storage_;
  Index count_ = 0;
  Shape shape_{0, 0, 0};
};

}  // namespace hcnn
