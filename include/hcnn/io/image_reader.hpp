// Reading images: PNG, JPEG and PPM, recognised by content. Programs that include it link libpng and libjpeg.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>

#include "hcnn/core/check.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/io/image_limits.hpp"
#include "hcnn/io/input_file.hpp"
#include "hcnn/io/jpeg_reader.hpp"
#include "hcnn/io/png_reader.hpp"

namespace hcnn::io {

/// Reads the header of a PPM file: numbers after white space, and comments from '#' to the end of a line.
class PpmHeader {
 public:
  /// Begins behind "P6".
  PpmHeader(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  /// The next number, at most 2^31 - 1. Throws FormatError if there is none.
  Index number() {
    const std::size_t before = position_;
    while (is_space(next()) || next() == '#') {
      if (next() == '#')
        while (position_ < bytes_.size() && next() != '\n') ++position_;
      else
        ++position_;
    }
    if (position_ == before || !is_digit(next()))
      fail<FormatError>(where_, "a damaged PPM header", "'P6 WIDTH HEIGHT 255' is needed");
    Index value = 0;
    for (; is_digit(next()); ++position_)
      value = std::min<Index>(value * 10 + (next() - '0'), std::numeric_limits<std::int32_t>::max());
    return value;
  }
  /// Where the pixels begin: one white space ends the header. Throws FormatError if it is missing.
  std::size_t end() const {
    if (!is_space(next())) fail<FormatError>(where_, "a damaged PPM header", "white space must end it");
    return position_ + 1;
  }

 private:
  static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  char next() const { return position_ < bytes_.size() ? bytes_[position_] : '\0'; }

  std::string_view bytes_;
  const std::string& where_;
  std::size_t position_ = 2;
};

/// The image in the bytes of a PPM file (P6, 8 bits). Throws FormatError, starting with `where`.
/// Source: netpbm.sourceforge.net/doc/ppm.html.
inline Image decode_ppm(std::string_view bytes, const std::string& where) {
  PpmHeader header(bytes, where);
  const Index width = header.number(), height = header.number(), brightest = header.number();
  require_image_limits(where, width, height);
  if (brightest != 255) fail<FormatError>(where, concat("brightest value ", brightest), "8-bit PPM has 255");
  const std::size_t begin = header.end();
  if (bytes.size() - begin != static_cast<std::size_t>(width * height * Image::channels))
    fail<FormatError>(where, concat(bytes.size(), " bytes"),
                      concat("a PPM of ", width, 'x', height, " has ", width * height * 3, " behind its header"));
  Image image(width, height);
  std::copy(bytes.begin() + static_cast<Index>(begin), bytes.end(), image.pixels.begin());
  return image;
}

/// The image in the bytes of a PNG, JPEG or PPM (P6) file, as 8-bit red, green, blue. Grey and palette become colour;
/// transparent parts are blended with white; a JPEG is turned upright according to its EXIF orientation. Throws
/// FormatError, starting with `where`, for other formats, 16-bit samples, damage of any kind, and extents beyond
/// `image_limits.hpp`.
inline Image decode_image(std::string_view bytes, const std::string& where) {
  if (bytes.starts_with("\x89PNG\r\n\x1a\n")) return decode_png(bytes, where);
  if (bytes.starts_with("\xff\xd8\xff")) return decode_jpeg(bytes, where);
  if (bytes.starts_with("P6")) return decode_ppm(bytes, where);
  fail<FormatError>(where, "not a picture", "PNG, JPEG or PPM (P6) is needed");
}

/// The image in a file of at most `most_bytes`. Throws the FormatError of `decode_image` and `read_file`.
inline Image read_image(const std::filesystem::path& path, std::uint64_t most_bytes = std::uint64_t{1} << 26) {
  return decode_image(read_file(path, most_bytes), printable_path(path));
}

}  // namespace hcnn::io
