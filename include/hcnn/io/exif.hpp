// How a camera was held: the orientation in the EXIF data of a JPEG file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hcnn::io {

/// The orientation in the data of an APP1 segment, 1 to 8 as TIFF numbers them: 1 upright, 3 upside down, 6 to be
/// rotated by 90 degrees clockwise, 8 counterclockwise; 2, 4, 5 and 7 are mirrored. 1 if the data have none, are not
/// EXIF or are damaged: no image is refused for that. Source: Exif 2.2 (JEITA CP-3451), section 4.6.
inline int exif_orientation(std::string_view data) {
  constexpr std::string_view kMark{"Exif\0\0", 6};
  if (!data.starts_with(kMark)) return 1;
  const std::string_view tiff = data.substr(kMark.size());
  const bool little = tiff.starts_with("II");
  if (!little && !tiff.starts_with("MM")) return 1;
  bool inside = true;
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::uint32_t value = 0;
    inside = inside && at <= tiff.size() && bytes <= tiff.size() - at;
    for (std::size_t i = 0; inside && i < bytes; ++i)
      value = value << 8 | static_cast<unsigned char>(tiff[at + (little ? bytes - 1 - i : i)]);
    return value;
  };
  constexpr std::uint32_t kOrientation = 0x0112, kShort = 3;
  const std::size_t directory = number(4, 4), entries = number(directory, 2);
  for (std::size_t i = 0; inside && i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;  // tag, type, count, value
    if (number(entry, 2) != kOrientation) continue;
    const std::uint32_t type = number(entry + 2, 2), value = number(entry + 8, 2);
    return inside && type == kShort && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace hcnn::io
