// JPEG files. Of a progressive one libjpeg holds all coefficients: two bytes a value beside the pixels.
#include "fuzz/support/picture.hpp"

namespace {

using namespace hcnn;

void run_jpeg(fuzz::Bytes bytes) {
  if (!bytes.starts_with("\xff\xd8\xff")) return fuzz::run_picture(bytes, 0, 0, 0);
  Index width = 0, height = 0;
  {
    io::JpegDecoder decoder(bytes);
    if (decoder.read_header()) {
      const io::PixelOrder order = io::upright(decoder.width(), decoder.height(), decoder.orientation());
      width = order.width;
      height = order.height;
    }
  }
  fuzz::run_picture(bytes, width, height, 3);
}

const fuzz::Registration jpeg_target("jpeg", run_jpeg);

}  // namespace
