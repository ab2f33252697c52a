// Compiles one plain loop for several instruction sets: the compiler vectorises it for each, no intrinsics needed.
#pragma once

#include "hcnn/kernels/dispatch.hpp"

namespace hcnn::kernels {

#if defined(__x86_64__)
namespace isa {

template <class Loop, class... Args>
[[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,prefer-vector-width=512")]] void run_avx512(Args... args) {
  Loop::run(args...);
}
template <class Loop, class... Args>
[[gnu::target("avx2,fma")]] void run_avx2(Args... args) {
  Loop::run(args...);
}

}  // namespace isa
#endif

/// Calls `Loop::run(args...)`, compiled for the best instruction set that may be used. `run` must be static and
/// `[[gnu::always_inline]]`, so that it takes over the instruction set of its caller, and free of lambdas.
template <class Loop, class... Args>
void run_vectorized(Args... args) {
#if defined(__x86_64__)
  const Isa isa = active_isa();
  if (isa >= Isa::avx512) return isa::run_avx512<Loop, Args...>(args...);
  if (isa == Isa::avx2) return isa::run_avx2<Loop, Args...>(args...);
#endif
  Loop::run(args...);
}

}  // namespace hcnn::kernels
