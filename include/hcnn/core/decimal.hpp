// Numbers and durations formatted for people, with a decimal point in every locale.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace hcnn {

/// A number in plain notation with this many decimals: decimal(-0.5, 2) is "-0.50".
inline std::string decimal(double value, int decimals) {
  std::array<char, 400> text;  // the largest double has 309 digits
  return {text.data(), std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed, decimals).ptr};
}

/// Seconds as hours, minutes and seconds: 3725 s is "1:02:05", 65 s is "1:05". Negative values count as 0.
inline std::string clock_time(double seconds) {
  const long long whole = std::llround(std::max(0.0, seconds));
  const auto two_digits = [](long long number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  const std::string minutes =
      whole < 3600 ? std::to_string(whole / 60) : std::to_string(whole / 3600) + ':' + two_digits(whole / 60 % 60);
  return minutes + ':' + two_digits(whole % 60);
}

}  // namespace hcnn
