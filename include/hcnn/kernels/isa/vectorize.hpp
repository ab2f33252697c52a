// Compiles one plain loop for several instruction sets: the compiler vectorises it for each, without intrinsics.
#pragma once

#include "hcnn/kernels/dispatch.hpp"

namespace hcnn::kernels {

#if defined(__x86_64__)
namespace isa {

// By default g++ would use half of each 512-bit register; clang 14 does not know the option.
#if defined(__clang__)
#define HCNN_AVX512_LOOPS [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")]]
#else
#define HCNN_AVX512_LOOPS [[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prefer-vector-width=512")]]
#endif

template <class Loop, class... Args>
HCNN_AVX512_LOOPS void run_avx512(Args... args) {
  Loop::run(args...);
}
template <class Loop, class... Args>
[[gnu::target("avx2,fma")]] void run_avx2(Args... args) {
  Loop::run(args...);
}

#undef HCNN_AVX512_LOOPS

}  // namespace isa
#endif

/// Calls `Loop::run(args...)`, compiled for the best instruction set that may be used. `run` must be static,
/// `[[gnu::always_inline]]`, so that it gets the instruction set of its caller, and without lambdas.
template <class Loop, class... Args>
void run_vectorized(Args... args) {
#if defined(__x86_64__)
  const Isa isa = active_isa();
  if (isa >= Isa::avx512) return isa::run_avx512<Loop, Args...>(args...);
  if (isa == Isa::avx2) return isa::run_avx2<Loop, Args...>(args...);
#endif
  Loop::run(args...);
}

/// The same for loops that run only with micro-kernels: not compiled for the portable path.
template <class Loop, class... Args>
void run_beside_kernels(Args... args) {
#if defined(__x86_64__)
  active_isa() >= Isa::avx512 ? isa::run_avx512<Loop, Args...>(args...) : isa::run_avx2<Loop, Args...>(args...);
#else
  Loop::run(args...);
#endif
}

}  // namespace hcnn::kernels
