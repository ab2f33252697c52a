// bfloat16 on all of its 65536 patterns.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <sstream>
#include <type_traits>

#include "hcnn/core/bfloat16.hpp"

using namespace hcnn;

namespace {

bfloat16 from_bits(std::uint32_t bits) {
  bfloat16 value;
  value.bits = static_cast<std::uint16_t>(bits);
  return value;
}

bool same(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }

}  // namespace

TEST_CASE("every bfloat16 survives the way to float and back, and a NaN stays one") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const float value = from_bits(bits);
    const bfloat16 back = value;
    wrong += std::isnan(value) ? !std::isnan(float(back)) : back.bits != bits;
  }
  CHECK(wrong == 0);
}

TEST_CASE("floats between two neighbours go to the nearer one, and half-way to the even one") {
  // x is finite and positive or negative, subnormals included; its successor in magnitude may be infinity, whose place
  // in rounding is 2^128.
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    if ((bits & 0x7f80u) == 0x7f80u) continue;  // infinity and NaN have no successor
    const std::uint32_t word = bits << 16;
    const std::uint32_t even = bits & 1 ? bits + 1 : bits;
    wrong += bfloat16(std::bit_cast<float>(word + 0x7fffu)).bits != bits;
    wrong += bfloat16(std::bit_cast<float>(word + 0x8000u)).bits != even;
    wrong += bfloat16(std::bit_cast<float>(word + 0x8001u)).bits != bits + 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("infinities, zeros and NaNs with payload only in the lower half keep their kind") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(same(bfloat16(infinity), infinity));
  CHECK(same(bfloat16(-infinity), -infinity));
  CHECK(same(bfloat16(-0.0f), -0.0f));
  CHECK(std::isnan(float(bfloat16(std::bit_cast<float>(0x7f800001u)))));
  CHECK(std::isnan(float(bfloat16(std::bit_cast<float>(0xffffffffu)))));
  CHECK(same(bfloat16(std::numeric_limits<float>::max()), infinity));  // nearer to 2^128 than to the greatest
}

TEST_CASE("arithmetic happens in float and rounds once") {
  bfloat16 sum = 1.0f;
  sum += 0.00390625f;  // 2^-8, half an epsilon: a tie, to even
  CHECK(float(sum) == 1.0f);
  sum += 0.01f;
  CHECK(float(sum) == 1.0078125f);
  sum -= 0.0078125f;
  sum *= 3.0f;
  CHECK(float(sum) == 3.0f);
  CHECK(float(bfloat16(2.0) * bfloat16(3)) == 6.0f);
}

TEST_CASE("limits are those of the format, and a value prints as a number") {
  using Limits = std::numeric_limits<bfloat16>;
  CHECK(Limits::max().bits == 0x7f7f);
  CHECK(Limits::lowest().bits == 0xff7f);
  CHECK(Limits::infinity().bits == 0x7f80);
  CHECK(from_bits(0x3f81) - from_bits(0x3f80) == float(Limits::epsilon()));
  std::ostringstream out;
  out << bfloat16(1.5f);
  CHECK(out.str() == "1.5");
}

TEST_CASE("the master of bfloat16 is float, any other type is its own") {
  CHECK(std::is_same_v<Master<bfloat16>, float>);
  CHECK(std::is_same_v<Master<const bfloat16>, float>);
  CHECK(std::is_same_v<Master<double>, double>);
}
