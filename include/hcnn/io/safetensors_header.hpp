// The header of a safetensors file: parsed strictly, event by event, and checked against the bytes after it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/io/safetensors_format.hpp"

namespace hcnn::io {

/// Description of one array in a header.
struct HeaderEntry {
  std::string name;         ///< "trunk.0.weight"
  std::string dtype;        ///< "F32"
  std::vector<Index> dims;  ///< extents
  std::uint64_t begin = 0;  ///< first byte of the array, counted from the end of the header
  std::uint64_t end = 0;    ///< byte after its last, counted from the end of the header
};

/// Content of a header.
struct SafetensorsHeader {
  std::vector<HeaderEntry> tensors;             ///< arrays in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< `__metadata__`
};

/// Receives the events of a header's JSON. Its form is fixed: {"name": {"dtype": "F32", "shape": [..], "data_offsets":
/// [begin, end]}, .., "__metadata__": {"key": "text", ..}}; anything else throws FormatError.
class HeaderHandler : public nlohmann::json_sax<Json> {
 public:
  /// @param where start of every message
  explicit HeaderHandler(std::string where) : where_(std::move(where)) {}
  /// The header, after parsing.
  SafetensorsHeader take() { return std::move(header_); }

  bool key(string_t& name) override {
    if (depth_ == 1)
      begin_entry(std::move(name));
    else
      begin_field(std::move(name));
    return true;
  }
  bool start_object(std::size_t) override {
    if (depth_ == 2 || in_array_) refuse("an object inside a tensor");
    ++depth_;
    return true;
  }
  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_) end_tensor();
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ != 2 || in_metadata_ || in_array_ || field_ == "dtype") refuse("an array");
    return in_array_ = true;
  }
  bool end_array() override {
    in_array_ = false;
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ != 2 || in_array_ || !(in_metadata_ || field_ == "dtype")) refuse("a string");
    (in_metadata_ ? header_.metadata[field_] : header_.tensors.back().dtype) = std::move(text);
    return true;
  }
  bool number_unsigned(number_unsigned_t number) override {
    if (!in_array_) refuse("a number");
    if (number > std::uint64_t{1} << 62) refuse(concat("number ", number));
    if (field_ == "data_offsets")
      offsets_.push_back(number);
    else
      header_.tensors.back().dims.push_back(static_cast<Index>(number));
    if (offsets_.size() > 2) refuse("more than two data_offsets");
    if (header_.tensors.back().dims.size() > kMostDims) refuse(concat("more than ", kMostDims, " extents"));
    return true;
  }
  bool number_integer(number_integer_t number) override { refuse(concat("number ", number)); }
  bool number_float(number_float_t, const string_t& text) override { refuse("number " + printable(text)); }
  bool null() override { refuse("null"); }
  bool boolean(bool) override { refuse("a boolean"); }
  bool binary(binary_t&) override { refuse("binary data"); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    refuse("no JSON (" + printable(error.what(), 200) + ")");
  }

 private:
  void begin_entry(std::string name) {
    in_metadata_ = name == "__metadata__";
    if (in_metadata_) {
      if (std::exchange(metadata_seen_, true)) refuse("key '__metadata__' twice");
      return;
    }
    if (!is_tensor_name(name)) refuse("tensor name '" + printable(name) + "'");
    if (header_.tensors.size() == kMostTensors) refuse(concat("more than ", kMostTensors, " tensors"));
    header_.tensors.push_back({std::move(name), {}, {}, 0, 0});
    fields_.clear();
    offsets_.clear();
  }
  void begin_field(std::string name) {
    if (in_metadata_) {
      if (header_.metadata.contains(name)) refuse("key '" + printable(name) + "' twice");
      if (header_.metadata.size() == kMostMetadata) refuse(concat("more than ", kMostMetadata, " metadata entries"));
    } else {
      if (name != "dtype" && name != "shape" && name != "data_offsets") refuse("field '" + printable(name) + "'");
      if (!fields_.insert(name).second) refuse("key '" + name + "' twice");
    }
    field_ = std::move(name);
  }
  void end_tensor() {
    HeaderEntry& entry = header_.tensors.back();
    if (fields_.size() != 3 || offsets_.size() != 2) refuse("tensor '" + entry.name + "' without its three fields");
    entry.begin = offsets_[0];
    entry.end = offsets_[1];
    const std::string where = where_ + ": tensor '" + entry.name + "'";
    const std::uint64_t bytes = tensor_bytes(entry.dtype, entry.dims, where);
    if (entry.begin > entry.end || entry.end - entry.begin != bytes)
      fail<FormatError>(where, concat("offsets ", entry.begin, " to ", entry.end),
                        concat("type and extents make ", bytes, " bytes"));
  }
  [[noreturn]] void refuse(const std::string& came) const {
    fail<FormatError>(where_, came + " in the header", "a safetensors header is needed");
  }

  std::string where_;
  SafetensorsHeader header_;
  int depth_ = 0;  // number of open objects
  bool in_array_ = false;
  bool in_metadata_ = false;
  bool metadata_seen_ = false;
  std::string field_;
  std::set<std::string> fields_;
  std::vector<std::uint64_t> offsets_;
};

/// Parses a header no longer than `longest_header` whose arrays cover `payload_bytes` bytes without gap or overlap and
/// have different names. Throws FormatError, starting with `where`, for anything else.
inline SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t payload_bytes,
                                                  const std::string& where) {
  if (!text.starts_with('{'))
    fail<FormatError>(where, "a header that does not begin with '{'", "a safetensors header is needed");
  require_header_bytes(text.size(), payload_bytes, where);
  HeaderHandler handler(where);
  parse_json_events(text, where, handler);
  SafetensorsHeader header = handler.take();

  std::vector<std::string_view> names;
  for (const HeaderEntry& entry : header.tensors) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  if (const auto twin = std::adjacent_find(names.begin(), names.end()); twin != names.end())
    fail<FormatError>(where, "tensor '" + std::string(*twin) + "' comes twice", "names must differ");

  std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t covered = 0;
  for (const HeaderEntry& entry : header.tensors) {
    if (entry.begin != covered)
      fail<FormatError>(where, concat("tensor '", entry.name, "' begins at byte ", entry.begin),
                        concat("the one before ends at ", covered));
    covered = entry.end;
  }
  if (covered != payload_bytes)
    fail<FormatError>(where, concat(payload_bytes, " bytes behind the header"), concat("its tensors have ", covered));
  return header;
}

}  // namespace hcnn::io
