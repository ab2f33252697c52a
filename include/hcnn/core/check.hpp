// Errors of the library: one exception type per kind of misuse, one line of text each.
#pragma once

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

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

/// The parts written one after another, as `operator<<` writes them.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws `E` with the text "where: came; expected".
template <class E>
[[noreturn]] void fail(const std::string& where, const std::string& came, const std::string& expected) {
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
