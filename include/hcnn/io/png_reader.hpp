// Reading PNG: the file's structure is checked here, byte by byte; libpng decodes the pixels.
#pragma once

#include <png.h>
#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "hcnn/core/check.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/io/image_limits.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// A 32-bit number as PNG stores it, most significant byte first.
inline std::uint32_t big_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

/// Checks the IHDR chunk: extents within limits, at most 8 bits, and no more pixels than `file_bytes` can hold. Throws
/// FormatError, starting with `where`.
inline void check_png_header(std::string_view ihdr, std::size_t file_bytes, const std::string& where) {
  const std::uint32_t width = big_endian(ihdr), height = big_endian(ihdr.substr(4));
  const int depth = static_cast<unsigned char>(ihdr[8]);
  require_image_limits(where, static_cast<Index>(width), static_cast<Index>(height));
  if (depth > 8) fail<FormatError>(where, concat(depth, " bits a sample"), "at most 8 are read");
  // deflate shrinks to 1/1032 at best: a tiny file that declares a huge image is refused before it costs memory.
  if (std::uint64_t{width} * height / 8 * static_cast<unsigned>(depth) / 1032 > file_bytes)
    fail<FormatError>(where, concat("a picture of ", width, 'x', height, " pixels"),
                      concat("more than the file's ", file_bytes, " bytes are needed for it"));
}

/// True for chunks that affect how pixels look. Others (colour profiles, texts, times, previews) may be compressed, and
/// a few bytes of them would make libpng allocate megabytes.
inline bool is_picture_chunk(std::string_view name) {
  for (const std::string_view known : {"IHDR", "PLTE", "tRNS", "gAMA", "cHRM", "sRGB", "sBIT", "IDAT", "IEND"})
    if (name == known) return true;
  return false;
}

/// Checks the chunks: IHDR first, every length inside the file, every CRC right, IEND last and nothing after it.
/// Returns the file with only those chunks that affect how pixels look. Throws FormatError, starting with `where`.
inline std::string checked_png(std::string_view bytes, const std::string& where) {
  constexpr std::size_t kSignature = 8, kAround = 12;  // a chunk is length, name, content, CRC
  std::string kept(bytes.substr(0, kSignature));
  kept.reserve(bytes.size());
  for (std::size_t position = kSignature;;) {
    const std::string_view rest = bytes.substr(position);
    if (rest.size() < kAround || big_endian(rest) > rest.size() - kAround)
      fail<FormatError>(where, "a PNG that breaks off", "it must end with an IEND chunk");
    const std::size_t length = big_endian(rest);
    const std::string_view name = rest.substr(4, 4), content = rest.substr(8, length);
    const auto* covered = reinterpret_cast<const Bytef*>(name.data());
    if (::crc32_z(0, covered, length + 4) != big_endian(rest.substr(8 + length)))
      fail<FormatError>(where, "damage in chunk " + printable(name), "its CRC is that of another content");
    if (position == kSignature) {
      if (name != "IHDR" || length != 13) fail<FormatError>(where, "chunk " + printable(name), "IHDR must come first");
      check_png_header(content, bytes.size(), where);
    }
    if (is_picture_chunk(name)) kept += rest.substr(0, kAround + length);
    position += kAround + length;
    if (name != "IEND") continue;
    if (position != bytes.size())
      fail<FormatError>(where, concat(bytes.size() - position, " bytes behind the end of the PNG"), "none may follow");
    return kept;
  }
}

/// The image in the bytes of a PNG file, blended with white where transparent. Throws FormatError, starting with
/// `where`.
inline Image decode_png(std::string_view bytes, const std::string& where) {
  const std::string kept = checked_png(bytes, where);
  // libpng's simplified interface reports errors by return value: no longjmp across C++ objects.
  png_image reader;
  std::memset(&reader, 0, sizeof reader);
  reader.version = PNG_IMAGE_VERSION;
  const auto refuse = [&] {
    const std::string reason = printable(reader.message);
    png_image_free(&reader);
    fail<FormatError>(where, "a damaged PNG (" + reason + ")", "a readable picture is needed");
  };
  if (png_image_begin_read_from_memory(&reader, kept.data(), kept.size()) == 0) refuse();
  reader.format = PNG_FORMAT_RGB;
  Image image(static_cast<Index>(reader.width), static_cast<Index>(reader.height));
  const png_color white = {255, 255, 255};
  if (png_image_finish_read(&reader, &white, image.pixels.data(), 0, nullptr) == 0) refuse();
  return image;
}

}  // namespace hcnn::io
