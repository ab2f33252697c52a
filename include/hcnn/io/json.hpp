// JSON, read and written: strict about input, with a stable order of keys.
#pragma once

#include <algorithm>
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

/// A JSON value whose objects keep their keys in insertion order.
using Json = nlohmann::ordered_json;

/// Deepest nesting of arrays and objects that is read: no real file needs more, and it would overflow the stack of
/// recursive code.
inline constexpr std::size_t kJsonDepth = 64;

/// Largest memory for the values of a text, bytes: 300,000 object members. A text of 16 MiB could otherwise take 400
/// MiB.
inline constexpr std::size_t kJsonBytes = std::size_t{1} << 25;
/// Longest string or number, bytes: nlohmann's lexer holds several copies of each.
inline constexpr std::size_t kJsonToken = 65'536;

/// Builds a value from parser events. nlohmann's own builder keeps the last of two equal keys, nests and grows without
/// bound, and searches an object once per key; this one refuses the first three and appends.
class JsonBuilder : public nlohmann::json_sax<Json> {
 public:
  /// @param where start of every message
  /// @param most_bytes memory limit for the values
  JsonBuilder(std::string where, std::size_t most_bytes) : where_(std::move(where)), most_bytes_(most_bytes) {}
  /// The value, after parsing.
  Json take() { return std::move(root_); }

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override {
    count(sizeof value + value.size());
    return put(std::string(value));  // the copy is as long as the text; the lexer's own may have twice the capacity
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    if (!open_.back().keys.insert(name).second)
      fail<FormatError>(where_, "key '" + printable(name) + "' comes twice", "every key of an object must differ");
    count(sizeof(std::pair<std::string, Json>) * kGrown + 2 * (kNode + name.size()));
    key_ = name;
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

  void count(std::size_t bytes) {
    bytes_ += bytes;
    if (bytes_ > most_bytes_)
      fail<FormatError>(where_, "too many values", concat("at most ", most_bytes_, " bytes of them are held"));
  }
  Json* add(Json value) {
    count(sizeof value * kGrown);
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back().value;
    if (parent.is_array()) return &parent.emplace_back(std::move(value));
    auto& members = parent.get_ref<Json::object_t&>();  // a vector of pairs: push_back avoids the search for the key
    members.push_back({std::move(key_), std::move(value)});
    return &members.back().second;
  }
  bool put(Json value) { return add(std::move(value)) != nullptr; }
  bool open(Json container) {
    if (open_.size() == kJsonDepth)
      fail<FormatError>(where_, "nested too deeply", concat("at most ", kJsonDepth, " levels are read"));
    count(kNode);
    open_.push_back({add(std::move(container))});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  static constexpr std::size_t kGrown = 3;  // a vector that doubles briefly holds its values up to three times
  static constexpr std::size_t kNode = 64;  // bytes of a set's element, and of the vector in an array or object

  std::string where_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  Json root_;
  std::string key_;
  std::vector<Container> open_;
};

/// Length of the longest string or number in JSON text. If the text is not JSON, at least the length of what a lexer
/// would take for one.
inline std::size_t longest_token(std::string_view text) {
  std::size_t longest = 0, begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends =
        quoted ? text[i] == '"' : std::string_view("\",:[]{} \t\r\n").find(text[i]) != std::string_view::npos;
    if (quoted && text[i] == '\\') ++i;
    if (!ends) continue;
    longest = std::max(longest, i - begin);
    begin = i + 1;
    if (text[i] == '"') quoted = !quoted;
  }
  return std::max(longest, text.size() - begin);
}

/// Parses untrusted text with `handler`, which implements nlohmann's SAX interface and throws on what it does not
/// accept. nlohmann's lexer takes NUL for the end of the text, so NUL is refused here.
template <class Handler>
void parse_json_events(std::string_view text, const std::string& where, Handler& handler) {
  if (const auto position = text.find('\0'); position != std::string_view::npos)
    fail<FormatError>(where, concat("not JSON (a NUL at byte ", position, ")"), "JSON text in UTF-8 is needed");
  Json::sax_parse(text, &handler);
}

/// Parses untrusted JSON text. Throws FormatError, starting with `where`, for anything but UTF-8 JSON, for equal keys
/// in one object, nesting deeper than kJsonDepth, strings longer than kJsonToken and more values than fit in
/// `most_bytes`.
inline Json parse_json(std::string_view text, const std::string& where, std::size_t most_bytes = kJsonBytes) {
  if (const std::size_t length = longest_token(text); length > kJsonToken)
    fail<FormatError>(where, concat("a text of ", length, " bytes"), concat("at most ", kJsonToken, " are read"));
  JsonBuilder builder(where, most_bytes);
  parse_json_events(text, where, builder);
  return builder.take();
}

/// The value in a file. Throws the FormatError of `parse_json` and `read_file`.
inline Json read_json(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 24) {
  return parse_json(read_file(path, most_bytes), printable_path(path));
}

/// JSON text in one line, for files and pages. NaN and infinity, which JSON lacks, become null. Bytes that are not
/// UTF-8 become U+FFFD.
inline std::string compact_text(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// JSON text, indented by two spaces, with a newline at the end. NaN and infinity, which JSON lacks, become null. Bytes
/// that are not UTF-8 become U+FFFD. Every control character is escaped, even those that JSON allows: the text may be
/// shown in a terminal.
inline std::string to_text(const Json& value) {
  const std::string raw = value.dump(2, ' ', false, Json::error_handler_t::replace);
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(raw.size() + 1);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const bool high = raw[i] == '\xc2' && (raw[i + 1] & 0xe0) == 0x80;  // U+0080 to U+009F; a text ends in a quote
    if (!high && raw[i] != '\x7f') {
      text += raw[i];
      continue;
    }
    const auto code = static_cast<unsigned char>(high ? raw[++i] : raw[i]);
    (text += "\\u00") += {kHex[code >> 4], kHex[code & 15]};
  }
  return text + '\n';
}

/// Writes `to_text(value)`, all or nothing. Throws the Error of `write_file`.
inline void write_json(const std::filesystem::path& path, const Json& value) { write_file(path, to_text(value)); }

}  // namespace hcnn::io
