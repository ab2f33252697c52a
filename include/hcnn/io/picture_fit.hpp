// Images of any size as a network's input: scaled or cropped to one size, in colour or grey.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// What happens to an image whose proportions are not the requested ones.
enum class Fit {
  squash,  ///< scale width and height separately: keeps the whole image, not its proportions
  crop     ///< keep the largest centred part with the right proportions
};

/// "squash" or "crop".
inline const char* to_string(Fit fit) { return fit == Fit::squash ? "squash" : "crop"; }

/// The fit with this name. Throws FormatError, starting with `where`, for any other name.
inline Fit parse_fit(std::string_view name, const std::string& where) {
  if (name != "squash" && name != "crop")
    fail<FormatError>(where, "fit '" + printable(name) + "'", "squash and crop are known");
  return name == "squash" ? Fit::squash : Fit::crop;
}

/// The part of an image that starts at column `left` and row `top`. Throws ShapeError if it exceeds the image.
inline Image crop(const Image& image, Index left, Index top, Index width, Index height) {
  if (left < 0 || top < 0 || width < 1 || height < 1 || left > image.width - width || top > image.height - height)
    fail<ShapeError>("crop", concat(width, 'x', height, " pixels at ", left, ", ", top),
                     concat("a part of ", image.width, 'x', image.height, " pixels is needed"));
  Image part(width, height);
  for (Index y = 0; y < height; ++y) std::copy_n(image.at(left, top + y), width * Image::channels, part.at(0, y));
  return part;
}

/// The largest centred part with the proportions width : height, to whole pixels; if an odd number is cut off, the left
/// or upper side loses one less. Throws ShapeError for extents below 1 and an empty image.
inline Image crop_to_proportions(const Image& image, Index width, Index height) {
  require_pixels("crop_to_proportions", image);
  if (width < 1 || height < 1)
    fail<ShapeError>("crop_to_proportions", concat(width, " : ", height), "at least 1 each is needed");
  // To the nearest pixel: an image that is off by less than half a pixel is taken whole.
  const Index columns = std::clamp<Index>((2 * image.height * width + height) / (2 * height), 1, image.width);
  const Index rows = std::clamp<Index>((2 * image.width * height + width) / (2 * width), 1, image.height);
  if (columns == image.width && rows == image.height) return image;
  return crop(image, (image.width - columns) / 2, (image.height - rows) / 2, columns, rows);
}

/// The image as the bytes of a network's input, H, W, C: cropped if `fit` says so, then scaled by `resize` (an average
/// over the covered area when reducing, bilinear when enlarging); with one channel in grey, 0.299 red + 0.587 green +
/// 0.114 blue (ITU-R BT.601). Throws ShapeError for channels other than 1 and 3, and as `Image` does for other extents.
inline std::vector<std::uint8_t> input_bytes(const Image& image, const Shape& shape, Fit fit) {
  if (shape.channels != 1 && shape.channels != 3)
    fail<ShapeError>("input_bytes", concat(shape.channels, " channels"), "3 (red, green, blue) or 1 (grey) are needed");
  Image sized = resize(fit == Fit::crop ? crop_to_proportions(image, shape.width, shape.height) : image, shape.width,
                       shape.height);
  if (shape.channels == 3) return std::move(sized.pixels);
  std::vector<std::uint8_t> grey;
  grey.reserve(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < sized.pixels.size(); i += 3) {
    const int red = sized.pixels[i], green = sized.pixels[i + 1], blue = sized.pixels[i + 2];
    grey.push_back(static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000));
  }
  return grey;
}

}  // namespace hcnn::io
