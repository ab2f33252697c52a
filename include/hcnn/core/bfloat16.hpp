// bfloat16: the upper half of an IEEE float; and Master<T>, the parameter type of a network with T activations.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <ostream>
#include <type_traits>

namespace hcnn {

/// 16-bit float with 8 exponent and 7 fraction bits. Arithmetic happens in float; conversion rounds to nearest even.
struct bfloat16 {
  std::uint16_t bits = 0;  ///< sign, exponent, fraction, as in the upper half of a float

  /// +0.
  constexpr bfloat16() = default;
  constexpr bfloat16(float value) : bits(round(value)) {}  ///< rounds to nearest even; NaN stays NaN
  /// Rounds twice: to float, then to bfloat16.
  explicit constexpr bfloat16(double value) : bits(round(static_cast<float>(value))) {}
  /// The nearest value up to 2^24 in size; beyond, rounds twice: to float, then to bfloat16.
  explicit constexpr bfloat16(int value) : bits(round(static_cast<float>(value))) {}

  /// Stores the 16 bits directly: a temporary bfloat16 would keep g++ from vectorising a loop.
  constexpr bfloat16& operator=(float value) {
    bits = round(value);
    return *this;
  }

  /// Exact.
  constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

  /// Adds in float, rounds once.
  constexpr bfloat16& operator+=(float other) { return *this = bfloat16(float(*this) + other); }
  /// Subtracts in float, rounds once.
  constexpr bfloat16& operator-=(float other) { return *this = bfloat16(float(*this) - other); }
  /// Multiplies in float, rounds once.
  constexpr bfloat16& operator*=(float other) { return *this = bfloat16(float(*this) * other); }

 private:
  static constexpr std::uint16_t round(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t rounded = (word + 0x7fffu + ((word >> 16) & 1u)) >> 16, quiet_nan = (word >> 16) | 0x40u;
    return static_cast<std::uint16_t>((word & 0x7fffffffu) > 0x7f800000u ? quiet_nan : rounded);  // branchless: SIMD
  }
};

/// Writes the value as a float.
inline std::ostream& operator<<(std::ostream& out, bfloat16 value) { return out << static_cast<float>(value); }

/// Implementation of `Master`.
namespace core {
/// Maps the activation type to the parameter type; `Master` is its short form.
template <class T>
struct MasterOf {
  /// Float and double networks have parameters of their own type.
  using type = T;
};
/// bfloat16 has too few digits to accumulate small updates.
template <>
struct MasterOf<bfloat16> {
  /// Parameters of bfloat16 networks are float.
  using type = float;
};
}  // namespace core

/// Type of parameters, gradients, running statistics, logits and losses in a network whose activations are T.
template <class T>
using Master = typename core::MasterOf<std::remove_const_t<T>>::type;

}  // namespace hcnn

/// Limits of hcnn::bfloat16.
template <>
class std::numeric_limits<hcnn::bfloat16> {
 public:
  /// This is a number type.
  static constexpr bool is_specialized = true;
  /// Bits of the significand, including the hidden one.
  static constexpr int digits = 8;
  /// Distance from 1 to the next larger value: 2^-7.
  static constexpr hcnn::bfloat16 epsilon() { return hcnn::bfloat16(0.0078125f); }
  /// Largest finite value, (2 - 2^-7) 2^127.
  static constexpr hcnn::bfloat16 max() { return hcnn::bfloat16(3.3895313892515355e38f); }
  /// Lowest finite value.
  static constexpr hcnn::bfloat16 lowest() { return hcnn::bfloat16(-3.3895313892515355e38f); }
  /// Positive infinity.
  static constexpr hcnn::bfloat16 infinity() { return hcnn::bfloat16(std::numeric_limits<float>::infinity()); }
};
