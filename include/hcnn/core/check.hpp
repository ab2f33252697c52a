// Errors of the library: one exception type per kind of misuse, each with a one-line message.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "hcnn/core/printable.hpp"

/// Networks, training and inference: basic types, layers, optimizers and the label tree.
namespace hcnn {

/// Base of every exception the library throws. `what()` is one line, "where: what came; what was expected", even if a
/// name in it contains control characters.
class Error : public std::runtime_error {
 public:
  /// From the full message; its control characters are escaped, see `printable`.
  explicit Error(const std::string& text) : std::runtime_error(printable(text, std::string::npos)) {}
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

/// An argument of `concat`: a string, a character or a number. It refers to strings, so it must not outlive them.
class TextPart {
 public:
  /// Accepts strings, characters and numbers.
  template <class Part>
  requires std::is_convertible_v<const Part&, std::string_view> || std::is_convertible_v<const Part&, double> TextPart(
      const Part& part) {  // NOLINT: implicit, as arguments of concat
    if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
      value_ = std::string_view(part);
    } else if constexpr (std::is_same_v<Part, char> || std::is_same_v<Part, unsigned char>) {
      value_ = static_cast<char>(part);
    } else if constexpr (std::is_unsigned_v<Part>) {
      value_ = std::uint64_t{part};
    } else if constexpr (std::is_integral_v<Part>) {
      value_ = std::int64_t{part};
    } else {
      value_ = static_cast<double>(part);
    }
  }
  /// Appends the text. Non-integers get the six digits of "%g", with a decimal point in every locale.
  [[gnu::cold]] void append_to(std::string& text) const {
    std::array<char, 32> digits;
    if (const auto* string = std::get_if<std::string_view>(&value_)) {
      text += *string;
    } else if (const auto* character = std::get_if<char>(&value_)) {
      text += *character;
    } else {
      char* end = digits.data();
      if (const auto* real = std::get_if<double>(&value_))
        end = std::to_chars(end, end + digits.size(), *real, std::chars_format::general, 6).ptr;
      else if (const auto* natural = std::get_if<std::uint64_t>(&value_))
        end = std::to_chars(end, end + digits.size(), *natural).ptr;
      else
        end = std::to_chars(end, end + digits.size(), std::get<std::int64_t>(value_)).ptr;
      text.append(digits.data(), end);
    }
  }

 private:
  std::variant<std::string_view, char, std::int64_t, std::uint64_t, double> value_;
};

/// Concatenates the parts.
[[gnu::cold, gnu::noinline]] inline std::string concat_parts(std::initializer_list<TextPart> parts) {
  std::string text;
  for (const TextPart& part : parts) part.append_to(text);
  return text;
}

/// Concatenates the parts as text: `concat("row ", 3)`. The work is in `concat_parts`, compiled once.
template <class... Parts>
std::string concat(const Parts&... parts) {
  return concat_parts({TextPart(parts)...});
}

/// "a, b, c": the elements of a range, or the results of `part` for them, as `concat` writes them.
template <class Range, class Part = std::identity>
std::string joined(const Range& range, Part part = {}) {
  std::string text;
  for (const auto& element : range) text += concat(text.empty() ? "" : ", ", std::invoke(part, element));
  return text;
}

/// Throws `E` with the message "where: came; expected".
template <class E>
[[noreturn, gnu::cold, gnu::noinline]] void fail(std::string_view where, std::string_view came,
                                                 std::string_view expected) {
  throw E(concat(where, ": ", came, "; ", expected));
}

/// Calls `task`; prefixes the place to a ShapeError or OptionError it throws: "trunk" + "[2] Conv2d: ...".
template <class Task>
decltype(auto) at_place(std::string_view place, const Task& task) {
  const auto text = [&](const Error& error) {
    const std::string_view what = error.what();
    return concat(place, what.starts_with('[') || what.starts_with('.') ? "" : " ", what);
  };
  try {
    return task();
  } catch (const ShapeError& error) {
    throw ShapeError(text(error));
  } catch (const OptionError& error) {
    throw OptionError(text(error));
  }
}

/// Throws OptionError "where: name = value; expected" unless `legal`. Write the condition so that NaN fails it.
template <class Value>
void require_option(bool legal, std::string_view where, const char* name, const Value& value, const char* expected) {
  if (!legal) fail<OptionError>(where, concat(name, " = ", value), expected);
}

/// Throws OptionError unless `value` is a finite number >= 0.
inline void require_nonnegative(std::string_view where, const char* name, double value) {
  require_option(value >= 0 && std::isfinite(value), where, name, value, "must be finite and >= 0");
}

}  // namespace hcnn
