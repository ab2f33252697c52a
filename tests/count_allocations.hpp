// Counts heap allocations of a test program: it replaces operator new, but not under the thread sanitizer, whose own
// operator new tells it which thread owns what; there nothing is counted. weak, so that several files of a program may
// include it; noinline, else g++ 12 sees free() beside a new expression and warns of a mismatch.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_THREAD__)
#define HCNN_TEST_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#define HCNN_TEST_COUNTS_ALLOCATIONS !__has_feature(thread_sanitizer)
#else
#define HCNN_TEST_COUNTS_ALLOCATIONS 1
#endif

inline std::atomic<long> allocation_count{0};
inline std::atomic<long> allocated_bytes{0};

#if HCNN_TEST_COUNTS_ALLOCATIONS
[[gnu::weak, gnu::noinline]] void* operator new(std::size_t size) {
  ++allocation_count;
  allocated_bytes += static_cast<long>(size);
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}
// The standard library's temporary buffers ask this way, and give back by the ordinary operator delete.
[[gnu::weak, gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocation_count;
  allocated_bytes += static_cast<long>(size);
  return std::malloc(size > 0 ? size : 1);
}
[[gnu::weak, gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocation_count;
  allocated_bytes += static_cast<long>(size);
  const auto unit = static_cast<std::size_t>(alignment);
  if (void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit)) return memory;
  throw std::bad_alloc();
}
[[gnu::weak, gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::weak, gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::weak, gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
[[gnu::weak, gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
#endif

namespace hcnn::testing {

/// Runs `action` and returns how often it allocated, on any thread. Under the thread sanitizer 0, and a message says
/// so.
template <class Action>
long allocations_in(const Action& action) {
#if HCNN_TEST_COUNTS_ALLOCATIONS
  const long start = allocation_count;
  ::operator delete(::operator new(1));
  REQUIRE(allocation_count > start);  // else a result of 0 would prove nothing
#else
  MESSAGE("skipped: allocations are not counted under the thread sanitizer");
#endif
  const long before = allocation_count;
  action();
  return allocation_count - before;
}

/// Runs `action` and returns how many bytes it allocated in sum, on any thread. Under the thread sanitizer 0.
template <class Action>
long bytes_allocated_in(const Action& action) {
  const long before = allocated_bytes;
  allocations_in(action);
  return allocated_bytes - before;
}

}  // namespace hcnn::testing
