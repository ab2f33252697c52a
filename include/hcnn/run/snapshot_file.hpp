// resume.safetensors: the snapshot of a training run on disk, with a checksum, written atomically.
#pragma once

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/io/json.hpp"
#include "hcnn/io/safetensors.hpp"
#include "hcnn/io/safetensors_writer.hpp"
#include "hcnn/run/run_folder.hpp"

namespace hcnn::run {

/// Version of the content of resume.safetensors; files of another version are rejected.
inline constexpr const char* kSnapshotFormat = "1";

/// Writes the snapshot atomically as a safetensors file: numbers as F32, F64 or I64 arrays, texts as JSON in the
/// metadata, CRC-32 of everything. Throws as `io::write_safetensors`, and FormatError for texts that `read_snapshot`
/// would reject: one of more than 64 KiB, or all of them together far longer than the numbers.
inline void write_snapshot(const std::filesystem::path& path, const Snapshot& snapshot) {
  std::vector<io::TensorToWrite> tensors;
  io::Json texts = io::Json::object();
  std::uint64_t payload_bytes = 0;
  for (const auto& [name, values] : snapshot.values) {
    const auto add = [&, &key = name](const auto& list) {
      using Value = typename std::decay_t<decltype(list)>::value_type;
      if constexpr (std::is_same_v<Value, std::string>)
        texts[key] = list;
      else
        tensors.push_back({key,
                           std::is_integral_v<Value> ? "I64"
                           : sizeof(Value) == 8      ? "F64"
                                                     : "F32",
                           {static_cast<Index>(list.size())},
                           std::as_bytes(std::span(list))});
      if constexpr (!std::is_same_v<Value, std::string>) payload_bytes += list.size() * sizeof(Value);
    };
    std::visit(add, values);
  }
  const std::string text = io::compact_text(texts);
  // Make sure that it can be read back.
  io::parse_json(text, io::printable_path(path) + ": texts", io::metadata_json_bytes(payload_bytes));
  io::write_safetensors(path, std::move(tensors), {{"hcnn.snapshot", kSnapshotFormat}, {"hcnn.texts", text}});
}

/// Reads a JSON array of strings. Throws FormatError, beginning with `where`, for anything else.
inline std::vector<std::string> text_list(const io::Json& list, const std::string& where, const std::string& name) {
  std::vector<std::string> texts;
  const auto is_text = [](const io::Json& value) { return value.is_string(); };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_text))
    fail<FormatError>(where, "texts: '" + printable(name) + "' that is no list of texts", "a list is needed");
  for (const io::Json& text : list) texts.push_back(text.get<std::string>());
  return texts;
}

/// Reads a file written by `write_snapshot`; `Snapshot::where` is its path. Throws FormatError, naming file and reason,
/// for a file that is missing, damaged, without checksum, or something else.
inline Snapshot read_snapshot(const std::filesystem::path& path) {
  const std::string where = io::printable_path(path);
  const io::SafetensorsFile file = io::read_safetensors(path, std::uint64_t{1} << 40);
  const auto format = file.metadata.find("hcnn.snapshot");
  const auto texts = file.metadata.find("hcnn.texts");
  if (format == file.metadata.end() || texts == file.metadata.end())
    fail<FormatError>(where, "not a checkpoint", "the resume.safetensors of a run is needed");
  if (format->second != kSnapshotFormat)
    fail<FormatError>(where, "checkpoint format '" + printable(format->second) + "'",
                      concat(kSnapshotFormat, " is known"));
  if (!file.checksummed) fail<FormatError>(where, "no checksum", "a checkpoint has one");
  Snapshot snapshot{.where = where};
  const auto add = [&](const io::TensorEntry& tensor, auto list) {
    list.resize(static_cast<std::size_t>(tensor.size()));
    io::copy_values(tensor, std::span(list));
    snapshot.values.emplace(tensor.name, std::move(list));
  };
  for (const io::TensorEntry& tensor : file.tensors) {
    if (tensor.dtype == "F32")
      add(tensor, std::vector<float>());
    else if (tensor.dtype == "F64")
      add(tensor, std::vector<double>());
    else if (tensor.dtype == "I64")
      add(tensor, std::vector<std::int64_t>());
    else
      fail<FormatError>(where, "tensor '" + printable(tensor.name) + "' of type " + tensor.dtype,
                        "a checkpoint has F32, F64 and I64");
  }
  const io::Json json = io::parse_json(texts->second, where + ": texts", io::metadata_json_bytes(file.payload_bytes()));
  if (!json.is_object()) fail<FormatError>(where, "texts that are no JSON object", "an object is needed");
  for (const auto& item : json.items()) snapshot.values.emplace(item.key(), text_list(item.value(), where, item.key()));
  return snapshot;
}

/// Snapshot to resume the run in this folder from, for `FitOptions::resume`. Throws Error if there is no
/// resume.safetensors, FormatError as `read_snapshot`.
/// `.callbacks = {run::checkpoint("runs/first")}, .resume = run::resume("runs/first")`.
inline std::shared_ptr<const Snapshot> resume(const std::filesystem::path& folder) {
  const RunFolder files(folder);
  if (!std::filesystem::exists(files.resume()))
    fail<Error>(io::printable_path(folder), "it holds no resume.safetensors", "the folder of an earlier run is needed");
  return std::make_shared<const Snapshot>(read_snapshot(files.resume()));
}

/// As `resume`, but null, which starts a new run, if the folder has no resume.safetensors yet: for programs that are
/// restarted until they are done. Throws FormatError as `read_snapshot`.
/// `.callbacks = {run::checkpoint("runs/first")}, .resume = run::resume_if_begun("runs/first")`.
inline std::shared_ptr<const Snapshot> resume_if_begun(const std::filesystem::path& folder) {
  if (!std::filesystem::exists(RunFolder(folder).resume())) return nullptr;
  return resume(folder);
}

}  // namespace hcnn::run
