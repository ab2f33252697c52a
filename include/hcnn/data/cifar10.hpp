// Reader of CIFAR-10's binary version (Krizhevsky 2009); does not trust the files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/data/cifar_records.hpp"
#include "hcnn/hierarchy/cifar10.hpp"

namespace hcnn::data {

/// Record format of CIFAR-10: the class comes first.
inline constexpr CifarFormat kCifar10{"CIFAR-10", 1, "CIFAR-100", 2};

/// Throws FormatError unless record `index` has a legal class.
inline void check_cifar10_record(const std::string& path, std::size_t index, const std::uint8_t* record) {
  if (record[0] >= cifar10_taxonomy().class_count(0))
    fail<FormatError>(path, concat("record ", index, " has class ", int{record[0]}), "0..9 is expected");
}

/// Reads files of CIFAR-10 records as one data set: shape 32x32x3, levels "fine" and "superclass" of
/// `cifar10_taxonomy`. Samples are sorted by the bytes of their records, so that nothing depends on which file they are
/// in. Accepts any number of records. Throws FormatError naming the file and the record.
inline Dataset read_cifar10_files(const std::vector<std::string>& paths) {
  return read_cifar_files(paths, kCifar10, check_cifar10_record, cifar10_taxonomy());
}

/// Reads `dir`/data_batch_1.bin to data_batch_5.bin, or `dir`/test_batch.bin, as `read_cifar10_files` does, with the
/// same FormatError.
inline Dataset load_cifar10(const std::string& dir, Part part) {
  if (part == Part::test) return read_cifar10_files({cifar_file(dir, "test_batch.bin")});
  std::vector<std::string> paths;
  for (int batch = 1; batch <= 5; ++batch) paths.push_back(cifar_file(dir, concat("data_batch_", batch, ".bin")));
  return read_cifar10_files(paths);
}

}  // namespace hcnn::data
