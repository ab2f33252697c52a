// Counts live heap bytes: by the sanitizers' hooks where one is on, which see what libpng and libjpeg take too; else by
// replacing operator new.
#include "fuzz/support/heap.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HCNN_FUZZ_HOOKS 1
#elif defined(__has_feature)
#define HCNN_FUZZ_HOOKS __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#else
#define HCNN_FUZZ_HOOKS 0
#endif

#if HCNN_FUZZ_HOOKS
// Of the sanitizers' run-time library; clang alone has a header for them.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, std::size_t),
                                                         void (*freed)(const volatile void*));
extern "C" std::size_t __sanitizer_get_allocated_size(const volatile void* memory);
#else
#include <malloc.h>
#endif

namespace fuzz {
namespace {

std::atomic<std::ptrdiff_t> live{0}, highest{0};

void add(std::size_t bytes) {
  const std::ptrdiff_t level = live += static_cast<std::ptrdiff_t>(bytes);
  for (std::ptrdiff_t seen = highest; level > seen && !highest.compare_exchange_weak(seen, level);) {
  }
}
void remove(std::size_t bytes) { live -= static_cast<std::ptrdiff_t>(bytes); }

#if HCNN_FUZZ_HOOKS
const int hooked = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t size) { add(size); },
    [](const volatile void* memory) { remove(__sanitizer_get_allocated_size(memory)); });
#else
void* allocate(std::size_t size, std::size_t alignment) {
  size = std::max<std::size_t>(size, 1);
  void* memory = alignment == 0 ? std::malloc(size)
                                : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory) add(::malloc_usable_size(memory));
  return memory;
}
void* allocate_or_throw(std::size_t size, std::size_t alignment) {
  if (void* memory = allocate(size, alignment)) return memory;
  throw std::bad_alloc();
}
void release(void* memory) {
  if (memory) remove(::malloc_usable_size(memory));
  std::free(memory);
}
#endif

}  // namespace

HeapWatch::HeapWatch() : before_(live) { highest = before_; }
std::size_t HeapWatch::peak() const { return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, highest - before_)); }
std::size_t HeapWatch::held() const { return static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, live - before_)); }

}  // namespace fuzz

#if !HCNN_FUZZ_HOOKS
// noinline, else g++ 12 sees free() beside a new expression and warns of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) { return fuzz::allocate_or_throw(size, 0); }
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return fuzz::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return fuzz::allocate(size, 0);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { fuzz::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { fuzz::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept { fuzz::release(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { fuzz::release(memory); }
#endif
