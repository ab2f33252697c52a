// Which vector instructions this processor and operating system support.
#pragma once

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

namespace hcnn::kernels {

/// Instruction sets that make a difference, worst first.
enum class Isa { portable, avx2, avx512, avx512bf16, amx };

namespace isa {

#if defined(__x86_64__)

/// XCR0: the register states that the operating system saves on a context switch. Other registers would be corrupted.
inline std::uint64_t saved_states() {
  std::uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (std::uint64_t{high} << 32) | low;
}

/// True if the operating system lets this process use AMX tiles; Linux has to be asked once.
inline bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// Best instruction set, up to `cap`, that CPUID, XCR0 and, for AMX, the operating system allow.
inline Isa detect(Isa cap) {
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return Isa::portable;
  const bool os_saves = (c & (1u << 27)) != 0, fma = (c & (1u << 12)) != 0, f16c = (c & (1u << 29)) != 0;
  if (!os_saves || !fma || !f16c || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return Isa::portable;
  const std::uint64_t states = saved_states();
  const bool avx2 = (b & (1u << 5)) != 0 && (states & 0x6) == 0x6;
  const bool avx512 = (b & (1u << 16)) != 0 && (b & (1u << 17)) != 0 && (b & (1u << 30)) != 0 &&
                      (b & (1u << 31)) != 0 && (states & 0xe6) == 0xe6;                              // F, DQ, BW, VL
  const bool amx = (d & (1u << 22)) != 0 && (d & (1u << 24)) != 0 && (states & 0x60000) == 0x60000;  // BF16, TILE
  const bool bf16 = avx512 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5)) != 0;
  const bool tiles = amx && cap >= Isa::amx && avx2 && bf16 && may_use_tiles();
  const Isa best = tiles            ? Isa::amx
                   : avx2 && bf16   ? Isa::avx512bf16
                   : avx2 && avx512 ? Isa::avx512
                   : avx2           ? Isa::avx2
                                    : Isa::portable;
  return std::min(best, cap);
}

#else

inline Isa detect(Isa) { return Isa::portable; }

#endif

}  // namespace isa
}  // namespace hcnn::kernels
