// Reading JPEG upright, with libjpeg: every warning counts as damage.
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <jpeglib.h>  // needs <cstdio> before it

#include "hcnn/core/check.hpp"
#include "hcnn/io/exif.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/io/image_limits.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::io {

/// Where the pixels of a file go in the upright image: pixel (x, y) to `first` + x * `right` + y * `down`, in pixels.
struct PixelOrder {
  Index width = 0;   ///< width of the upright image
  Index height = 0;  ///< height of the upright image
  Index first = 0;   ///< offset of pixel (0, 0)
  Index right = 1;   ///< offset from a pixel to its right neighbour
  Index down = 0;    ///< offset from a pixel to the one below it
};

/// The pixel order for a file with these extents and an orientation of 1 to 8, see `exif_orientation`.
inline PixelOrder upright(Index width, Index height, int orientation) {
  const bool turned = orientation >= 5;  // rows become columns
  PixelOrder order{.width = turned ? height : width, .height = turned ? width : height};
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  order.right = (turned ? order.width : 1) * (from_right ? -1 : 1);
  order.down = (turned ? 1 : order.width) * (from_below ? -1 : 1);
  if (from_right) order.first -= (width - 1) * order.right;
  if (from_below) order.first -= (height - 1) * order.down;
  return order;
}

/// Decodes one JPEG file. libjpeg leaves a failed call by longjmp, which must not skip destructors of C++ objects: the
/// two functions that call setjmp have none in their frames.
class JpegDecoder {
 public:
  /// @param bytes of the file; must outlive the decoder
  explicit JpegDecoder(std::string_view bytes) : bytes_(bytes) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = give_up;
    errors_.emit_message = judge;
    progress_.progress_monitor = limit_scans;
    info_.client_data = this;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&info_); }

  /// Reads the header, up to the extents; false on an error.
  bool read_header() {
    if (setjmp(return_point_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_save_markers(&info_, kExifMarker, 0xffff);
    jpeg_read_header(&info_, TRUE);
    info_.out_color_space = JCS_RGB;
    return true;
  }
  /// Writes red, green, blue of all pixels to `pixels` in the given order; false on an error.
  /// @param row room for a row of the file
  bool read_pixels(std::uint8_t* pixels, const PixelOrder& order, std::uint8_t* row) {
    if (setjmp(return_point_) != 0) return false;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      const Index begin = order.first + static_cast<Index>(info_.output_scanline) * order.down;
      jpeg_read_scanlines(&info_, &row, 1);
      for (Index x = 0; x < width(); ++x)
        for (Index c = 0; c < 3; ++c) pixels[(begin + x * order.right) * 3 + c] = row[x * 3 + c];
    }
    jpeg_finish_decompress(&info_);
    return true;
  }
  /// Columns; valid after the header was read.
  Index width() const { return static_cast<Index>(info_.image_width); }
  /// Rows; valid after the header was read.
  Index height() const { return static_cast<Index>(info_.image_height); }
  /// Orientation according to the first EXIF data, 1 without; valid after the header was read.
  int orientation() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker; marker = marker->next)
      if (const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
          data.starts_with("Exif"))
        return exif_orientation(data);
    return 1;
  }
  /// True for printing inks (CMYK), whose colours depend on a profile.
  bool unsupported() const { return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK; }
  /// The error message, after an error.
  const char* message() const { return message_; }

 private:
  static constexpr int kExifMarker = JPEG_APP0 + 1;

  static JpegDecoder& self(j_common_ptr info) { return *static_cast<JpegDecoder*>(info->client_data); }
  [[noreturn]] static void give_up(j_common_ptr info) {
    JpegDecoder& decoder = self(info);
    info->err->format_message(info, decoder.message_);
    std::longjmp(decoder.return_point_, 1);
  }
  static void judge(j_common_ptr info, int level) {
    if (level < 0) give_up(info);  // a warning: truncated or corrupt data, which libjpeg would fill with grey
  }
  static void limit_scans(j_common_ptr info) {
    constexpr int kScans = 100;  // real progressive files have about ten; each costs a pass over the image
    if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kScans) return;
    std::snprintf(self(info).message_, sizeof message_, "more than %d scans", kScans);
    std::longjmp(self(info).return_point_, 1);
  }

  std::string_view bytes_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf return_point_;
  char message_[JMSG_LENGTH_MAX] = {};
};

/// The image in the bytes of a JPEG file (grey or colour, 8 bits), turned and mirrored according to its EXIF
/// orientation. Ignores bytes after its end, where cameras put previews. Throws FormatError, starting with `where`.
inline Image decode_jpeg(std::string_view bytes, const std::string& where) {
  JpegDecoder decoder(bytes);
  const auto refuse = [&] {
    if (decoder.unsupported()) fail<FormatError>(where, "a JPEG in CMYK", "colour or grey is needed: save it in RGB");
    fail<FormatError>(where, "a damaged JPEG (" + printable(decoder.message()) + ")", "a readable picture is needed");
  };
  if (!decoder.read_header()) refuse();
  require_image_limits(where, decoder.width(), decoder.height());
  // A block of 64 pixels takes at least one bit: a tiny file that declares a huge image is refused before it costs
  // memory.
  if (static_cast<std::size_t>(decoder.width() * decoder.height()) / 512 > bytes.size())
    fail<FormatError>(where, concat("a picture of ", decoder.width(), 'x', decoder.height(), " pixels"),
                      concat("more than the file's ", bytes.size(), " bytes are needed for it"));
  const PixelOrder order = upright(decoder.width(), decoder.height(), decoder.orientation());
  Image image(order.width, order.height);
  std::vector<std::uint8_t> row(static_cast<std::size_t>(3 * decoder.width()));
  if (!decoder.read_pixels(image.pixels.data(), order, row.data())) refuse();
  return image;
}

}  // namespace hcnn::io
