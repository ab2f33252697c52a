// Pictures as inputs: cutting to proportions, scaling, grey.
#include "hcnn/io/picture_fit.hpp"

#include <doctest/doctest.h>

#include "errors.hpp"

using namespace hcnn;
using io::Fit;
using testing::error_of;

namespace {

/// A picture whose column x is red 10 x and whose row y is green 10 y.
io::Image ramps(Index width, Index height) {
  io::Image image(width, height);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      image.set(x, y, {static_cast<std::uint8_t>(10 * x), static_cast<std::uint8_t>(10 * y), 0});
  return image;
}

}  // namespace

TEST_CASE("the largest centred part of the right proportions is kept") {
  const io::Image wide = io::crop_to_proportions(ramps(9, 4), 1, 1);
  CHECK(wide.width == 4);
  CHECK(wide.height == 4);
  CHECK(wide.get(0, 0) == io::Colour{20, 0, 0});  // 2 columns are cut off on the left, 3 on the right
  CHECK(wide.get(3, 3) == io::Colour{50, 30, 0});
  const io::Image tall = io::crop_to_proportions(ramps(4, 10), 2, 1);
  CHECK(tall.width == 4);
  CHECK(tall.height == 2);
  CHECK(tall.get(0, 0) == io::Colour{0, 40, 0});
  const io::Image same = io::crop_to_proportions(ramps(6, 4), 3, 2);
  CHECK(same.pixels == ramps(6, 4).pixels);
}

TEST_CASE("of a picture of one column or row something is always left") {
  const io::Image line = io::crop_to_proportions(ramps(1, 20), 100, 1);
  CHECK(line.width == 1);
  CHECK(line.height == 1);
  CHECK(line.get(0, 0) == io::Colour{0, 90, 0});
}

TEST_CASE("squash keeps everything, crop keeps proportions") {
  io::Image image(8, 4, {200, 0, 0});
  for (Index y = 0; y < 4; ++y)
    for (Index x = 2; x < 6; ++x) image.set(x, y, {0, 0, 100});  // a square in the middle
  const auto cropped = io::input_bytes(image, {4, 4, 3}, Fit::crop);
  for (std::size_t i = 0; i < cropped.size(); ++i) CHECK(cropped[i] == (i % 3 == 2 ? 100 : 0));
  const auto squashed = io::input_bytes(image, {4, 4, 3}, Fit::squash);
  CHECK(squashed == io::resize(image, 4, 4).pixels);
  CHECK(squashed[0] > 150);  // the red border is still there
}

TEST_CASE("bytes come out in rows of the height and width that are asked for") {
  const auto bytes = io::input_bytes(ramps(5, 3), {3, 5, 3}, Fit::squash);
  CHECK(bytes == ramps(5, 3).pixels);
  CHECK(io::input_bytes(ramps(5, 3), {7, 2, 1}, Fit::crop).size() == 14);
}

TEST_CASE("grey is the luminance of BT.601, and a grey picture keeps its values") {
  const auto grey_of = [](io::Colour colour) {
    return io::input_bytes(io::Image(1, 1, colour), {1, 1, 1}, Fit::squash);
  };
  CHECK(grey_of({255, 0, 0}) == std::vector<std::uint8_t>{76});
  CHECK(grey_of({0, 255, 0}) == std::vector<std::uint8_t>{150});
  CHECK(grey_of({0, 0, 255}) == std::vector<std::uint8_t>{29});
  for (int value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    CHECK(grey_of({byte, byte, byte}) == std::vector<std::uint8_t>{byte});
  }
}

TEST_CASE("fits have names, and another name is refused") {
  for (const Fit fit : {Fit::squash, Fit::crop}) CHECK(io::parse_fit(io::to_string(fit), "here") == fit);
  CHECK(error_of<FormatError>([] { io::parse_fit("fi\nll", "here"); }) ==
        "here: fit 'fi\\x0all'; squash and crop are known");
}

TEST_CASE("channels other than 1 and 3, empty pictures and parts that stick out are refused") {
  CHECK(error_of<ShapeError>([] {
          io::input_bytes(ramps(2, 2), {2, 2, 2}, Fit::squash);
        }) == "input_bytes: 2 channels; 3 (red, green, blue) or 1 (grey) are needed");
  CHECK_THROWS_AS(io::input_bytes(io::Image(), {2, 2, 3}, Fit::crop), ShapeError);
  CHECK_THROWS_AS(io::crop_to_proportions(ramps(2, 2), 0, 1), ShapeError);
  CHECK(error_of<ShapeError>([] { io::crop(ramps(4, 4), 2, 0, 3, 1); }) ==
        "crop: 3x1 pixels at 2, 0; a part of 4x4 pixels is needed");
  CHECK_THROWS_AS(io::crop(ramps(4, 4), 0, -1, 1, 1), ShapeError);
}
