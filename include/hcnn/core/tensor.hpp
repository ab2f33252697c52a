// Batches of samples: Tensor owns its values, TensorView refers to values owned elsewhere.
#pragma once

#include <algorithm>
#include <type_traits>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn {

/// `count` samples of one shape at `data`, contiguous in N, H, W, C order. Owns nothing; `TensorView<const T>` is
/// read-only.
template <class T>
struct TensorView {
  T* data = nullptr;  ///< first value
  Index count = 0;    ///< number of samples, N
  Shape shape;        ///< shape of each sample

  TensorView() = default;
  /// n samples of the shape at `first`.
  TensorView(T* first, Index n, const Shape& sample_shape) : data(first), count(n), shape(sample_shape) {}
  /// Converts a mutable view to a read-only one.
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, std::remove_const_t<T>>) TensorView(const TensorView<U>& other)
      : data(other.data), count(other.count), shape(other.shape) {}

  /// Number of values in all samples.
  Index size() const { return count * shape.size(); }
  /// True if no memory is attached, as for a gradient that is not needed.
  bool empty() const { return data == nullptr; }
  /// First value of sample n.
  T* sample(Index n) const { return data + n * shape.size(); }
  T* begin() const { return data; }         ///< first value
  T* end() const { return data + size(); }  ///< past the last value
  /// The samples [first, first + n).
  TensorView slice(Index first, Index n) const { return {sample(first), n, shape}; }
};

/// Owning batch of samples, N, H, W, C, 64-byte aligned. `resize` reuses memory that is large enough.
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
    count_ = 0;  // stays so if `reserve` throws
    storage_.reserve(values_of(count, shape));
    count_ = count;
    shape_ = shape;
  }

  T* data() { return storage_.data(); }                  ///< first value, or null before the first `resize`
  const T* data() const { return storage_.data(); }      ///< read-only overload
  Index count() const { return count_; }                 ///< number of samples, N
  const Shape& shape() const { return shape_; }          ///< shape of each sample
  Index size() const { return count_ * shape_.size(); }  ///< number of values in all samples
  T* begin() { return data(); }                          ///< first value
  T* end() { return data() + size(); }                   ///< past the last value
  const T* begin() const { return data(); }              ///< first value, read-only
  const T* end() const { return data() + size(); }       ///< past the last value, read-only

  /// Value i of the whole batch, in N, H, W, C order; not checked.
  T& operator[](Index i) { return data()[i]; }
  /// Read-only overload.
  const T& operator[](Index i) const { return data()[i]; }

  /// The whole batch as a view, which must not outlive it.
  TensorView<T> view() { return {data(), count_, shape_}; }
  /// Read-only overload.
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
