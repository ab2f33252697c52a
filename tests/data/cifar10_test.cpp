// The CIFAR-10 reader on small files of its own, good and bad.
#include "hcnn/data/cifar10.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::put;
using io_test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

/// A record whose byte k of the pixels is (k * 7 + salt) mod 256.
std::string record(int label, int salt) {
  std::string bytes(1, static_cast<char>(label));
  for (int k = 0; k < 3072; ++k) bytes += static_cast<char>(k * 7 + salt);
  return bytes;
}

std::string cifar10_error(const fs::path& path) {
  return testing::error_of<FormatError>([&] { data::read_cifar10_files({path}); });
}

}  // namespace

TEST_CASE("a CIFAR-10 record becomes an image with channels last and labels at two levels") {
  const TemporaryFolder folder;
  const std::string bytes = record(9, 5);
  put(folder / "test_batch.bin", bytes);
  const data::Dataset set = data::load_cifar10(folder.path(), data::Part::test);
  CHECK(set.size() == 1);
  CHECK(set.shape() == Shape{.height = 32, .width = 32, .channels = 3});
  CHECK(set.label(set.level_index("fine"), 0) == 9);
  CHECK(set.label(set.level_index("superclass"), 0) == 1);
  REQUIRE(set.taxonomy() != nullptr);
  CHECK(*set.taxonomy() == cifar10_taxonomy());
  std::vector<float> image(3072);
  set.copy_image(0, image.data());
  for (std::size_t pixel = 0; pixel < 1024; ++pixel)
    for (std::size_t c = 0; c < 3; ++c)
      REQUIRE(image[pixel * 3 + c] ==
              static_cast<float>(static_cast<unsigned char>(bytes[1 + c * 1024 + pixel])) / 255.0F);
}

TEST_CASE("the training part is all five files, sorted by content: which file holds a record does not matter") {
  const TemporaryFolder one, two;
  for (int batch = 1; batch <= 5; ++batch) {
    put(one / concat("data_batch_", batch, ".bin"), record(batch, 1) + record(0, batch));
    put(two / concat("data_batch_", batch, ".bin"), record(0, 6 - batch) + record(6 - batch, 1));
  }
  const data::Dataset a = data::load_cifar10(one.path(), data::Part::train),
                      b = data::load_cifar10(two.path(), data::Part::train);
  REQUIRE(a.size() == 10);
  REQUIRE(b.size() == 10);
  std::vector<float> x(3072), y(3072);
  for (Index i = 0; i < 10; ++i) {
    a.copy_image(i, x.data());
    b.copy_image(i, y.data());
    CHECK(x == y);
    CHECK(a.label(0, i) == (i < 5 ? 0 : i - 4));
    CHECK(b.label(0, i) == a.label(0, i));
  }
}

TEST_CASE("a training part that lacks a file is refused by its name") {
  const TemporaryFolder folder;
  for (const int batch : {1, 2, 3, 5}) put(folder / concat("data_batch_", batch, ".bin"), record(1, batch));
  CHECK(testing::error_of<FormatError>([&] { data::load_cifar10(folder.path(), data::Part::train); }) ==
        (folder / "data_batch_4.bin").string() + ": no such file; a CIFAR-10 file is expected");
}

TEST_CASE("a CIFAR-10 file of another size is refused, and CIFAR-100's size is recognised") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a.bin";
  put(path, record(3, 0) + record(4, 0));
  for (const unsigned size : {6145U, 3074U, 3072U, 1U, 0U}) {
    fs::resize_file(path, size);
    CHECK(cifar10_error(path) == concat(path.string(), ": ", size, " bytes",
                                        size == 3074 ? " (the size of a CIFAR-100 file)" : "",
                                        "; a positive multiple of 3073 is expected"));
  }
  put(path, record(3, 0) + "x");
  CHECK(cifar10_error(path).find(": 3074 bytes (the size of a CIFAR-100 file); ") != std::string::npos);
  CHECK(cifar10_error(folder.path()) == folder.path().string() + ": not a regular file; a CIFAR-10 file is expected");
}

TEST_CASE("a label that is no class of CIFAR-10 is named with its record") {
  const TemporaryFolder folder;
  const fs::path path = folder / "a.bin";
  for (int label = 10; label < 256; ++label) {
    put(path, record(9, 0) + record(label, 0));
    CHECK(cifar10_error(path) == concat(path.string(), ": record 1 has class ", label, "; 0..9 is expected"));
  }
  std::string many;
  for (int i = 0; i < 200; ++i) many += record(i == 170 ? 77 : 1, i);
  put(path, many);
  CHECK(cifar10_error(path).find(": record 170 has class 77; ") != std::string::npos);
}

TEST_CASE("a CIFAR-100 file whose size fits CIFAR-10 too is refused by a label") {
  const TemporaryFolder folder;
  std::string bytes;
  for (int i = 0; i < 3073; ++i) bytes += static_cast<char>(i % 20) + record(50, i);
  put(folder / "train.bin", bytes);  // 3073 records of 3074 bytes
  CHECK(cifar10_error(folder / "train.bin").find(": record 1 has class ") != std::string::npos);
}
