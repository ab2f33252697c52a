// Batches of samples: Tensor owns its values, TensorView looks at somebody else's.
#pragma once

// hcnn owns the threads: Eigen's own threading changes the bits of a product between 1 and N threads.
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE
#endif
#include <Eigen/Core>
#include <algorithm>
#include <type_traits>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn {

/// Row-major dense matrix, and maps of it over raw memory (Eigen).
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MatrixMap = std::conditional_t<std::is_const_v<T>, Eigen::Map<const Matrix<std::remove_const_t<T>>>,
                                     Eigen::Map<Matrix<std::remove_const_t<T>>>>;

/// `count` samples of one shape at `data`, contiguous in N, H, W, C order. Owns nothing; `View<const T>` only reads.
template <class T>
struct TensorView {
  T* data = nullptr;
  Index count = 0;  ///< samples, the letter N
  Shape shape;

  TensorView() = default;
  TensorView(T* first, Index n, const Shape& sample_shape) : data(first), count(n), shape(sample_shape) {}
  template <class U>
  requires(std::is_const_v<T>&& std::is_same_v<U, std::remove_const_t<T>>) TensorView(const TensorView<U>& other)
      : data(other.data), count(other.count), shape(other.shape) {}

  /// Number of values in all samples.
  Index size() const { return count * shape.size(); }
  /// True where no memory is attached: a gradient that nobody wants.
  bool empty() const { return data == nullptr; }
  /// First value of sample n.
  T* sample(Index n) const { return data + n * shape.size(); }
  T* begin() const { return data; }
  T* end() const { return data + size(); }
  /// The samples [first, first + n).
  TensorView slice(Index first, Index n) const { return {sample(first), n, shape}; }
  /// All pixels as rows: (N*H*W, C).
  MatrixMap<T> pixels() const { return {data, count * shape.pixels(), shape.channels}; }
  /// All samples as rows: (N, H*W*C).
  MatrixMap<T> rows() const { return {data, count, shape.size()}; }
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
    storage_.reserve(count * shape.size());
    count_ = count;
    shape_ = shape;
  }

  T* data() { return storage_.data(); }
  const T* data() const { return storage_.data(); }
  Index count() const { return count_; }
  const Shape& shape() const { return shape_; }
  Index size() const { return count_ * shape_.size(); }
  T* begin() { return data(); }
  T* end() { return data() + size(); }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size(); }
  T& operator[](Index i) { return data()[i]; }
  const T& operator[](Index i) const { return data()[i]; }

  TensorView<T> view() { return {data(), count_, shape_}; }
  TensorView<const T> view() const { return {data(), count_, shape_}; }
  operator TensorView<T>() { return view(); }
  operator TensorView<const T>() const { return view(); }

 private:
  AlignedBuffer<T> storage_;
  Index count_ = 0;
  Shape shape_{0, 0, 0};
};

}  // namespace hcnn
