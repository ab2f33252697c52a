// Members of a JSON object from a file: each of a given type and range, none missing, none unknown.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/shape.hpp"
#include "hcnn/io/json.hpp"

namespace hcnn::io {

/// The value as JSON text for messages, truncated if long.
inline std::string short_text(const Json& value) { return printable(compact_text(value)); }

/// Reads an object member by member. Every function throws FormatError, "where: key = value; expected", for a member
/// that is missing or not as requested; `finish` throws it for members that were not read. The value must outlive the
/// reader.
class JsonObject {
 public:
  /// @param where start of every message. Throws FormatError if the value is not an object.
  JsonObject(const Json& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value.is_object()) fail<FormatError>(where_, short_text(value), "a JSON object is needed");
  }

  /// Location of the object, for messages.
  const std::string& where() const { return where_; }

  /// The member, of any type.
  const Json& member(const std::string& key) {
    const auto found = value_.find(key);
    if (found == value_.end()) fail<FormatError>(where_, "no member '" + key + "'", "it is needed");
    read_.insert(key);
    return *found;
  }
  /// An array of at most `most` entries.
  const Json& array(const std::string& key, std::size_t most) {
    const Json& value = member(key);
    if (!value.is_array() || value.size() > most)
      refuse(key, value, concat("an array of at most ", most, " entries is needed"));
    return value;
  }
  /// A string.
  std::string text(const std::string& key) {
    const Json& value = member(key);
    if (!value.is_string()) refuse(key, value, "a text is needed");
    return value.get<std::string>();
  }
  /// True or false.
  bool boolean(const std::string& key) {
    const Json& value = member(key);
    if (!value.is_boolean()) refuse(key, value, "true or false is needed");
    return value.get<bool>();
  }
  /// A whole number from `least` to `most`.
  Index integer(const std::string& key, Index least, Index most) { return whole(key, member(key), least, most); }
  /// A number from `least` to `most`.
  double number(const std::string& key, double least, double most) { return real(key, member(key), least, most); }

  /// An array of at most `size` whole numbers.
  std::vector<Index> integers(const std::string& key, std::size_t size, Index least, Index most) {
    std::vector<Index> values;
    for (const Json& value : array(key, size)) values.push_back(whole(key, value, least, most));
    return values;
  }
  /// An array of at most `size` numbers.
  std::vector<double> numbers(const std::string& key, std::size_t size, double least, double most) {
    std::vector<double> values;
    for (const Json& value : array(key, size)) values.push_back(real(key, value, least, most));
    return values;
  }
  /// An array of at most `size` strings.
  std::vector<std::string> texts(const std::string& key, std::size_t size) {
    std::vector<std::string> values;
    for (const Json& value : array(key, size)) {
      if (!value.is_string()) refuse(key, value, "a text is needed");
      values.push_back(value.get<std::string>());
    }
    return values;
  }

  /// Call last: throws FormatError for a member that was not read.
  void finish() const {
    for (const auto& [key, value] : value_.items())
      if (!read_.contains(key))
        fail<FormatError>(where_, "member '" + printable(key) + "'", "nothing of that name is known");
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const Json& value, const std::string& expected) const {
    fail<FormatError>(where_, key + " = " + short_text(value), expected);
  }
  Index whole(const std::string& key, const Json& value, Index least, Index most) const {
    // An unsigned value beyond Index's range would turn negative.
    const bool fits = value.is_number_integer() &&
                      (!value.is_number_unsigned() || value.get<std::uint64_t>() <= std::uint64_t{1} << 62);
    if (!fits || value.get<Index>() < least || value.get<Index>() > most)
      refuse(key, value, concat("a whole number from ", least, " to ", most, " is needed"));
    return value.get<Index>();
  }
  double real(const std::string& key, const Json& value, double least, double most) const {
    if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most))
      refuse(key, value, concat("a number from ", least, " to ", most, " is needed"));
    return value.get<double>();
  }

  const Json& value_;
  std::string where_;
  std::set<std::string> read_;
};

}  // namespace hcnn::io
