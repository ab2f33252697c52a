// Reader of CIFAR-100's binary version (Krizhevsky 2009); does not trust the file.
#pragma once

#include <cstdint>
#include <string>

#include "hcnn/core/check.hpp"
#include "hcnn/data/cifar_records.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

namespace hcnn::data {

/// Record format of CIFAR-100: superclass and fine class come first.
inline constexpr CifarFormat kCifar100{"CIFAR-100", 2, "CIFAR-10", 1};

/// Throws FormatError unless record `index` has a legal fine class and the superclass of that class.
inline void check_cifar100_record(const std::string& path, std::size_t index, const std::uint8_t* record) {
  const Taxonomy& tree = cifar100_taxonomy();
  const auto wrong = [&](const std::string& came, const std::string& expected) {
    fail<FormatError>(path, concat("record ", index, " has ", came), expected + " is expected");
  };
  const int superclass = record[0], fine = record[1];
  if (superclass >= tree.class_count(1)) wrong(concat("superclass ", superclass), "0..19");
  if (fine >= tree.class_count(0)) wrong(concat("fine class ", fine), "0..99");
  const Label parent = tree.parent(0, fine);
  if (parent != superclass)
    wrong(concat("fine class ", fine, " in superclass ", superclass), concat("its superclass ", parent));
}

/// Reads one file of CIFAR-100 records: shape 32x32x3, levels "fine", "superclass" and "group" of `cifar100_taxonomy`.
/// Samples are sorted by the bytes of their records, so that nothing depends on the order in the file. Accepts any
/// number of records. Throws FormatError naming the file and the record.
inline Dataset read_cifar100_file(const std::string& path) {
  return read_cifar_files({path}, kCifar100, check_cifar100_record, cifar100_taxonomy());
}

/// Reads `dir`/train.bin or `dir`/test.bin as `read_cifar100_file` does, with the same FormatError.
inline Dataset load_cifar100(const std::string& dir, Part part) {
  return read_cifar100_file(cifar_file(dir, part == Part::train ? "train.bin" : "test.bin"));
}

}  // namespace hcnn::data
