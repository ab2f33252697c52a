// Errors of the library: one exception type per kind of misuse, one line of text each.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace hcnn {

/// Base of every exception the library throws; `what()` is one line "where: what came; what was expected".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A tensor, layer or network was given extents that do not fit.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An option or argument is outside its legal range.
class OptionError : public Error {
 public:
  using Error::Error;
};

/// Data (labels, records, class names) contradict each other or are out of range.
class DataError : public Error {
 public:
  using Error::Error;
};

/// A file is missing, damaged or of another format.
class FormatError : public Error {
 public:
  using Error::Error;
};

/// A computation produced NaN or infinity.
class NumericError : public Error {
 public:
  using Error::Error;
};

/// Appends a part as `operator<<` would write it. Without a stream for the usual types: error texts are everywhere, and
/// a stream in each of them doubled the size of the code.
template <class Part>
void append_text(std::string& text, const Part& part) {
  if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
    text += std::string_view(part);
  } else if constexpr (std::is_same_v<Part, char> || std::is_same_v<Part, unsigned char>) {
    text += static_cast<char>(part);
  } else if constexpr (std::is_integral_v<Part>) {
    std::array<char, 24> digits;
    text.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), +part).ptr);
  } else if constexpr (std::is_convertible_v<const Part&, double>) {
    std::array<char, 32> digits;
    text.append(digits.data(),
                static_cast<std::size_t>(std::snprintf(digits.data(), digits.size(), "%g", static_cast<double>(part))));
  } else {
    std::ostringstream out;
    out << part;
    text += out.str();
  }
}

/// The parts written one after another, as `operator<<` writes them.
template <class... Parts>
[[gnu::cold, gnu::noinline]] std::string concat(const Parts&... parts) {
  std::string text;
  (append_text(text, parts), ...);
  return text;
}

/// Throws `E` with the text "where: came; expected".
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] void fail(const std::string& where, const std::string& came,
                                                 const std::string& expected) {
  throw E(where + ": " + came + "; " + expected);
}

/// Throws OptionError "where: name = value; expected" unless `legal`. Write the test so that NaN fails it.
template <class Value>
void require_option(bool legal, std::string_view where, const char* name, const Value& value, const char* expected) {
  if (!legal) fail<OptionError>(std::string(where), concat(name, " = ", value), expected);
}

/// Throws OptionError unless `value` is a finite number >= 0.
inline void require_nonnegative(std::string_view where, const char* name, double value) {
  require_option(value >= 0 && std::isfinite(value), where, name, value, "must be finite and >= 0");
}

}  // namespace hcnn
