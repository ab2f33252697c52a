// The CIFAR-100 reader on small files of its own, good and bad, and on the real ones where HCNN_CIFAR100_DIR names
// them.
#include "hcnn/data/cifar100.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "hcnn/data/normalization.hpp"

using namespace hcnn;
namespace fs = std::filesystem;

namespace {

/// A folder of its own that is gone at the end of the test.
struct Folder {
  fs::path path = fs::temp_directory_path() / concat("hcnn_cifar100_test_", ::getpid());
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }

  fs::path write(const std::string& name, const std::vector<std::uint8_t>& bytes) const {
    std::ofstream file(path / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path / name;
  }
};

/// A record whose byte k of the pixels is (k * 7 + salt) mod 256.
std::vector<std::uint8_t> record(int superclass, int fine, int salt) {
  std::vector<std::uint8_t> bytes{static_cast<std::uint8_t>(superclass), static_cast<std::uint8_t>(fine)};
  for (int k = 0; k < 3072; ++k) bytes.push_back(static_cast<std::uint8_t>(k * 7 + salt));
  return bytes;
}

std::vector<std::uint8_t> join(const std::vector<std::vector<std::uint8_t>>& parts) {
  std::vector<std::uint8_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::string cifar100_error(const fs::path& path) {
  try {
    data::read_cifar100_file(path);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no FormatError";
}

}  // namespace

TEST_CASE("a CIFAR-100 record becomes an image with channels last and labels at three levels") {
  const Folder folder;
  const auto bytes = record(11, 19, 5);  // cattle, a large omnivore or herbivore, a large animal
  folder.write("train.bin", bytes);
  const data::Dataset set = data::load_cifar100(folder.path, data::Part::train);
  CHECK(set.size() == 1);
  CHECK(set.shape() == Shape{.height = 32, .width = 32, .channels = 3});
  CHECK(set.label(set.level_index("fine"), 0) == 19);
  CHECK(set.label(set.level_index("superclass"), 0) == 11);
  CHECK(set.label(set.level_index("group"), 0) == 4);
  REQUIRE(set.taxonomy() != nullptr);
  CHECK(*set.taxonomy() == cifar100_taxonomy());
  std::vector<float> image(3072);
  set.copy_image(0, image.data());
  for (std::size_t row = 0; row < 32; ++row)
    for (std::size_t column = 0; column < 32; ++column)
      for (std::size_t c = 0; c < 3; ++c)
        REQUIRE(image[(row * 32 + column) * 3 + c] ==
                static_cast<float>(bytes[2 + c * 1024 + row * 32 + column]) / 255.0F);
}

TEST_CASE("the order of the records in a file does not matter") {
  const Folder folder;
  const auto a = record(0, 4, 9), b = record(0, 4, 3), c = record(1, 1, 0);
  const data::Dataset first = data::read_cifar100_file(folder.write("one.bin", join({a, b, c})));
  const data::Dataset second = data::read_cifar100_file(folder.write("two.bin", join({c, a, b})));
  std::vector<float> x(3072), y(3072);
  for (Index i = 0; i < 3; ++i) {
    first.copy_image(i, x.data());
    second.copy_image(i, y.data());
    CHECK(x == y);
    CHECK(first.label(0, i) == second.label(0, i));
  }
  first.copy_image(0, x.data());
  CHECK(x[0] == 3.0F / 255.0F);  // of two records with the same labels, the one with the smaller pixel comes first
}

TEST_CASE("a CIFAR-100 file cut off at any byte but between records is refused") {
  const Folder folder;
  auto bytes = join({record(0, 4, 0), record(1, 1, 0)});
  const fs::path path = folder.write("train.bin", bytes);
  for (std::uintmax_t size = bytes.size() - 1; size > 0; --size) {
    fs::resize_file(path, size);
    if (size == 3074)
      CHECK(data::read_cifar100_file(path).size() == 1);
    else
      REQUIRE(cifar100_error(path) == concat(path.string(), ": ", size, " bytes",
                                             size % 3073 ? "" : " (the size of a CIFAR-10 file)",
                                             "; a positive multiple of 3074 is expected"));
  }
  fs::resize_file(path, 0);
  CHECK(cifar100_error(path) == path.string() + ": 0 bytes; a positive multiple of 3074 is expected");
  bytes.push_back(0);
  CHECK(cifar100_error(folder.write("long.bin", bytes)).find(": 6149 bytes; ") != std::string::npos);
}

TEST_CASE("a wrong label is named with its record") {
  const Folder folder;
  const auto good = record(0, 4, 0);
  const auto error = [&](int superclass, int fine) {
    const fs::path path = folder.write("bad.bin", join({good, record(superclass, fine, 0)}));
    return cifar100_error(path).substr(path.string().size());
  };
  for (int superclass = 20; superclass < 256; ++superclass)
    CHECK(error(superclass, 4) == concat(": record 1 has superclass ", superclass, "; 0..19 is expected"));
  for (int fine = 100; fine < 256; ++fine)
    CHECK(error(0, fine) == concat(": record 1 has fine class ", fine, "; 0..99 is expected"));
  CHECK(error(1, 4) == ": record 1 has fine class 4 in superclass 1; its superclass 0 is expected");
}

TEST_CASE("a bad record far inside a CIFAR-100 file is found") {
  const Folder folder;
  std::vector<std::vector<std::uint8_t>> records(200, record(0, 4, 0));
  records[170] = record(2, 4, 0);
  CHECK(cifar100_error(folder.write("bad.bin", join(records))).find(": record 170 has fine class 4") !=
        std::string::npos);
}

TEST_CASE("a CIFAR-100 file that shrinks while it is read is an error") {
  const Folder folder;
  const fs::path path = folder.write("x.bin", join(std::vector<std::vector<std::uint8_t>>(70, record(0, 4, 0))));
  const auto cut = [](const std::string& name, std::size_t index, const std::uint8_t*) {
    if (index == 0) fs::resize_file(name, 64 * data::kCifar100.record());
  };
  std::vector<std::uint8_t> records;
  CHECK_THROWS_WITH_AS(data::append_cifar_records(path.string(), data::kCifar100, cut, records),
                       (path.string() + ": ended in the records 64..69; 70 records are expected").c_str(), FormatError);
}

TEST_CASE("a missing file, a folder and a CIFAR-10 file are told apart") {
  const Folder folder;
  const fs::path missing = folder.path / "train.bin";
  CHECK(cifar100_error(missing) == missing.string() + ": no such file; a CIFAR-100 file is expected");
  CHECK_THROWS_AS(data::load_cifar100(folder.path, data::Part::test), FormatError);
  CHECK(cifar100_error(folder.path) == folder.path.string() + ": not a regular file; a CIFAR-100 file is expected");
  const fs::path ten = folder.write("data_batch_1.bin", std::vector<std::uint8_t>(2 * 3073));
  CHECK(cifar100_error(ten) ==
        ten.string() + ": 6146 bytes (the size of a CIFAR-10 file); a positive multiple of 3074 is expected");
}

TEST_CASE("a sparse file of more than 4 GiB is refused by its first record") {
  const Folder folder;
  const fs::path path = folder.write("train.bin", {});
  std::error_code error;
  fs::resize_file(path, std::uintmax_t{3074} * 1500000, error);
  if (error) {
    MESSAGE("skipped: no sparse files here");
    return;
  }
  CHECK(cifar100_error(path) ==
        path.string() + ": record 0 has fine class 0 in superclass 0; its superclass 4 is expected");
}

TEST_CASE("the real CIFAR-100 has 50,000 and 10,000 images, balanced, with the published mean and deviation") {
  const char* dir = std::getenv("HCNN_CIFAR100_DIR");
  if (dir == nullptr) {
    MESSAGE("skipped: HCNN_CIFAR100_DIR does not name the folder of train.bin and test.bin");
    return;
  }
  for (const data::Part part : {data::Part::train, data::Part::test}) {
    const data::Dataset set = data::load_cifar100(dir, part);
    CHECK(set.size() == (part == data::Part::train ? 50000 : 10000));
    std::vector<Index> counts(100);
    for (Index i = 0; i < set.size(); ++i) ++counts[static_cast<std::size_t>(set.label(0, i))];
    CHECK(std::all_of(counts.begin(), counts.end(), [&](Index count) { return count == set.size() / 100; }));
    if (part == data::Part::test) continue;
    const data::Normalization measured = data::measure_normalization(set);
    const std::vector<double> mean{0.507075, 0.486549, 0.440918}, deviation{0.267334, 0.256438, 0.276150};
    for (std::size_t c = 0; c < 3; ++c) {  // published with 6 decimals, measured in float
      CHECK(std::abs(measured.mean[c] - mean[c]) < 0.6e-6);
      CHECK(std::abs(measured.deviation[c] - deviation[c]) < 0.6e-6);
    }
  }
}
