// A stroke font drawn for this library: the same letters at any size and angle, without a font file.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace hcnn::report {

/// A point on a canvas, or on the grid of a glyph.
struct Point {
  double x = 0;  ///< pixels or grid units to the right
  double y = 0;  ///< pixels or grid units downwards
};

/// Points joined by straight lines; a single point is a dot.
using Polyline = std::vector<Point>;

/// Height of a capital letter on the grid of the font.
inline constexpr double kCapHeight = 9;
/// Space between two letters on the grid.
inline constexpr double kLetterSpace = 2.6;

/// The glyphs of ' ' to '~', and last a box for everything else. The first digit is the width; strokes follow,
/// separated by blanks. A stroke is a sequence of points of two hexadecimal digits each: x from the left, y from the
/// top of a capital (small letters start at 3, the baseline is 9, tails end at c). A point after '~' is not on the
/// stroke but bends it, as the control point of a quadratic curve; between two of them the curve passes through their
/// midpoint.
inline constexpr std::array<std::string_view, 96> kGlyphs = {
    // space ! " # $ % & '
    "3", "0 0006 0809", "3 0003 3033", "6 2019 5049 0363 0666", "6 62~6131~0103~04~6566~6838~0807 3039",
    "9 20~4042~4424~0402~0020 75~9597~9979~5957~5575 8019", "7 7923~0030~5052~5334~0507~0939~6975", "0 0003",
    // ( ) * + , - . /
    "2 20~020506~092b", "2 00~222526~290b", "4 2125 0244 4204", "6 3238 0565", "1 18~190b", "4 0545", "0 0809",
    "4 400a",
    // 0 1 2 3 4 5 6 7 8 9
    "6 30~606366~6939~090603~0030", "3 023039", "6 02~0030~6062~640969", "6 02~0030~6062~6434~6466~6939~0907 2434",
    "7 59500676", "6 601004~1333~6366~6939~0907", "6 61~5030~000506~0939~6966~6434~0406", "6 006029",
    "6 30~6062~6434~0402~0030 34~6466~6939~0906~0434", "6 08~1939~696463~6030~0003~0535~6563",
    // : ; < = > ? @
    "0 0304 0809", "1 1314 18~190b", "5 520558", "6 0464 0767", "5 025508", "5 02~002030~5052~54~2527 2829",
    "9 65~6343~3335~3747~6765 6366~6777~9774~9050~0005~0a5a7a",
    // A B C D E F G H I J K L M
    "6 093069 1656", "6 000939~6966~6434 0030~5052~543404", "7 72~7040~000405~0949~7977", "7 000939~797574~703000",
    "5 50000959 0444", "5 500009 0444", "7 72~7040~000405~0949~79767545", "6 0009 6069 0464", "0 0009",
    "4 4046~4929~0907", "6 0009 6005 2369", "5 000959", "8 0900468089",
    // N O P Q R S T U V W X Y Z
    "7 09007970", "8 40~808485~8949~090504~0040", "6 090030~60~653505", "8 40~808485~8949~090504~0040 5689",
    "6 090030~60~653505 3569", "6 62~6030~0002~04~6567~6939~0907", "6 0060 3039", "6 0006~0939~696660", "6 003960",
    "a 00295189a0", "6 0069 6009", "6 003460 3439", "6 00600969",
    // [ \ ] ^ _ `
    "2 20000b2b", "4 004a", "2 00202b0b", "6 033063", "6 0b6b", "2 0021",
    // a b c d e f g h i j k l m
    "5 04~132333~535559 5626~06~0929~4957", "5 0009 05~032333~535557~593929~0907", "5 54~433323~030507~092939~4958",
    "5 5059 55~533323~030507~092939~5957", "5 065655~533323~030507~092939~4958", "3 30~101219 0333",
    "5 535a~5c3c2c~1c0b 55~533323~030507~092939~5957", "5 0009 05~032333~535559", "0 0309 0001", "2 232a~2c0c 2021",
    "5 0009 5307 2559", "1 0007~0919", "8 0309 05~0323~434549 45~4363~838589",
    // n o p q r s t u v w x y z
    "5 0309 05~032333~535559", "5 2333~535557~593929~090705~0323", "5 030c 05~032333~535557~593929~0907",
    "5 535c 55~533323~030507~092939~5957", "3 0309 05~032333", "5 54~433323~03~062636~56~593929~1908",
    "3 1117~1939 0333", "5 0307~092939~5957 5359", "6 033963", "8 0329446983", "5 0359 5309", "6 0339 631c",
    "5 03530959",
    // { | } ~ and the box
    "3 30~101213~1505~151719~1b3b", "0 000b", "3 00~202223~2535~252729~2b0b", "6 06~1435~5664", "5 0050590900"};

/// Value of a hexadecimal digit of a glyph.
inline double grid_digit(char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; }

/// Appends the curve from the line's end to `to` with control point `bend`, in straight pieces short enough to look
/// round.
inline void append_curve(Polyline& line, Point bend, Point to) {
  constexpr int kPieces = 6;
  const Point from = line.back();
  for (int i = 1; i <= kPieces; ++i) {
    const double t = static_cast<double>(i) / kPieces, a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;
    line.push_back({a * from.x + b * bend.x + c * to.x, a * from.y + b * bend.y + c * to.y});
  }
}

/// One stroke of a glyph, such as "02~0030", as a polyline on the grid.
inline Polyline glyph_stroke(std::string_view code) {
  Polyline line;
  bool bent = false;
  Point bend;
  for (std::size_t i = 0; i + 1 < code.size(); i += 2) {
    const bool control = code[i] == '~';
    i += control;
    const Point point{grid_digit(code[i]), grid_digit(code[i + 1])};
    if (control && bent) append_curve(line, bend, {(bend.x + point.x) / 2, (bend.y + point.y) / 2});
    if (!control && bent) append_curve(line, bend, point);
    if (!control && !bent) line.push_back(point);
    bent = control;
    if (control) bend = point;
  }
  return line;
}

/// Glyph of a byte of UTF-8 text: a box for the first byte of a character outside ASCII, nothing for its further bytes.
inline std::string_view glyph_of(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  if (code >= 0x80 && code < 0xc0) return {};
  return kGlyphs[code >= ' ' && code <= '~' ? static_cast<std::size_t>(code - ' ') : kGlyphs.size() - 1];
}

/// Width of a text on the grid, without space after its last letter.
inline double grid_width(std::string_view text) {
  double width = -kLetterSpace;
  for (const char byte : text)
    if (const auto glyph = glyph_of(byte); !glyph.empty()) width += grid_digit(glyph.front()) + kLetterSpace;
  return width < 0 ? 0 : width;
}

/// The strokes of a text on the grid, starting at x = 0.
inline std::vector<Polyline> grid_strokes(std::string_view text) {
  std::vector<Polyline> strokes;
  double left = 0;
  for (const char byte : text) {
    std::string_view glyph = glyph_of(byte);
    if (glyph.empty()) continue;
    const double width = grid_digit(glyph.front());
    for (glyph.remove_prefix(1); !glyph.empty();) {
      glyph.remove_prefix(1);  // the blank
      const std::size_t length = glyph.find(' ') == std::string_view::npos ? glyph.size() : glyph.find(' ');
      strokes.push_back(glyph_stroke(glyph.substr(0, length)));
      for (Point& point : strokes.back()) point.x += left;
      glyph.remove_prefix(length);
    }
    left += width + kLetterSpace;
  }
  return strokes;
}

}  // namespace hcnn::report
