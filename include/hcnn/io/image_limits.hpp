// How large an image file may be before it is decoded.
#pragma once

#include <string>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"

namespace hcnn::io {

inline constexpr Index kImageSide = 16384;             ///< largest number of pixels along one side
inline constexpr Index kImagePixels = Index{1} << 26;  ///< largest number of pixels in all: 64 Mi, 192 MiB decoded

/// Throws FormatError, starting with `where`, for extents beyond these limits.
inline void require_image_limits(const std::string& where, Index width, Index height) {
  if (width < 1 || height < 1 || width > kImageSide || height > kImageSide || width * height > kImagePixels)
    fail<FormatError>(where, concat("a picture of ", width, 'x', height, " pixels"),
                      concat("1 to ", kImageSide, " a side and at most ", kImagePixels, " are decoded"));
}

}  // namespace hcnn::io
