// Aligned, growing storage for tensors and scratch memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "hcnn/core/shape.hpp"

namespace hcnn {

/// Alignment of all arrays, bytes: one cache line, one AVX-512 register, one AMX tile row.
inline constexpr std::size_t kAlignment = 64;

/// Bytes of `size` values of T, rounded up to a multiple of kAlignment. Throws std::bad_array_new_length if `size` is
/// negative (an overflowed product of extents) or too large to count in bytes.
template <class T>
std::size_t padded_bytes(Index size) {
  constexpr Index kMost = (std::numeric_limits<Index>::max() - 2 * Index{kAlignment}) / Index{sizeof(T)};
  if (size < 0 || size > kMost) throw std::bad_array_new_length();
  return (static_cast<std::size_t>(size) * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
}

/// Uninitialised 64-byte aligned array of a trivial type. It never shrinks; growing discards the content.
template <class T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  AlignedBuffer() = default;
  /// Room for `size` elements.
  explicit AlignedBuffer(Index size) { reserve(size); }
  /// Copies the whole capacity.
  AlignedBuffer(const AlignedBuffer& other) : AlignedBuffer(other.capacity_) {
    std::copy_n(other.data(), other.capacity_, data());
  }
  /// Takes over the memory; `other` is empty afterwards.
  AlignedBuffer(AlignedBuffer&& other) noexcept
      : data_(std::move(other.data_)), capacity_(std::exchange(other.capacity_, 0)) {}
  /// Copy or move assignment: swaps with its argument.
  AlignedBuffer& operator=(AlignedBuffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  /// Makes room for `size` elements. Throws what `padded_bytes` throws, or std::bad_alloc.
  void reserve(Index size) {
    const std::size_t bytes = padded_bytes<T>(size);
    if (size <= capacity_) return;
    data_.reset();
    capacity_ = 0;
    data_.reset(static_cast<T*>(take(bytes)));
    capacity_ = size;
  }

  /// The first element, or null before the first `reserve`.
  T* data() { return data_.get(); }
  /// Read-only overload.
  const T* data() const { return data_.get(); }
  /// Number of elements there is room for.
  Index capacity() const { return capacity_; }

 private:
  // Plain `operator new` with room for alignment: glibc before 2.38 does not reuse freed aligned allocations, and a
  // training run with validation grew by 0.6 MB per epoch. The start of the allocation is stored just before the first
  // element.
  static void* take(std::size_t bytes) {
    static_assert(__STDCPP_DEFAULT_NEW_ALIGNMENT__ >= sizeof(std::byte*));
    auto* const begin = static_cast<std::byte*>(::operator new(bytes + kAlignment));
    auto* const first = begin + kAlignment - reinterpret_cast<std::uintptr_t>(begin) % kAlignment;
    reinterpret_cast<std::byte**>(first)[-1] = begin;
    return first;
  }
  struct Free {
    void operator()(T* pointer) const { ::operator delete(reinterpret_cast<std::byte**>(pointer)[-1]); }
  };
  std::unique_ptr<T, Free> data_;
  Index capacity_ = 0;
};

}  // namespace hcnn
