// Reader of CIFAR-100's binary version (Krizhevsky 2009); the file is not trusted.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/data/dataset.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

namespace hcnn::data {

/// Shape of a CIFAR image.
inline constexpr Shape kCifarShape{.height = 32, .width = 32, .channels = 3};
/// Bytes of a record: superclass, fine class, then 1024 red, 1024 green and 1024 blue values, each plane row by row.
inline constexpr std::size_t kCifarRecord = 2 + 3 * 1024;

/// Number of records a file must hold, from its size. Throws FormatError unless it is a regular file that can be read
/// and holds whole records, at least one.
inline std::size_t count_cifar100_records(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    fail<FormatError>(path.string(), "no such file", "a CIFAR-100 file is expected");
  if (!std::filesystem::is_regular_file(status))
    fail<FormatError>(path.string(), "not a regular file", "a CIFAR-100 file is expected");
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) fail<FormatError>(path.string(), error.message(), "a readable file is expected");
  if (bytes == 0 || bytes % kCifarRecord != 0) {
    const char* hint = bytes != 0 && bytes % (kCifarRecord - 1) == 0 ? " (the size of a CIFAR-10 file)" : "";
    fail<FormatError>(path.string(), concat(bytes, " bytes", hint),
                      concat("a positive multiple of ", kCifarRecord, " is expected"));
  }
  return static_cast<std::size_t>(bytes / kCifarRecord);
}

/// Throws FormatError unless record `index` has a fine class, and that class's superclass.
inline void check_cifar100_record(const std::filesystem::path& path, std::size_t index, const std::uint8_t* record) {
  const Taxonomy& tree = cifar100_taxonomy();
  const auto wrong = [&](const std::string& came, const std::string& expected) {
    fail<FormatError>(path.string(), concat("record ", index, " has ", came), expected + " is expected");
  };
  const int superclass = record[0], fine = record[1];
  if (superclass >= tree.class_count(1)) wrong(concat("superclass ", superclass), "0..19");
  if (fine >= tree.class_count(0)) wrong(concat("fine class ", fine), "0..99");
  const Label parent = tree.parent(0, fine);
  if (parent != superclass)
    wrong(concat("fine class ", fine, " in superclass ", superclass), concat("its superclass ", parent));
}

/// The checked records of a file, one after another in file order. Memory for all of them is taken only after the first
/// 64 have passed, so a huge file of something else costs little. Throws FormatError.
inline std::vector<std::uint8_t> read_cifar100_records(const std::filesystem::path& path) {
  const std::size_t count = count_cifar100_records(path), chunk = 64;
  std::ifstream file(path, std::ios::binary);
  if (!file) fail<FormatError>(path.string(), "cannot be opened", "a readable file is expected");
  std::vector<std::uint8_t> records;
  for (std::size_t first = 0; first < count; first += chunk) {
    const std::size_t last = std::min(count, first + chunk);
    if (first == chunk) records.reserve(count * kCifarRecord);
    records.resize(last * kCifarRecord);
    auto* into = reinterpret_cast<char*>(records.data() + first * kCifarRecord);
    if (!file.read(into, static_cast<std::streamsize>((last - first) * kCifarRecord)))
      fail<FormatError>(path.string(), concat("ended in the records ", first, "..", last - 1),
                        concat(count, " records are expected"));
    for (std::size_t i = first; i < last; ++i) check_cifar100_record(path, i, records.data() + i * kCifarRecord);
  }
  return records;
}

/// Reads one file of CIFAR-100 records: shape 32x32x3, levels "fine", "superclass" and "group" of `cifar100_taxonomy`.
/// Samples are sorted by the bytes of their records, so that nothing depends on the order in the file. Any number of
/// records will do. Throws FormatError, which names the file and the record.
inline Dataset read_cifar100_file(const std::filesystem::path& path) {
  std::vector<std::uint8_t> records = read_cifar100_records(path);
  std::vector<std::size_t> order(records.size() / kCifarRecord);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::memcmp(records.data() + a * kCifarRecord, records.data() + b * kCifarRecord, kCifarRecord) < 0;
  });

  const auto plane = static_cast<std::size_t>(kCifarShape.pixels());
  std::vector<std::uint8_t> pixels(order.size() * 3 * plane);
  std::vector<Label> fine(order.size());
  std::uint8_t* out = pixels.data();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint8_t* record = records.data() + order[i] * kCifarRecord;
    fine[i] = record[1];
    for (std::size_t p = 0; p < plane; ++p)
      for (std::size_t c = 0; c < 3; ++c) *out++ = record[2 + c * plane + p];
  }
  records = {};  // frees them: the peak stays at twice the file
  return Dataset(kCifarShape, std::move(pixels), cifar100_taxonomy(), std::move(fine));
}

/// Reads `dir`/train.bin or `dir`/test.bin as `read_cifar100_file` does; the same FormatError.
inline Dataset load_cifar100(const std::filesystem::path& dir, Part part) {
  return read_cifar100_file(dir / (part == Part::train ? "train.bin" : "test.bin"));
}

}  // namespace hcnn::data
