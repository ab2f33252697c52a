// PPM files, and bytes that are no picture: the reader tells formats apart by content.
#include "fuzz/support/picture.hpp"

namespace {

using namespace hcnn;

void run_ppm(fuzz::Bytes bytes) {
  // Extents as another parser finds them; a picture that is accepted holds all its pixels, so they are small.
  int width = 0, height = 0;
  if (bytes.starts_with("\x89PNG") || bytes.starts_with("\xff\xd8")) return;  // these have targets of their own
  std::string text;                                                           // without comments, each a space
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool comment = bytes[i] == '#';
    while (comment && i + 1 < bytes.size() && bytes[i] != '\n') ++i;
    text += comment ? ' ' : bytes[i];
  }
  if (std::sscanf(text.c_str(), "P6%*[ \t\n\v\f\r]%d%*[ \t\n\v\f\r]%d", &width, &height) != 2) width = height = 0;
  const auto most = static_cast<Index>(bytes.size());
  const bool held = width > 0 && height > 0 && width <= most && height <= most / width;
  fuzz::run_picture(bytes, held ? width : 0, held ? height : 0, 0);
}

const fuzz::Registration ppm_target("ppm", run_ppm);

}  // namespace
