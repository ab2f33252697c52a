// Pictures: PNG out, PNG, JPEG and PPM in, and resampling.
#include "hcnn/io/image_reader.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "errors.hpp"
#include "temporary_folder.hpp"

using namespace hcnn;
using namespace io_test;
using testing::error_of;
using testing::names;

namespace {

std::string image_refusal(const std::string& bytes) {
  return error_of<FormatError>([&] { io::decode_image(bytes, "x"); });
}

std::string word(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}
std::string chunk(const std::string& name, const std::string& data) {
  const std::string covered = name + data;
  const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(covered.data()), covered.size());
  return word(static_cast<std::uint32_t>(data.size())) + covered + word(static_cast<std::uint32_t>(sum));
}
std::string deflated(const std::string& raw) {
  std::string out(compressBound(raw.size()), '\0');
  uLongf size = out.size();
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()), raw.size());
  return out.substr(0, size);
}
/// A PNG file from its parts; `rows` holds a filter byte and the samples of each row.
std::string png(std::uint32_t width, std::uint32_t height, int depth, int type, const std::string& rows,
                const std::string& palette = "", int interlace = 0) {
  const std::string header =
      word(width) + word(height) +
      std::string{static_cast<char>(depth), static_cast<char>(type), 0, 0, static_cast<char>(interlace)};
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + (palette.empty() ? "" : chunk("PLTE", palette)) +
         chunk("IDAT", deflated(rows)) + chunk("IEND", "");
}
std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out += static_cast<char>(value);
  return out;
}

/// A JPEG file of 16x8 pixels, left half red-ish 200/40/40 and right half 40/40/200 for colour, below with 90 for 40.
std::string jpeg(J_COLOR_SPACE space, bool progressive, const std::vector<jpeg_scan_info>& scans = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = 16;
  info.image_height = 8;
  info.input_components = space == JCS_GRAYSCALE ? 1 : space == JCS_CMYK ? 4 : 3;
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  for (int i = 0; i < info.num_components; ++i) info.comp_info[i].h_samp_factor = info.comp_info[i].v_samp_factor = 1;
  if (progressive) jpeg_simple_progression(&info);
  if (!scans.empty()) {
    info.scan_info = scans.data();
    info.num_scans = static_cast<int>(scans.size());
  }
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < 8; ++y) {
    std::vector<unsigned char> row;
    for (int x = 0; x < 16; ++x)
      for (int c = 0; c < info.input_components; ++c)
        row.push_back((c == 0) == (x < 8) && c != 1 ? 200 : y < 4 ? 40 : 90);
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  const std::string out(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

/// EXIF data with the orientation behind so many other entries.
std::string exif(int orientation, bool little, std::uint32_t others = 0) {
  std::string out = bytes({'E', 'x', 'i', 'f', 0, 0});
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) out += static_cast<char>(value >> 8 * (little ? i : size - 1 - i));
  };
  out += little ? "II" : "MM";
  put(42, 2), put(8, 4), put(others + 1, 2);  // the directory and its length
  for (std::uint32_t i = 0; i < others; ++i) put(0x0100 + i, 2), put(4, 2), put(1, 4), put(1000 + i, 4);
  put(0x0112, 2), put(3, 2), put(1, 4), put(static_cast<std::uint32_t>(orientation), 2), put(0, 2);  // tag, type, count
  return out;
}

/// The JPEG with an APP1 segment in front.
std::string with_exif(const std::string& plain, const std::string& data) {
  const auto size = static_cast<int>(data.size() + 2);
  return plain.substr(0, 2) + bytes({0xff, 0xe1, size >> 8, size & 255}) + data + plain.substr(2);
}

io::Image noise(Index width, Index height) {
  io::Image image(width, height);
  std::uint32_t state = 1;
  for (auto& value : image.pixels) value = static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  return image;
}

}  // namespace

TEST_CASE("a PNG that is written is read back exactly") {
  const TemporaryFolder folder;
  for (const auto& [width, height] : {std::pair<Index, Index>{1, 1}, {7, 5}, {64, 33}, {1, 300}}) {
    const io::Image image = noise(width, height);
    io::write_png(folder / "x.png", image);
    const io::Image back = io::read_image(folder / "x.png");
    CHECK(back.width == width);
    CHECK(back.height == height);
    CHECK(back.pixels == image.pixels);
  }
  CHECK(folder.entries() == 1);
}

TEST_CASE("grey, palette, alpha and interlaced PNG become red, green, blue") {
  const io::Image grey = io::decode_image(png(2, 1, 8, 0, bytes({0, 10, 250})), "x");
  CHECK(grey.get(0, 0) == io::Colour{10, 10, 10});
  CHECK(grey.get(1, 0) == io::Colour{250, 250, 250});
  const io::Image bits = io::decode_image(png(3, 1, 1, 0, bytes({0, 0b10100000})), "x");
  CHECK(bits.get(0, 0) == io::Colour{255, 255, 255});
  CHECK(bits.get(1, 0) == io::Colour{0, 0, 0});
  const io::Image palette =
      io::decode_image(png(2, 1, 2, 3, bytes({0, 0b01000000}), bytes({1, 2, 3, 200, 100, 50})), "x");
  CHECK(palette.get(0, 0) == io::Colour{200, 100, 50});
  CHECK(palette.get(1, 0) == io::Colour{1, 2, 3});
  const io::Image alpha = io::decode_image(png(2, 1, 8, 6, bytes({0, 9, 8, 7, 255, 9, 8, 7, 0})), "x");
  CHECK(alpha.get(0, 0) == io::Colour{9, 8, 7});
  CHECK(alpha.get(1, 0) == io::Colour{255, 255, 255});
  // Adam7 on 2x2: pass 1 holds the first pixel, pass 6 its right neighbour, pass 7 the second row.
  const io::Image interlaced = io::decode_image(png(2, 2, 8, 0, bytes({0, 1, 0, 2, 0, 3, 4}), "", 1), "x");
  CHECK(interlaced.get(0, 0).red == 1);
  CHECK(interlaced.get(1, 0).red == 2);
  CHECK(interlaced.get(0, 1).red == 3);
  CHECK(interlaced.get(1, 1).red == 4);
}

TEST_CASE("PNG with 16 bits, impossible extents or more pixels than bytes could hold are refused") {
  CHECK(names(image_refusal(png(1, 1, 16, 0, bytes({0, 1, 2}))), "16 bits"));
  CHECK(names(image_refusal(png(0, 1, 8, 0, "")), "0x1 pixels"));
  CHECK(names(image_refusal(png(65535, 1, 8, 0, "")), "65535x1 pixels"));
  CHECK(names(image_refusal(png(1u << 31, 1u << 31, 8, 0, "")), "2147483648x2147483648 pixels"));
  CHECK(names(image_refusal(png(16384, 16384, 8, 0, "")), "16384x16384 pixels"));
  CHECK(names(image_refusal(png(8192, 8192, 8, 0, "")), "more than the file's"));
  CHECK(names(image_refusal(png(1, 1, 8, 5, bytes({0, 1}))), "damaged PNG"));
  CHECK(names(image_refusal(png(2, 2, 8, 0, bytes({0, 1, 2}))), "damaged PNG"));
  CHECK(names(image_refusal(png(2, 1, 8, 3, bytes({0, 1, 2}))), "damaged PNG"));
}

TEST_CASE("what a PNG says besides its pixels is not decompressed") {
  const std::string good = png(2, 1, 8, 2, bytes({0, 1, 2, 3, 4, 5, 6}));
  const std::string bomb = deflated(std::string(6'000'000, '\0'));
  for (const char* name : {"iCCP", "zTXt"}) {
    const std::string with = good.substr(0, 33) + chunk(name, "x" + std::string(2, '\0') + bomb) + good.substr(33);
    CHECK(io::checked_png(with, "x") == good);  // what libpng sees
    CHECK(io::decode_image(with, "x").pixels == std::vector<std::uint8_t>{1, 2, 3, 4, 5, 6});
  }
  CHECK(io::checked_png(good.substr(0, 33) + chunk("iTXt", "x") + good.substr(33), "x") == good);
}

TEST_CASE("a PNG cut anywhere, with any bit flipped or with a byte behind its end is refused") {
  const std::string good = io::encode_png(noise(3, 2));
  REQUIRE(image_refusal(good) == "no error");
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK_MESSAGE(image_refusal(good.substr(0, length)) != "no error", length);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    CHECK_MESSAGE(image_refusal(damaged) != "no error", bit);
  }
  CHECK(names(image_refusal(good + "x"), "1 bytes behind the end"));
}

TEST_CASE("colour, grey and progressive JPEG are read, CMYK is refused") {
  for (const bool progressive : {false, true}) {
    const io::Image colour = io::decode_image(jpeg(JCS_RGB, progressive), "x");
    REQUIRE(colour.width == 16);
    REQUIRE(colour.height == 8);
    // Quality 100 without subsampling: quantisation steps of 1 in YCbCr leave errors of a few grey levels.
    CHECK(std::abs(colour.get(2, 3).red - 200) <= 4);
    CHECK(std::abs(colour.get(2, 3).blue - 40) <= 4);
    CHECK(std::abs(colour.get(12, 3).red - 40) <= 4);
    CHECK(std::abs(colour.get(12, 3).blue - 200) <= 4);
  }
  const io::Image grey = io::decode_image(jpeg(JCS_GRAYSCALE, false), "x");
  CHECK(std::abs(grey.get(2, 3).green - 200) <= 4);
  CHECK(names(image_refusal(jpeg(JCS_CMYK, false)), "a JPEG in CMYK"));
}

TEST_CASE("a progressive JPEG of more than 100 scans is refused: each costs a pass over the picture") {
  std::vector<jpeg_scan_info> scans{{3, {0, 1, 2, 0}, 0, 0, 0, 0}};  // the means of the blocks, then a frequency a scan
  for (int component = 0; component < 3; ++component)
    for (int frequency = 1; frequency <= 33; ++frequency)
      scans.push_back({1, {component, 0, 0, 0}, frequency, frequency, 0, 0});
  REQUIRE(scans.size() == 100);
  CHECK(io::decode_image(jpeg(JCS_RGB, true, scans), "x").width == 16);
  scans.push_back({1, {0, 0, 0, 0}, 34, 34, 0, 0});
  CHECK(names(image_refusal(jpeg(JCS_RGB, true, scans)), "more than 100 scans"));
}

TEST_CASE("a JPEG is turned and mirrored as its EXIF orientation says") {
  const std::string plain = jpeg(JCS_RGB, false);
  const io::Image lying = io::decode_image(plain, "x");
  const Index right = lying.width - 1, below = lying.height - 1;
  for (const bool little : {true, false})
    for (int orientation = 1; orientation <= 8; ++orientation) {
      const io::Image image = io::decode_image(with_exif(plain, exif(orientation, little)), "x");
      REQUIRE(image.width == (orientation < 5 ? lying.width : lying.height));
      REQUIRE(image.height == (orientation < 5 ? lying.height : lying.width));
      for (Index y = 0; y < lying.height; ++y)
        for (Index x = 0; x < lying.width; ++x) {
          const std::pair<Index, Index> to[] = {{x, y}, {right - x, y}, {right - x, below - y}, {x, below - y},
                                                {y, x}, {below - y, x}, {below - y, right - x}, {y, right - x}};
          const auto [column, row] = to[orientation - 1];
          REQUIRE(image.get(column, row) == lying.get(x, y));
        }
    }
}

TEST_CASE("EXIF data that says nothing of the orientation, or is damaged, leaves a JPEG as it is") {
  const std::string plain = jpeg(JCS_RGB, false), good = exif(6, true);
  const auto lies = [&](const std::string& data) { return io::decode_image(with_exif(plain, data), "x").width == 16; };
  CHECK_FALSE(lies(good));
  CHECK_FALSE(lies(exif(6, true, 3)));
  CHECK_FALSE(lies(exif(6, false, 1)));
  for (std::size_t length = 0; length < good.size() - 2; ++length) CHECK_MESSAGE(lies(good.substr(0, length)), length);
  CHECK(lies(exif(0, true)));
  CHECK(lies(exif(9, false)));
  CHECK(io::exif_orientation("http://ns.adobe.com/xap/1.0/") == 1);
  const auto changed = [&](std::size_t at, char value) {
    std::string data = good;
    data[at] = value;
    return data;
  };
  CHECK(lies(changed(6, 'X')));      // no byte order
  CHECK(lies(changed(10, '\x7f')));  // the directory lies beyond the data
  CHECK(lies(changed(16, '\x13')));  // another tag
  CHECK(lies(changed(18, '\x04')));  // another type
}

TEST_CASE("a JPEG cut anywhere is refused and bytes behind its end are ignored") {
  for (const bool progressive : {false, true}) {
    const std::string good = jpeg(JCS_RGB, progressive);
    for (std::size_t length = 0; length < good.size(); ++length)
      CHECK_MESSAGE(image_refusal(good.substr(0, length)) != "no error", length);
    CHECK(image_refusal(good + "preview") == "no error");
  }
}

TEST_CASE("a JPEG that declares more pixels than its bytes could hold is refused") {
  std::string huge = jpeg(JCS_RGB, false);
  const std::size_t frame = huge.find("\xff\xc0");
  REQUIRE(frame != std::string::npos);
  huge.replace(frame + 5, 4, bytes({0x20, 0, 0x20, 0}));
  CHECK(names(image_refusal(huge), "8192x8192 pixels"));
  huge.replace(frame + 5, 4, bytes({0xff, 0xff, 0, 1}));
  CHECK(names(image_refusal(huge), "65500"));  // libjpeg's own limit
}

TEST_CASE("PPM is read and damaged PPM refused") {
  const io::Image image = io::decode_image("P6\n2 1\n255\nabcdef", "x");
  CHECK(image.get(0, 0) == io::Colour{'a', 'b', 'c'});
  CHECK(image.get(1, 0) == io::Colour{'d', 'e', 'f'});
  for (const std::string text : {"P6 # by GIMP\n2\t1\r\n255\nabcdef", "P6\n#\n# 3 3\n 2  1 #\n255 abcdef"})
    CHECK_MESSAGE(io::decode_image(text, "x").pixels == image.pixels, text);
  for (const std::string text :
       {"P6", "P6\n", "P6\n2 1\n255", "P6\n2 1\n255\nabcde", "P6\n2 1\n255\nabcdefg", "P6\n2 1\n65535\nabcdef",
        "P6\n0 1\n255\n", "P6\n-2 1\n255\nabcdef", "P6\n99999999999999999999 1\n255\nabcdef", "P62 1\n255\nabcdef",
        "P6\n2 # 1\n255\nabcdef", "P6\n2 1\n255#\nabcdef", "P6\n#"})
    CHECK_MESSAGE(image_refusal(text) != "no error", text);
}

TEST_CASE("what is not a picture is refused by name") {
  const TemporaryFolder folder;
  put(folder / "notes.png", "hello");
  CHECK(names(error_of<FormatError>([&] { io::read_image(folder / "notes.png"); }), "notes.png: not a picture"));
  CHECK(names(image_refusal(""), "not a picture"));
}

TEST_CASE("resampling to the same size changes nothing and a flat image stays flat") {
  const io::Image image = noise(9, 6);
  CHECK(io::resize(image, 9, 6).pixels == image.pixels);
  const io::Image flat(40, 30, {200, 100, 1});
  for (const auto& [width, height] : {std::pair<Index, Index>{7, 3}, {97, 80}, {1, 1}})
    CHECK(io::resize(flat, width, height).pixels == io::Image(width, height, {200, 100, 1}).pixels);
}

TEST_CASE("reducing by two weighs the four nearest pixels 1 3 3 1, enlarging interpolates between two") {
  io::Image line(8, 1);
  for (Index x = 0; x < 8; ++x) line.set(x, 0, {static_cast<std::uint8_t>(x * x * 4), 0, 0});
  // Target pixel 1 has its centre at 2.5: pixels 1..4 are 1.5, 0.5, 0.5, 1.5 away, weights 1/8 3/8 3/8 1/8.
  CHECK(io::resize(line, 4, 1).get(1, 0).red == (4 + 3 * 16 + 3 * 36 + 64) / 8);
  // Target pixel 5 of 16 has its centre at 2.25.
  CHECK(io::resize(line, 16, 1).get(5, 0).red == (3 * 16 + 36) / 4);
}

TEST_CASE("an image without pixels or with too many is refused") {
  CHECK(names(error_of<ShapeError>([] { io::Image(0, 5); }), "0x5 pixels"));
  CHECK(names(error_of<ShapeError>([] { io::encode_png({}); }), "0 values for 0x0 pixels"));
  CHECK(names(error_of<ShapeError>([] { io::resize({}, 4, 4); }), "0 values for 0x0 pixels"));
  CHECK(names(error_of<ShapeError>([] { io::Image(Index{1} << 40, Index{1} << 40); }), "pixels"));
}

TEST_CASE("an image is made of the bytes of a camera, and of no other number of them") {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5, 6};
  const io::Image image(2, 1, bytes);
  CHECK(image.width == 2);
  CHECK(image.pixels == bytes);
  CHECK_THROWS_WITH_AS(io::Image(2, 2, bytes), "Image: 6 bytes; 12 are needed for 2x2 pixels", ShapeError);
}
