// Chooses the kernels at run time: a table for each type of product, best first, capped by HCNN_ISA.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hcnn/core/check.hpp"
#include "hcnn/kernels/isa/gemm_amx.hpp"
#include "hcnn/kernels/isa/gemm_avx2.hpp"
#include "hcnn/kernels/isa/gemm_avx512.hpp"
#include "hcnn/kernels/isa/gemm_avx512bf16.hpp"
#include "hcnn/kernels/micro_kernel.hpp"

namespace hcnn::kernels {

/// "portable", "avx2", "avx512", "avx512bf16" or "amx".
inline const char* to_string(Isa isa) {
  static constexpr std::array names{"portable", "avx2", "avx512", "avx512bf16", "amx"};
  return names[static_cast<std::size_t>(isa)];
}

/// The instruction set with this name. Throws OptionError if there is none.
inline Isa parse_isa(std::string_view name) {
  for (Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512bf16, Isa::amx})
    if (name == to_string(isa)) return isa;
  fail<OptionError>("HCNN_ISA", concat("'", name, "'"), "expected portable, avx2, avx512, avx512bf16 or amx");
}

/// The kernels of each instruction set, and the one in use.
namespace isa {

/// Kernels for products of E, best first. The portable path has none: it multiplies with `add_product`.
template <class E>
inline constexpr std::array<const MicroKernels<E>*, 1> table{nullptr};
#if defined(__x86_64__)
/// Kernels for products of floats.
template <>
inline constexpr std::array<const MicroKernels<float>*, 3> table<float>{&kernels_avx512, &kernels_avx2, nullptr};
/// Kernels for products of bfloat16.
template <>
inline constexpr std::array<const MicroKernels<bfloat16>*, 3> table<bfloat16>{&kernels_amx, &kernels_avx512bf16,
                                                                              nullptr};
#endif

/// The best instruction set that may be used: what the machine supports, capped by HCNN_ISA if set and not empty.
inline Isa ceiling() {
  static const Isa value = [] {
    const char* cap = std::getenv("HCNN_ISA");
    return detect(cap && *cap ? parse_isa(cap) : Isa::amx);
  }();
  return value;
}

/// The instruction set in use: the ceiling, or a lower one after `limit_isa`.
inline std::atomic<Isa>& limit() {
  static std::atomic<Isa> value = ceiling();
  return value;
}

}  // namespace isa

/// The instruction set in use.
inline Isa active_isa() { return isa::limit().load(std::memory_order_relaxed); }

/// Kernels for products of E, or null if the instruction set in use has none.
template <class E>
const MicroKernels<E>* micro_kernels() {
  const Isa isa = active_isa();
  for (const MicroKernels<E>* kernels : isa::table<E>)
    if (!kernels || kernels->isa <= isa) return kernels;
  return nullptr;
}

/// The instruction set whose kernels a network of T runs on, as reports and benchmarks name it.
template <class T>
Isa isa_for() {
  if constexpr (std::is_same_v<T, bfloat16>)
    if (const auto* kernels = micro_kernels<bfloat16>()) return kernels->isa;
  if constexpr (std::is_same_v<Master<T>, float>)
    if (const auto* kernels = micro_kernels<float>()) return kernels->isa;
  return Isa::portable;
}

/// Caps the instruction set for the whole process, for tests and benchmarks; it never exceeds HCNN_ISA and what the
/// machine supports. Returns the one used from then on. Must not be called while another thread computes.
inline Isa limit_isa(Isa cap) {
  isa::limit().store(std::min(cap, isa::ceiling()));
  return active_isa();
}

/// Whether convolutions that suit Winograd's algorithm use it: true unless switched off. It needs a quarter of the
/// multiplications, and its rounding errors are about ten times as large.
inline std::atomic<bool>& winograd_enabled() {
  static std::atomic<bool> enabled = true;
  return enabled;
}

}  // namespace hcnn::kernels
