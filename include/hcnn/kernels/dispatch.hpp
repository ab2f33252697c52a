// Chooses the float kernels at run time: a table, best first, capped by HCNN_ISA.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hcnn/core/check.hpp"
#include "hcnn/kernels/isa/gemm_avx2.hpp"
#include "hcnn/kernels/isa/gemm_avx512.hpp"
#include "hcnn/kernels/micro_kernel.hpp"

namespace hcnn::kernels {

/// "portable", "avx2", "avx512" or "amx".
inline const char* to_string(Isa isa) {
  static constexpr std::array names{"portable", "avx2", "avx512", "amx"};
  return names[static_cast<std::size_t>(isa)];
}

/// The instruction set of that name; OptionError where there is none.
inline Isa parse_isa(std::string_view name) {
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::amx})
    if (name == to_string(isa)) return isa;
  fail<OptionError>("HCNN_ISA", concat("'", name, "'"), "expected portable, avx2, avx512 or amx");
}

namespace isa {

/// Float kernels, best first. The portable path has none: it multiplies through Eigen.
inline constexpr auto float_table = std::to_array<const MicroKernels*>({
#if defined(__x86_64__)
  &kernels_avx512, &kernels_avx2,
#endif
      nullptr
});

/// The most that may ever be used: what the machine has, capped by HCNN_ISA.
inline Isa ceiling() {
  static const Isa value = [] {
    const char* cap = std::getenv("HCNN_ISA");
    return cap ? std::min(detect(), parse_isa(cap)) : detect();
  }();
  return value;
}

/// The most that is used now: the ceiling, or less after `limit_isa`.
inline std::atomic<Isa>& limit() {
  static std::atomic<Isa> value = ceiling();
  return value;
}

}  // namespace isa

/// Kernels for float products, or null for the portable path.
inline const MicroKernels* float_kernels() {
  const Isa limit = isa::limit().load(std::memory_order_relaxed);
  for (const MicroKernels* kernels : isa::float_table)
    if (!kernels || kernels->isa <= limit) return kernels;
  return nullptr;
}

/// The instruction set whose float kernels run now.
inline Isa active_isa() {
  const MicroKernels* kernels = float_kernels();
  return kernels ? kernels->isa : Isa::portable;
}

/// Caps the choice for the whole process, for tests and benchmarks; never above HCNN_ISA and what the machine has.
/// Returns the instruction set that runs from now on. Not while another thread computes.
inline Isa limit_isa(Isa cap) {
  isa::limit().store(std::min(cap, isa::ceiling()));
  return active_isa();
}

}  // namespace hcnn::kernels
