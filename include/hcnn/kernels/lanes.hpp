// Sixteen floats as one value, in the vector extension of g++ and clang: for straight-line code too long for the
// compilers' own vectorisation. The compiler maps it to the registers that the enclosing function may use.
#pragma once

#include <cstring>

#include "hcnn/core/bfloat16.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn::kernels {

/// Number of values of one vector.
inline constexpr Index kLanes = 16;
/// Sixteen floats.
using Lanes = float __attribute__((vector_size(4 * kLanes)));
/// Sixteen 32-bit words.
using WordLanes = std::uint32_t __attribute__((vector_size(4 * kLanes)));
/// Sixteen 16-bit words.
using HalfLanes = std::uint16_t __attribute__((vector_size(2 * kLanes)));

/// value = the 16 values at `from`.
[[gnu::always_inline]] inline void load_lanes(const float* from, Lanes& value) {
  std::memcpy(&value, from, sizeof value);
}
/// value = the 16 values at `from`, converted exactly.
[[gnu::always_inline]] inline void load_lanes(const bfloat16* from, Lanes& value) {
  HalfLanes halves;
  std::memcpy(&halves, from, sizeof halves);
  const WordLanes words = __builtin_convertvector(halves, WordLanes) << 16;
  std::memcpy(&value, &words, sizeof value);
}

/// Stores 16 values.
[[gnu::always_inline]] inline void store_lanes(const Lanes& value, float* to) { std::memcpy(to, &value, sizeof value); }
/// Stores 16 values, rounded as bfloat16's constructor does.
[[gnu::always_inline]] inline void store_lanes(const Lanes& value, bfloat16* to) {
  WordLanes words;
  std::memcpy(&words, &value, sizeof words);
  const WordLanes rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16, quiet_nan = (words >> 16) | 0x40u;
  const WordLanes nan = (words & 0x7fffffffu) > 0x7f800000u;  // all bits where true
  const HalfLanes halves = __builtin_convertvector((nan & quiet_nan) | (~nan & rounded), HalfLanes);
  std::memcpy(static_cast<void*>(to), &halves, sizeof halves);
}

}  // namespace hcnn::kernels
