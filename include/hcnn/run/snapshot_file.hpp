// resume.safetensors: the snapshot of a training on disk, with a checksum, written all or nothing.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/io/json_object.hpp"
#include "hcnn/io/safetensors.hpp"
#include "hcnn/io/safetensors_writer.hpp"
#include "hcnn/run/run_folder.hpp"

namespace hcnn::run {

/// Version of the content of resume.safetensors; a file of another one is refused.
inline constexpr const char* kSnapshotFormat = "1";

/// Writes the snapshot as a safetensors file, all or nothing: numbers as arrays F32, F64 or I64, texts as JSON in the
/// metadata, CRC-32 of everything. Throws as `io::write_safetensors`.
inline void write_snapshot(const std::filesystem::path& path, const Snapshot& snapshot) {
  std::vector<io::TensorToWrite> tensors;
  io::Json texts = io::Json::object();
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
    };
    std::visit(add, values);
  }
  io::write_safetensors(path, std::move(tensors),
                        {{"hcnn.snapshot", kSnapshotFormat},
                         {"hcnn.texts", texts.dump(-1, ' ', false, io::Json::error_handler_t::replace)}});
}

/// The snapshot in a file that `write_snapshot` wrote; `Snapshot::where` is its path. Throws FormatError, naming file
/// and reason, for a file that is missing, damaged, without checksum, or something else.
inline Snapshot read_snapshot(const std::filesystem::path& path) {
  const std::string where = io::printable_path(path);
  const io::SafetensorsFile file = io::read_safetensors(path, std::uint64_t{1} << 40);
  const auto format = file.metadata.find("hcnn.snapshot");
  const auto texts = file.metadata.find("hcnn.texts");
  if (format == file.metadata.end() || texts == file.metadata.end())
    fail<FormatError>(where, "not a checkpoint", "the resume.safetensors of a run is needed");
  if (format->second != kSnapshotFormat)
    fail<FormatError>(where, "checkpoint format '" + io::printable(format->second) + "'",
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
    else
      add(tensor, std::vector<std::int64_t>());
  }
  const io::Json json = io::parse_json(texts->second, where + ": texts");
  io::JsonObject object(json, where + ": texts");
  for (const auto& [name, list] : json.items()) snapshot.values.emplace(name, object.texts(name, 1'000'000));
  return snapshot;
}

/// What `FitOptions::resume` takes: where the run in this folder stood. Throws Error where there is no checkpoint,
/// FormatError as `read_snapshot`.
/// `.callbacks = {run::checkpoint("runs/first")}, .resume = run::resume("runs/first")`.
inline std::shared_ptr<const Snapshot> resume(const std::filesystem::path& folder) {
  const RunFolder files(folder);
  if (!std::filesystem::exists(files.resume()))
    fail<Error>(io::printable_path(folder), "it holds no resume.safetensors", "the folder of an earlier run is needed");
  return std::make_shared<const Snapshot>(read_snapshot(files.resume()));
}

}  // namespace hcnn::run
