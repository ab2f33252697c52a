// Data sets from folders of pictures: pixels, labels, order, and files that are no pictures.
#include "hcnn/data/image_folder.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"
#include "hcnn/data/fingerprint.hpp"
#include "io/temporary_folder.hpp"

using namespace hcnn;
using io_test::TemporaryFolder;
using testing::error_of;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

namespace {

/// Writes a PNG of one colour, and its folder.
void picture(const TemporaryFolder& folder, const std::string& name, io::Colour colour, Index width = 4,
             Index height = 4) {
  fs::create_directories((folder / name).parent_path());
  io::write_png(folder / name, io::Image(width, height, colour));
}

std::vector<float> pixel(const data::Dataset& images, Index i) {
  std::vector<float> values(static_cast<std::size_t>(images.shape().size()));
  images.copy_image(i, values.data());
  values.resize(static_cast<std::size_t>(images.shape().channels));
  for (float& value : values) value *= 255;
  return values;
}

const data::ImageFolderOptions kSmall{.height = 4, .width = 4};

}  // namespace

TEST_CASE("a folder of class folders becomes a data set sorted by path") {
  const TemporaryFolder folder;
  picture(folder, "red/b.png", {250, 0, 0});
  picture(folder, "red/a.png", {200, 0, 0}, 9, 5);
  picture(folder, "blue/z.png", {0, 0, 100});
  const data::ImageFolder read = data::read_image_folder(folder.path(), {.height = 3, .width = 5});
  CHECK(read.files == Names{"blue/z.png", "red/a.png", "red/b.png"});
  CHECK(read.skipped.empty());
  CHECK(read.images.shape() == Shape{3, 5, 3});
  CHECK(read.images.levels() == 1);
  CHECK(read.images.level_name(0) == "fine");
  REQUIRE(read.images.taxonomy() != nullptr);
  CHECK(read.images.taxonomy()->classes(0) == Names{"blue", "red"});
  CHECK(read.images.label(0, 0) == 0);
  CHECK(read.images.label(0, 1) == 1);
  CHECK(read.images.label(0, 2) == 1);
  CHECK(pixel(read.images, 0) == std::vector<float>{0, 0, 100});
  CHECK(pixel(read.images, 1) == std::vector<float>{200, 0, 0});
  CHECK(pixel(read.images, 2) == std::vector<float>{250, 0, 0});
}

TEST_CASE("folders in folders become the levels of the tree") {
  const TemporaryFolder folder;
  for (const char* name : {"nut/good/1.png", "bolt/good/1.png", "bolt/bad/1.png"}) picture(folder, name, {1, 2, 3});
  const data::Dataset images = data::read_image_folder(folder.path(), kSmall).images;
  CHECK(images.taxonomy()->classes("fine") == Names{"bolt/bad", "bolt/good", "nut/good"});
  CHECK(images.taxonomy()->classes("superclass") == Names{"bolt", "nut"});
  CHECK(images.label(images.level_index("superclass"), 2) == 1);
  data::ImageFolderOptions named = kSmall;
  named.levels = {"state", "kind"};
  CHECK(data::read_image_folder(folder.path(), named).images.level_name(1) == "kind");
  named.levels = {"state"};
  CHECK(error_of<OptionError>([&] { data::read_image_folder(folder.path(), named); }) ==
        "read_image_folder: 1 names of levels; " + folder.path().string() + " has class folders 2 deep");
}

TEST_CASE("a given tree labels flat folders, in its own order of classes") {
  const TemporaryFolder folder;
  for (const char* name : {"ant/1.png", "bee/1.png", "elm/1.png"}) picture(folder, name, {1, 2, 3});
  data::ImageFolderOptions options = kSmall;
  options.taxonomy = Taxonomy({{"fine", {"elm", "bee", "ant"}, {0, 1, 1}}, {"kind", {"plant", "insect"}, {}}});
  const data::Dataset images = data::read_image_folder(folder.path(), options).images;
  CHECK(*images.taxonomy() == *options.taxonomy);
  for (Index i = 0; i < 3; ++i) CHECK(images.label(0, i) == 2 - i);
  CHECK(images.label(1, 2) == 0);
  options.levels = {"a", "b"};
  CHECK_THROWS_AS(data::read_image_folder(folder.path(), options), OptionError);
}

TEST_CASE("grey images have one channel, and cutting keeps what squashing would mix in") {
  const TemporaryFolder folder;
  io::Image wide(8, 4, {255, 255, 255});
  for (Index y = 0; y < 4; ++y)
    for (Index x = 2; x < 6; ++x) wide.set(x, y, {0, 0, 0});
  fs::create_directories(folder / "a");
  io::write_png(folder / "a/1.png", wide);
  data::ImageFolderOptions grey = kSmall;
  grey.channels = 1;
  CHECK(pixel(data::read_image_folder(folder.path(), grey).images, 0)[0] > 100);
  grey.fit = io::Fit::crop;
  CHECK(pixel(data::read_image_folder(folder.path(), grey).images, 0) == std::vector<float>{0});
}

TEST_CASE("a file that is no picture is named, and so is the number of all of them") {
  const TemporaryFolder folder;
  for (const char* name : {"a/1.png", "a/3.png", "b/1.png"}) picture(folder, name, {1, 2, 3});
  io_test::put(folder / "a/2.png", "no picture");
  const auto text = [&] { return error_of<FormatError>([&] { data::read_image_folder(folder.path(), kSmall); }); };
  const std::string line = (folder / "a/2.png").string() + ": not a picture; PNG, JPEG or PPM (P6) is needed";
  CHECK(text() == line);
  for (const char* name : {"b/Thumbs.db", "b/desktop.ini", "b/.hidden"})
    io_test::put(folder / name, "left by a system");
  CHECK(text() == line);
  io_test::put(folder / "b/notes.txt", "");
  CHECK(text() == line + " (2 files are bad)");
}

TEST_CASE("bad pictures can be skipped, a line each, and the good ones stay as they are") {
  const TemporaryFolder folder;
  picture(folder, "a/1.png", {10, 0, 0});
  picture(folder, "a/3.png", {30, 0, 0});
  picture(folder, "b/2.png", {50, 0, 0});
  io_test::put(folder / "a/2.png", io_test::content(folder / "a/1.png").substr(0, 40));
  io_test::put(folder / "b/1.txt", "words");
  fs::create_symlink(folder / "nowhere", folder / "b/3.png");
  data::ImageFolderOptions options = kSmall;
  options.skip_bad = true;
  const data::ImageFolder read = data::read_image_folder(folder.path(), options);
  CHECK(read.files == Names{"a/1.png", "a/3.png", "b/2.png"});
  REQUIRE(read.skipped.size() == 3);
  const Names bad{"a/2.png", "b/1.txt", "b/3.png"};
  for (std::size_t i = 0; i < 3; ++i) CHECK(testing::names(read.skipped[i], (folder / bad[i]).string() + ": "));
  for (Index i = 0; i < 3; ++i) {
    std::vector<float> all(48);
    read.images.copy_image(i, all.data());
    for (std::size_t k = 0; k < 48; ++k)  // the whole picture moved up
      CHECK(all[k] * 255 == (k % 3 == 0 ? 10.0F + 20.0F * static_cast<float>(i) : 0.0F));
    CHECK(read.images.label(0, i) == (i < 2 ? 0 : 1));
  }
  fs::remove(folder / "b/2.png");
  CHECK(error_of<FormatError>([&] { data::read_image_folder(folder.path(), options); }) ==
        "class 'b': every file is bad; it needs an image at least; of all bad files the first is " + read.skipped[0]);
}

TEST_CASE("neither the number of threads nor the moment a file was written changes the data set") {
  const TemporaryFolder one, two;
  for (int i = 0; i < 24; ++i) {
    const auto shade = [](int k) { return io::Colour{static_cast<std::uint8_t>(k), 0, 0}; };
    picture(one, concat(i % 3, "/", i, ".png"), shade(i), 4 + i, 7);
    picture(two, concat((23 - i) % 3, "/", 23 - i, ".png"), shade(23 - i), 27 - i, 7);
  }
  const auto hash = [](const TemporaryFolder& folder, int threads) {
    const ThreadCountScope scope(threads);
    return data::fingerprint(data::read_image_folder(folder.path(), kSmall).images);
  };
  CHECK(hash(one, 1) == hash(two, 4));
}

TEST_CASE("extents and channels out of range are refused before anything is read") {
  CHECK(error_of<OptionError>([] { data::read_image_folder("nowhere", {.height = 0}); }) ==
        "read_image_folder: height = 0; must be 1 to 4096");
  CHECK(error_of<OptionError>([] { data::read_image_folder("nowhere", {.width = 4097}); }) ==
        "read_image_folder: width = 4097; must be 1 to 4096");
  CHECK(error_of<OptionError>([] { data::read_image_folder("nowhere", {.channels = 2}); }) ==
        "read_image_folder: channels = 2; must be 3 (red, green, blue) or 1 (grey)");
  CHECK_THROWS_AS(data::read_image_folder("nowhere"), FormatError);
}
