// Hyperparameter search: the options it varies and the points it tries, either a grid or random points that depend only
// on the seed.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/run/history_file.hpp"

namespace hcnn::run {

/// One numeric option that a search varies, over a range or over given values.
struct SearchAxis {
  std::string name = {};            ///< name of the option, without dashes
  double low = 0;                   ///< lower end of the range, inclusive
  double high = 1;                  ///< upper end of the range, inclusive
  bool logarithmic = false;         ///< sample the range uniformly in the logarithm, not in the value
  bool whole = false;               ///< whole numbers only
  std::vector<double> values = {};  ///< if not empty, used instead of the range
};

/// A value for each axis, in the order of the axes.
using SearchPoint = std::vector<double>;

/// Largest number of points in a grid.
inline constexpr std::size_t kMostGridPoints = 10000;

/// Splits "NAME=REST" in two. Throws OptionError, beginning with `where`, if one of them is empty.
inline std::pair<std::string, std::string> split_assignment(const std::string& text, const char* where,
                                                            const char* expected) {
  const std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    fail<OptionError>(where, "'" + printable(text) + "'", concat("expected ", expected));
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Parses a finite number. Throws OptionError, beginning with `where`, for other text.
inline double finite_number(std::string_view text, const std::string& where) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value))
    fail<OptionError>(where, "'" + printable(text) + "'", "a number is needed");
  return value;
}

/// Splits a text at a separator; an empty text gives one empty part.
inline std::vector<std::string> split_text(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char character : text) {
    if (character == separator)
      parts.emplace_back();
    else
      parts.back() += character;
  }
  return parts;
}

/// Parses "NAME=LOW:HIGH" or "NAME=LOW:HIGH:log". Throws OptionError unless LOW < HIGH and, with log, LOW > 0.
inline SearchAxis parse_range(const std::string& text) {
  constexpr const char* kForm = "NAME=LOW:HIGH or NAME=LOW:HIGH:log";
  const auto [name, rest] = split_assignment(text, "--range", kForm);
  const std::vector<std::string> parts = split_text(rest, ':');
  if (parts.size() < 2 || parts.size() > 3 || (parts.size() == 3 && parts[2] != "log"))
    fail<OptionError>("--range", "'" + printable(text) + "'", concat("expected ", kForm));
  const std::string where = "--range " + printable(name);
  const SearchAxis axis{.name = name,
                        .low = finite_number(parts[0], where),
                        .high = finite_number(parts[1], where),
                        .logarithmic = parts.size() == 3};
  if (!(axis.low < axis.high)) fail<OptionError>(where, rest, "the first end must be below the second");
  if (axis.logarithmic && axis.low <= 0) fail<OptionError>(where, rest, "a logarithmic range begins above 0");
  return axis;
}

/// Parses "NAME=A,B,C". Throws OptionError if one is not a number or appears twice.
inline SearchAxis parse_values(const std::string& text) {
  const auto [name, rest] = split_assignment(text, "--values", "NAME=A,B,C");
  const std::string where = "--values " + printable(name);
  SearchAxis axis{.name = name};
  for (const std::string& part : split_text(rest, ',')) axis.values.push_back(finite_number(part, where));
  std::vector<double> sorted = axis.values;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    fail<OptionError>(where, rest, "each value is needed once");
  axis.low = sorted.front();
  axis.high = sorted.back();
  return axis;
}

/// Restricts the axis to whole numbers. Throws OptionError if an end or a value is not whole.
inline void require_whole(SearchAxis& axis) {
  axis.whole = true;
  std::vector<double> given = axis.values;
  given.insert(given.end(), {axis.low, axis.high});
  for (const double value : given)
    if (value != std::floor(value) || std::abs(value) > 1e15)
      fail<OptionError>("--" + axis.name, concat(value), "whole numbers are needed");
}

/// A value of the axis as text for command lines and tables.
inline std::string value_text(const SearchAxis& axis, double value) {
  return axis.whole ? std::to_string(static_cast<Index>(value)) : number_text(value);
}

/// Rounds to four significant digits: short on a command line, and independent of the last bits of a machine's
/// logarithm.
inline double four_digits(double value) {
  std::array<char, 32> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, 3).ptr;
  std::from_chars(text.data(), end, value);
  return value;
}

/// The value at position `share`, 0 to 1, within the axis' range.
inline double value_at(const SearchAxis& axis, double share) {
  const double high = axis.whole ? axis.high + 1 : axis.high;  // gives each whole number an equal interval
  double value = axis.logarithmic ? axis.low * std::pow(high / axis.low, share) : axis.low + share * (high - axis.low);
  value = axis.whole ? std::floor(value) : four_digits(value);
  return std::clamp(value, axis.low, axis.high);
}

/// Point of trial `trial` of a random search. Each value depends only on the seed, the option's name and the trial's
/// number: adding trials or other options does not change it.
inline SearchPoint random_point(const std::vector<SearchAxis>& axes, Seed seed, Index trial) {
  SearchPoint point;
  for (const SearchAxis& axis : axes) {
    RandomStream random(seed, hash_name("search " + axis.name), 0, static_cast<std::uint64_t>(trial));
    if (axis.values.empty())
      point.push_back(value_at(axis, random.uniform()));
    else
      point.push_back(axis.values[random.below(static_cast<std::uint32_t>(axis.values.size()))]);
  }
  return point;
}

/// All combinations of the axes' values, the last axis varying fastest. Throws OptionError for an axis without values,
/// or for more than kMostGridPoints.
inline std::vector<SearchPoint> grid(const std::vector<SearchAxis>& axes) {
  std::vector<SearchPoint> points(1);
  for (const SearchAxis& axis : axes) {
    if (axis.values.empty()) fail<OptionError>("grid", axis.name + " has a range", "a grid needs values");
    if (points.size() * axis.values.size() > kMostGridPoints)
      fail<OptionError>("grid", concat("more than ", kMostGridPoints, " points"), "fewer values are needed");
    std::vector<SearchPoint> longer;
    for (const SearchPoint& point : points)
      for (const double value : axis.values) (longer.emplace_back(point)).push_back(value);
    points = std::move(longer);
  }
  return points;
}

}  // namespace hcnn::run
