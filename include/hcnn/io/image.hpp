// 8-bit colour images: writing PNG, and resampling to another size.
#pragma once

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/io/atomic_file.hpp"

namespace hcnn::io {

/// Colour of a pixel, 0 to 255 each.
struct Colour {
  std::uint8_t red = 0;    ///< 0..255
  std::uint8_t green = 0;  ///< 0..255
  std::uint8_t blue = 0;   ///< 0..255
  friend constexpr bool operator==(const Colour&, const Colour&) = default;
};

/// Pixels in rows from the top left, red, green, blue: the layout of a network's input.
struct Image {
  Index width = 0;                   ///< width, pixels
  Index height = 0;                  ///< height, pixels
  std::vector<std::uint8_t> pixels;  ///< height * width * 3 values, 0 to 255

  static constexpr Index channels = 3;  ///< red, green, blue

  Image() = default;
  /// An image of one colour; throws ShapeError for an extent below 1 or more than 2^28 pixels.
  Image(Index columns, Index rows, Colour colour = {}) : width(columns), height(rows) {
    if (columns < 1 || rows < 1 || columns > (Index{1} << 28) / rows)
      fail<ShapeError>("Image", concat(columns, 'x', rows, " pixels"), "1 to 2^28 pixels are possible");
    pixels.resize(static_cast<std::size_t>(columns * rows * channels));
    for (Index y = 0; y < rows; ++y)
      for (Index x = 0; x < columns; ++x) set(x, y, colour);
  }

  /// An image from these bytes, as a camera or decoder delivers them; throws ShapeError unless there are rows * columns
  /// * 3.
  Image(Index columns, Index rows, std::span<const std::uint8_t> bytes) : Image(columns, rows) {
    if (bytes.size() != pixels.size())
      fail<ShapeError>("Image", concat(bytes.size(), " bytes"),
                       concat(pixels.size(), " are needed for ", columns, 'x', rows, " pixels"));
    std::copy(bytes.begin(), bytes.end(), pixels.begin());
  }

  /// The three values of a pixel; x and y are not checked.
  std::uint8_t* at(Index x, Index y) { return pixels.data() + (y * width + x) * channels; }
  /// Read-only overload.
  const std::uint8_t* at(Index x, Index y) const { return pixels.data() + (y * width + x) * channels; }
  /// Colour of a pixel; x and y are not checked.
  Colour get(Index x, Index y) const { return {at(x, y)[0], at(x, y)[1], at(x, y)[2]}; }
  /// Sets the colour of a pixel; x and y are not checked.
  void set(Index x, Index y, Colour colour) {
    at(x, y)[0] = colour.red;
    at(x, y)[1] = colour.green;
    at(x, y)[2] = colour.blue;
  }
};

/// Throws ShapeError unless the image has pixels, as many as its extents say.
inline void require_pixels(const std::string& where, const Image& image) {
  if (image.width < 1 || image.height < 1 ||
      static_cast<Index>(image.pixels.size()) != image.width * image.height * Image::channels)
    fail<ShapeError>(where, concat(image.pixels.size(), " values for ", image.width, 'x', image.height, " pixels"),
                     "3 for each pixel, and one pixel at least");
}

/// The image as the bytes of a PNG file. Throws ShapeError for an empty image; Error if libpng fails, for want of
/// memory or for a side above its limit of 1,000,000 pixels.
inline std::string encode_png(const Image& image) {
  require_pixels("encode_png", image);
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr))
    fail<Error>("encode_png", header.message, "libpng must encode it");
  bytes.resize(size);
  return bytes;
}

/// Writes a PNG file, all or nothing. Throws what `encode_png` throws and the Error of `write_file`.
inline void write_png(const std::filesystem::path& path, const Image& image) { write_file(path, encode_png(image)); }

/// Source pixels that contribute to one target pixel along an axis, and their weights, which sum to 1.
struct ResampleTaps {
  Index first = 0;             ///< source pixel of the first weight
  std::vector<float> weights;  ///< weights of `first`, `first` + 1, ...
};

/// Taps for resampling `from` pixels to `to`: a triangle filter as wide as two source pixels, or two target pixels if
/// those are larger. Bilinear interpolation when enlarging, an average over the covered area when reducing.
inline std::vector<ResampleTaps> resample_taps(Index from, Index to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double radius = std::max(scale, 1.0);
  std::vector<ResampleTaps> taps(static_cast<std::size_t>(to));
  for (Index i = 0; i < to; ++i) {
    const double centre = (static_cast<double>(i) + 0.5) * scale - 0.5;
    const Index first = std::max<Index>(0, static_cast<Index>(std::ceil(centre - radius)));
    const Index last = std::min<Index>(from - 1, static_cast<Index>(std::floor(centre + radius)));
    ResampleTaps& tap = taps[static_cast<std::size_t>(i)];
    tap.first = first;
    double sum = 0;
    for (Index k = first; k <= last; ++k) sum += 1 - std::abs(static_cast<double>(k) - centre) / radius;
    for (Index k = first; k <= last; ++k)
      tap.weights.push_back(static_cast<float>((1 - std::abs(static_cast<double>(k) - centre) / radius) / sum));
  }
  return taps;
}

/// The image scaled to another size (see `resample_taps`), without keeping proportions. Throws ShapeError as `Image`
/// does, and for an empty image.
inline Image resize(const Image& image, Index width, Index height) {
  require_pixels("resize", image);
  Image out(width, height);
  const auto columns = resample_taps(image.width, width), rows = resample_taps(image.height, height);
  std::vector<float> narrow(static_cast<std::size_t>(image.height * width * Image::channels));
  float* next = narrow.data();
  for (Index y = 0; y < image.height; ++y)
    for (const ResampleTaps& tap : columns)
      for (Index c = 0; c < Image::channels; ++c, ++next) {
        const std::uint8_t* source = image.at(tap.first, y) + c;
        for (const float weight : tap.weights) {
          *next += weight * static_cast<float>(*source);
          source += Image::channels;
        }
      }
  const Index stride = width * Image::channels;
  for (Index y = 0; y < height; ++y) {
    const ResampleTaps& tap = rows[static_cast<std::size_t>(y)];
    for (Index i = 0; i < stride; ++i) {
      float sum = 0;
      const float* source = narrow.data() + tap.first * stride + i;
      for (std::size_t k = 0; k < tap.weights.size(); ++k)
        sum += tap.weights[k] * source[static_cast<Index>(k) * stride];
      out.pixels[static_cast<std::size_t>(y * stride + i)] =
          static_cast<std::uint8_t>(std::clamp(std::lround(sum), 0L, 255L));
    }
  }
  return out;
}

}  // namespace hcnn::io
