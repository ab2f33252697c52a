// A built-in data set, drawn by code: 32x32 images of shapes, 100 classes in 20 superclasses in 9 groups.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/parallel.hpp"
#include "hcnn/core/random.hpp"
#include "hcnn/data/dataset.hpp"

namespace hcnn::data {

/// Options of `synthetic`.
struct SyntheticOptions {
  Index samples = 10000;    ///< number of images; sample i has class i % 100 and does not depend on this number
  std::uint64_t seed = 1;   ///< other seeds draw other images of the same classes
  Part part = Part::train;  ///< the two parts of a seed have no image in common
};

/// The tree of the synthetic classes, with the form of CIFAR-100's: a group is a colour ("red"), a superclass a texture
/// in that colour ("red barred"), a fine class a kind of mark on top of it ("red barred disc").
inline const Taxonomy& synthetic_taxonomy() {
  static const Taxonomy taxonomy = [] {
    const std::array<std::string, 9> colours{"red", "orange", "lime", "green", "mint", "sky", "blue", "violet", "pink"};
    const std::array<std::string, 4> textures{"barred", "striped", "dotted", "checked"};
    const std::array<std::string, 5> marks{"disc", "square", "triangle", "cross", "ring"};
    const std::array<std::size_t, 9> superclasses{3, 2, 2, 2, 2, 4, 1, 3, 1};  // of each group, as in CIFAR-100
    TaxonomyLevel fine{"fine", {}, {}}, superclass{"superclass", {}, {}}, group{"group", {}, {}};
    for (std::size_t g = 0; g < colours.size(); ++g) {
      group.classes.push_back(colours[g]);
      for (std::size_t s = 0; s < superclasses[g]; ++s) {
        for (const std::string& mark : marks) {
          fine.classes.push_back(colours[g] + ' ' + textures[s] + ' ' + mark);
          fine.parents.push_back(static_cast<Label>(superclass.classes.size()));
        }
        superclass.classes.push_back(colours[g] + ' ' + textures[s]);
        superclass.parents.push_back(static_cast<Label>(g));
      }
    }
    return Taxonomy({fine, superclass, group});
  }();
  return taxonomy;
}

/// One image of the synthetic data set: a textured ground with two marks of one kind, drawn at random.
class SyntheticScene {
 public:
  /// @param colour 0..8, ninths of the colour wheel
  /// @param texture 0..3: bars (horizontal), stripes (vertical), dots, checks
  /// @param kind 0..4: white disc, black square, yellow triangle, cyan cross, magenta ring
  SyntheticScene(int colour, int texture, int kind, RandomStream& random) : texture_(texture), kind_(kind) {
    const double tone = colour + between(random, -0.35, 0.35);
    const double light = between(random, 0.45, 1.0);
    ground_ = hue(tone, between(random, 0.1, 0.4));
    for (double& value : ground_) value *= light;
    ink_ = hue(tone, 0.0);
    for (double& value : ink_) value *= 0.3 * light;
    constexpr std::array<Colour, 5> paints{{{1, 1, 1}, {0, 0, 0}, {1, 1, 0}, {0, 1, 1}, {1, 0, 1}}};
    paint_ = paints[static_cast<std::size_t>(kind)];
    for (double& value : paint_) value = std::abs(value - between(random, 0.0, 0.3));  // 0.7..1 for 1, 0..0.3 for 0
    wave_ = 2.0 * std::numbers::pi / between(random, 5.0, 7.0);
    phase_ = {between(random, 0.0, 2.0 * std::numbers::pi), between(random, 0.0, 2.0 * std::numbers::pi)};
    const double angle = between(random, -0.15, 0.15);
    turn_ = {std::cos(angle), std::sin(angle)};
    for (Mark& mark : marks_)
      mark = {between(random, 6.0, 26.0), between(random, 6.0, 26.0), between(random, 5.0, 8.0)};
  }

  /// Writes the image, H, W, C, with independent noise on every pixel.
  void draw(std::uint8_t* out, const Shape& shape, RandomStream& random) const {
    for (Index row = 0; row < shape.height; ++row)
      for (Index column = 0; column < shape.width; ++column) {
        std::uint32_t grain = random.next();
        for (const double value : at(row, column)) {
          const double noise = (static_cast<double>(grain & 255U) - 127.5) * (0.1 / 255.0);  // uniform, +- 0.05
          *out++ = static_cast<std::uint8_t>(std::clamp(255.0 * (value + noise), 0.0, 255.0));
          grain >>= 8;
        }
      }
  }

 private:
  using Colour = std::array<double, 3>;
  struct Mark {
    double x, y, radius;  // pixels
  };

  // Colour of a pixel before the grain, values of 0..1.
  const Colour& at(Index row, Index column) const {
    const double x = static_cast<double>(column) + 0.5, y = static_cast<double>(row) + 0.5;
    for (const Mark& mark : marks_)
      if (inside((turn_[0] * (x - mark.x) + turn_[1] * (y - mark.y)) / mark.radius,
                 (turn_[0] * (y - mark.y) - turn_[1] * (x - mark.x)) / mark.radius))
        return paint_;
    return inked(turn_[0] * x + turn_[1] * y, turn_[0] * y - turn_[1] * x) ? ink_ : ground_;
  }

  static double between(RandomStream& random, double low, double high) { return low + (high - low) * random.uniform(); }

  // Colour of the wheel; `grey` is the fraction of white in it.
  static Colour hue(double ninth, double grey) {
    Colour colour;
    for (std::size_t c = 0; c < 3; ++c) {
      const double distance = std::abs(std::remainder(ninth / 1.5 - 2.0 * static_cast<double>(c), 6.0));  // sixths
      colour[c] = grey + (1.0 - grey) * std::clamp(2.0 - distance, 0.0, 1.0);
    }
    return colour;
  }

  // True if the texture is dark at this position of the rotated image, pixels.
  bool inked(double u, double v) const {
    const bool bar = std::sin(wave_ * v + phase_[0]) > 0.0, stripe = std::sin(wave_ * u + phase_[1]) > 0.0;
    return texture_ == 0 ? bar : texture_ == 1 ? stripe : texture_ == 2 ? bar && stripe : bar != stripe;
  }

  // True if a mark of radius 1 covers this position relative to its centre.
  bool inside(double u, double v) const {
    const double far = std::max(std::abs(u), std::abs(v)), near = std::min(std::abs(u), std::abs(v));
    const double centre = std::hypot(u, v);
    switch (kind_) {
      case 0:
        return centre < 0.9;
      case 1:
        return far < 0.8;
      case 2:
        return v < 0.8 && std::abs(u) < 0.58 * (v + 1.0);
      case 3:
        return far < 1.0 && near < 0.35;
      default:
        return centre < 1.0 && centre > 0.55;
    }
  }

  int texture_, kind_;
  Colour ground_{}, ink_{}, paint_{};
  std::array<double, 2> turn_{}, phase_{};  // cosine and sine; of bars and stripes
  std::array<Mark, 2> marks_{};
  double wave_ = 0;  // of the texture, radians per pixel
};

/// Draws the data set: shape 32x32x3, levels "fine" (100), "superclass" (20) and "group" (9) of `synthetic_taxonomy`.
/// Position and size of the marks, phase, pitch and rotation of the texture and all tones are random, so single pixels
/// tell little and small features anywhere tell everything: a convolutional network learns colours first, then
/// textures, then marks, and its mistakes are mild from the start. A mirror image keeps its class. The same bits at any
/// number of threads. Throws OptionError for samples < 1.
inline Dataset synthetic(const SyntheticOptions& options = {}) {
  if (options.samples < 1) fail<OptionError>("synthetic", concat(options.samples, " samples"), "at least 1 is needed");
  const Taxonomy& tree = synthetic_taxonomy();
  const Shape shape{.height = 32, .width = 32, .channels = 3};
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(options.samples * shape.size()));
  std::vector<Label> labels(static_cast<std::size_t>(options.samples));
  const std::uint64_t purpose = hash_name(options.part == Part::train ? "synthetic train" : "synthetic test");
  parallel_for(options.samples, [&](Index i) {
    const auto label = static_cast<Label>(i % tree.class_count(0));
    const Label superclass = tree.ancestor(label, 0, 1), group = tree.ancestor(label, 0, 2);
    const Label first = tree.leaves_of(2, group).front();  // five fine classes for each texture of the group
    RandomStream random(Seed{options.seed}, purpose, 0, static_cast<std::uint64_t>(i));
    const SyntheticScene scene(group, superclass - tree.ancestor(first, 0, 1), label % 5, random);
    labels[static_cast<std::size_t>(i)] = label;
    scene.draw(pixels.data() + i * shape.size(), shape, random);
  });
  return Dataset(shape, std::move(pixels), tree, std::move(labels));
}

}  // namespace hcnn::data
