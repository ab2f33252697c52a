// What the targets of the picture formats share.
#pragma once

#include <algorithm>
#include <string>

#include "fuzz/support/target.hpp"
#include "hcnn/io/image_reader.hpp"
#include "hcnn/io/picture_fit.hpp"

namespace fuzz {

/// Most heap memory for a picture: its decoded pixels and `copies` more, in blocks of 32x32 pixels, and what the bytes
/// of any file may take. A file of n bytes decodes to no more than 1032 * 8 n pixels (deflate's best) or 512 n
/// (JPEG's).
inline std::size_t picture_bytes(Bytes bytes, hcnn::Index width, hcnn::Index height, std::size_t copies) {
  const auto blocks = [](hcnn::Index side) { return static_cast<std::size_t>((side + 31) / 32 * 32); };
  return allowed(bytes.size()) + 3 * (1 + copies) * blocks(width) * blocks(height);
}

/// Reads a picture whose header declares these extents, claims that it has them, and that it survives the way into a
/// network's input and through a PNG file. Extents beyond the limits get no memory at all.
inline void run_picture(Bytes bytes, hcnn::Index width, hcnn::Index height, std::size_t copies) {
  using namespace hcnn;
  const bool legal = width >= 1 && height >= 1 && width <= io::kImageSide && height <= io::kImageSide &&
                     width * height <= io::kImagePixels;
  const std::size_t most = legal ? picture_bytes(bytes, width, height, copies) : allowed(bytes.size());
  const auto image = checked(most, [&] { return io::decode_image(bytes, "picture"); });
  if (!image) return;
  claim(legal && image->width == width && image->height == height, "other extents than the file declares");
  claim(image->pixels.size() == static_cast<std::size_t>(3 * width * height), "another number of values than pixels");
  if (width * height > 4096) return;  // the rest is about values, and large pictures are slow
  const io::Image copy = io::decode_image(io::encode_png(*image), "copy");
  claim(copy.width == width && copy.height == height && copy.pixels == image->pixels,
        "a PNG comes back as another one");
  for (const io::Fit fit : {io::Fit::squash, io::Fit::crop})
    for (const Index channels : {1, 3})
      claim(io::input_bytes(*image, {.height = 5, .width = 7, .channels = channels}, fit).size() ==
                static_cast<std::size_t>(35 * channels),
            "an input of another size");
}

}  // namespace fuzz
