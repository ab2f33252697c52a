// PNG files, as they are and once more with every chunk's CRC put right: else hardly any would reach libpng.
#include "fuzz/support/picture.hpp"

namespace {

using namespace hcnn;

constexpr fuzz::Bytes kSignature{"\x89PNG\r\n\x1a\n", 8};

std::string with_right_sums(fuzz::Bytes bytes) {
  std::string fixed(bytes);
  for (std::size_t at = kSignature.size(); at + 12 <= fixed.size();) {
    const std::size_t length = io::big_endian(fuzz::Bytes(fixed).substr(at));
    if (length > fixed.size() - at - 12) break;
    const auto sum = ::crc32_z(0, reinterpret_cast<const Bytef*>(fixed.data()) + at + 4, length + 4);
    for (std::size_t i = 0; i < 4; ++i) fixed[at + 8 + length + i] = static_cast<char>(sum >> (24 - 8 * i));
    at += 12 + length;
  }
  return fixed;
}

void run_png(fuzz::Bytes bytes) {
  if (!bytes.starts_with(kSignature)) return fuzz::run_picture(bytes, 0, 0, 0);
  const auto extent = [&](std::size_t at) {
    return bytes.size() < 24 ? Index{0} : static_cast<Index>(io::big_endian(bytes.substr(at)));
  };
  fuzz::run_picture(bytes, extent(16), extent(20), 0);
  fuzz::run_picture(with_right_sums(bytes), extent(16), extent(20), 0);
}

const fuzz::Registration png_target("png", run_png);

}  // namespace
