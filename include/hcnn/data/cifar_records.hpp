// Shared by the CIFAR-10 and CIFAR-100 readers: records of label bytes and three planes; does not trust the files.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// Shape of a CIFAR image.
inline constexpr Shape kCifarShape{.height = 32, .width = 32, .channels = 3};

/// One of the two formats: a record is its label bytes, then 1024 red, 1024 green and 1024 blue values, each plane row
/// by row.
struct CifarFormat {
  const char* name;          ///< name of the format: "CIFAR-100"
  std::size_t labels;        ///< label bytes before the pixels, the finest label last
  const char* other;         ///< name of the other format, recognised by its size
  std::size_t other_labels;  ///< label bytes of the other format

  /// Bytes of a record.
  constexpr std::size_t record() const { return labels + 3 * 1024; }
};

/// Throws FormatError unless record `index` of the file has legal labels.
using CifarCheck = void (*)(const std::string& path, std::size_t index, const std::uint8_t* record);

/// Number of records in a file, from its size. Throws FormatError unless it is a regular file that holds whole records,
/// at least one.
inline std::size_t count_cifar_records(const std::string& path, const CifarFormat& format) {
  const std::string wanted = concat("a ", format.name, " file is expected");
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail<FormatError>(path, "no such file", wanted);
  if (!S_ISREG(status.st_mode)) fail<FormatError>(path, "not a regular file", wanted);
  const auto bytes = static_cast<std::uint64_t>(status.st_size);
  if (bytes == 0 || bytes % format.record() != 0) {
    const bool other = bytes != 0 && bytes % (format.other_labels + 3 * 1024) == 0;
    fail<FormatError>(path, concat(bytes, " bytes", other ? concat(" (the size of a ", format.other, " file)") : ""),
                      concat("a positive multiple of ", format.record(), " is expected"));
  }
  return static_cast<std::size_t>(bytes / format.record());
}

/// Appends the checked records of a file, in file order. Allocates memory for all of them only after the first 64 have
/// passed, so a huge file of another kind costs little. Throws FormatError.
inline void append_cifar_records(const std::string& path, const CifarFormat& format, CifarCheck check,
                                 std::vector<std::uint8_t>& records) {
  const std::size_t count = count_cifar_records(path, format), chunk = 64, before = records.size();
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) fail<FormatError>(path, "cannot be opened", "a readable file is expected");
  for (std::size_t first = 0; first < count; first += chunk) {
    const std::size_t last = std::min(count, first + chunk);
    if (first == chunk) records.reserve(before + count * format.record());
    records.resize(before + last * format.record());
    std::uint8_t* into = records.data() + before;
    if (std::fread(into + first * format.record(), format.record(), last - first, file.get()) != last - first)
      fail<FormatError>(path, concat("ended in the records ", first, "..", last - 1),
                        concat(count, " records are expected"));
    for (std::size_t i = first; i < last; ++i) check(path, i, into + i * format.record());
  }
}

/// Reads and checks the records of files as a data set with the labels of the tree. Samples are sorted by the bytes of
/// their records, so that nothing depends on their order in the files.
inline Dataset read_cifar_files(const std::vector<std::string>& paths, const CifarFormat& format, CifarCheck check,
                                const Taxonomy& tree) {
  std::vector<std::uint8_t> records;
  for (const auto& path : paths) append_cifar_records(path, format, check, records);
  const std::size_t size = format.record();
  std::vector<std::size_t> order(records.size() / size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::memcmp(records.data() + a * size, records.data() + b * size, size) < 0;
  });

  const auto plane = static_cast<std::size_t>(kCifarShape.pixels());
  std::vector<std::uint8_t> pixels(order.size() * 3 * plane);
  std::vector<Label> fine(order.size());
  std::uint8_t* out = pixels.data();
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::uint8_t* image = records.data() + order[i] * size + format.labels;
    fine[i] = image[-1];
    for (std::size_t p = 0; p < plane; ++p)
      for (std::size_t c = 0; c < 3; ++c) *out++ = image[c * plane + p];
  }
  records = {};  // frees them: the peak stays at twice the files
  return Dataset(kCifarShape, std::move(pixels), tree, std::move(fine));
}

/// Path of the file of this name in a folder.
inline std::string cifar_file(const std::string& dir, const std::string& name) {
  return dir.empty() || dir.ends_with('/') ? dir + name : dir + '/' + name;
}

}  // namespace hcnn::data
