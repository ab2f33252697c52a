// JSON in and out: strict towards files, stable in the order of keys.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// A JSON value whose objects keep their keys in the order of insertion.
using Json = nlohmann::ordered_json;

/// Arrays and objects inside one another that are read: deeper nesting is no honest file and would overflow the stack
/// of recursive code.
inline constexpr std::size_t kJsonDepth = 64;

/// Builds a value from parser events. nlohmann's own builder keeps the last of two equal keys, nests without bound and
/// searches an object once per key; this one refuses the first two and appends.
class JsonBuilder : public nlohmann::json_sax<Json> {
 public:
  /// @param where begins every message
  explicit JsonBuilder(std::string where) : where_(std::move(where)) {}
  /// The value, once the parser is done.
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second)
      fail<FormatError>(where_, "key '" + printable(name) + "' comes twice", "every key of an object must differ");
    key_ = std::move(name);
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    fail<FormatError>(where_, "not JSON (" + printable(error.what(), 200) + ")", "JSON text in UTF-8 is needed");
  }

 private:
  struct Container {
    Json* value;
    std::set<std::string> keys = {};
  };

  Json* add(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back().value;
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    auto& members = parent.get_ref<Json::object_t&>();  // a vector of pairs: push_back skips its search for the key
    members.push_back({std::move(key_), std::move(value)});
    return &members.back().second;
  }
  bool put(Json value) { return add(std::move(value)) != nullptr; }
  bool open(Json container) {
    if (open_.size() == kJsonDepth)
      fail<FormatError>(where_, "nested too deeply", concat("at most ", kJsonDepth, " levels are read"));
    open_.push_back({add(std::move(container))});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string where_;
  Json root_;
  std::string key_;
  std::vector<Container> open_;
};

/// Parses untrusted text with `handler`, nlohmann's SAX interface; the handler throws on anything it does not like.
/// nlohmann's lexer takes NUL for the end of the text, so it is refused here.
template <class Handler>
void parse_json_events(std::string_view text, const std::string& where, Handler& handler) {
  if (const auto position = text.find('\0'); position != std::string_view::npos)
    fail<FormatError>(where, concat("not JSON (a NUL at byte ", position, ")"), "JSON text in UTF-8 is needed");
  Json::sax_parse(text, &handler);
}

/// The value of untrusted JSON text. Throws FormatError, beginning with `where`, for anything but UTF-8 JSON, for equal
/// keys in one object, and for nesting deeper than kJsonDepth.
inline Json parse_json(std::string_view text, const std::string& where) {
  JsonBuilder builder(where);
  parse_json_events(text, where, builder);
  return builder.take();
}

/// The value in a file; FormatError as `parse_json` and `read_file`.
inline Json read_json(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 24) {
  return parse_json(read_file(path, most_bytes), printable_path(path));
}

/// JSON text, indented by two spaces, with a newline at the end. JSON has no NaN and no infinity: they become null.
/// Bytes that are not UTF-8 become U+FFFD.
inline std::string to_text(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Writes `to_text(value)` all or nothing; Error as `write_file`.
inline void write_json(const std::filesystem::path& path, const Json& value) { write_file(path, to_text(value)); }

}  // namespace hcnn::io
