// Pictures of parts on a conveyor belt, drawn by code: 5 kinds of parts, each intact, cracked, chipped or rusty.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <hcnn/hcnn.hpp>
#include <hcnn/io/image.hpp>
#include <numbers>
#include <string>
#include <vector>

namespace examples {

using namespace hcnn;

inline constexpr std::array<const char*, 5> kKinds{"bearing", "bolt", "gear", "nut", "washer"};
inline constexpr std::array<const char*, 4> kStates{"chipped", "cracked", "intact", "rusty"};
enum Kind { bearing, bolt, gear, nut, washer };
enum State { chipped, cracked, intact, rusty };

/// Levels "part" (20: "bolt_cracked" is class 4 * kind + state), "kind" (5) and "family" (2).
inline Taxonomy conveyor_taxonomy() {
  TaxonomyLevel part{"part", {}, {}}, kind{"kind", {}, {0, 1, 0, 1, 1}}, family{"family", {"drive", "fastener"}, {}};
  for (std::size_t k = 0; k < kKinds.size(); ++k) {
    kind.classes.push_back(kKinds[k]);
    for (const char* state : kStates) {
      part.classes.push_back(concat(kKinds[k], '_', state));
      part.parents.push_back(static_cast<Label>(k));
    }
  }
  return Taxonomy({part, kind, family});
}

/// What a mistake costs the one who ships the parts. A faulty part that is shipped: 20 where it is cracked, 8 chipped,
/// 3 rusty. A good part that is thrown away: 1. A wrong defect: 0.5, it is thrown away anyway. A part in the bin of
/// another kind: 5 more.
inline CostMatrix conveyor_costs() {
  std::vector<std::vector<double>> rows;
  for (int truth = 0; truth < 20; ++truth) {
    rows.emplace_back();
    for (int predicted = 0; predicted < 20; ++predicted) {
      const int state = truth % 4, seen = predicted % 4;
      double cost = truth / 4 == predicted / 4 ? 0 : 5;
      if (state != seen && seen == intact) cost += state == cracked ? 20 : state == chipped ? 8 : 3;
      if (state != seen && seen != intact) cost += state == intact ? 1 : 0.5;
      rows.back().push_back(cost);
    }
  }
  return CostMatrix(rows);
}

/// One part on the belt: all that is random about a picture is drawn by the constructor, but for the grain.
class ConveyorScene {
 public:
  /// @param side of the picture, pixels
  ConveyorScene(Label label, Index side, RandomStream& random) : kind_(label / 4), state_(label % 4) {
    const double pixels = static_cast<double>(side);
    radius_ = pixels * between(random, 0.36, 0.44);
    centre_ = {pixels * between(random, 0.45, 0.55), pixels * between(random, 0.45, 0.55)};
    turn_ = angle(random);
    light_ = angle(random);
    gain_ = between(random, 0.65, 1.1);
    metal_ = between(random, 0.62, 0.85);
    belt_ = between(random, 0.18, 0.34);
    rib_ = {angle(random), 2 * std::numbers::pi / (pixels * between(random, 0.10, 0.14))};
    if (state_ == cracked || state_ == chipped) damage_rim(random);
    if (state_ == rusty) grow_rust(random);
  }

  /// The picture; every pixel is the mean of 9 points and gets a grain of its own.
  io::Image draw(Index side, RandomStream& random) const {
    io::Image image(side, side);
    for (Index y = 0; y < side; ++y)
      for (Index x = 0; x < side; ++x) {
        Paint sum{};
        for (int point = 0; point < 9; ++point) {
          const Paint paint =
              at(static_cast<double>(x) + (point % 3 + 0.5) / 3, static_cast<double>(y) + (point / 3 + 0.5) / 3);
          for (std::size_t c = 0; c < 3; ++c) sum[c] += paint[c] / 9;
        }
        for (std::size_t c = 0; c < 3; ++c)
          image.at(x, y)[c] =
              static_cast<std::uint8_t>(std::clamp(255 * (gain_ * sum[c] + between(random, -0.03, 0.03)), 0.0, 255.0));
      }
    return image;
  }

 private:
  using Paint = std::array<double, 3>;  // red, green, blue, 0..1
  using Point = std::array<double, 2>;  // of the part, whose radius is 1

  static double between(RandomStream& random, double low, double high) { return low + (high - low) * random.uniform(); }
  static double angle(RandomStream& random) { return between(random, 0, 2 * std::numbers::pi); }

  // How far inside the undamaged part a point lies, about; below 0 outside.
  double depth(const Point& p) const {
    const double u = std::abs(p[0]), r = std::hypot(p[0], p[1]);
    if (kind_ == bolt)
      return std::max(std::min({0.48 - u, p[1] + 1, -0.5 - p[1]}), std::min({0.25 - u, p[1] + 0.55, 1 - p[1]}));
    if (kind_ == nut) {
      const double slanted = 0.5 * u + 0.866 * std::abs(p[1]);
      return std::min(0.82 - std::max(u, slanted), r - 0.42);
    }
    if (kind_ == gear) {
      const double tooth = std::clamp(3 * std::cos(10 * std::atan2(p[1], p[0])), -1.0, 1.0);
      return std::min(0.84 + 0.12 * tooth - r, r - 0.22);
    }
    return kind_ == washer ? std::min(0.88 - r, r - 0.5) : std::min(0.95 - r, r - 0.3);
  }

  // Walks from outside towards the axis of the part to its rim, and on to the other side of the material.
  void damage_rim(RandomStream& random) {
    Point from, step;
    if (kind_ == bolt) {
      const double side = random.below(2) == 0 ? -1 : 1;
      from = {side, between(random, -0.35, 0.75)};
      step = {-0.01 * side, 0};
    } else {
      const double way = angle(random);
      from = {1.1 * std::cos(way), 1.1 * std::sin(way)};
      step = {-0.01 * std::cos(way), -0.01 * std::sin(way)};
    }
    while (depth(from) < 0) from = {from[0] + step[0], from[1] + step[1]};
    Point to = from;
    while (depth(to) >= 0) to = {to[0] + step[0], to[1] + step[1]};
    rim_ = from;
    chip_ = between(random, 0.24, 0.32);
    const double length = between(random, 0.8, 1.0);
    for (int i = 0; i <= 4; ++i) {  // a jagged line across the material
      const double way = length * i / 4, aside = i % 4 == 0 ? 0 : between(random, -8, 8);
      crack_.push_back(
          {from[0] + way * (to[0] - from[0]) - aside * step[1], from[1] + way * (to[1] - from[1]) + aside * step[0]});
    }
    crack_width_ = between(random, 0.045, 0.065);
  }

  void grow_rust(RandomStream& random) {
    while (rust_.size() < 5) {
      const Point spot{between(random, -0.9, 0.9), between(random, -0.9, 0.9)};
      if (depth(spot) > 0.03) rust_.push_back(spot);
    }
    rust_size_ = between(random, 0.16, 0.24);
  }

  static double distance(const Point& p, const Point& a, const Point& b) {
    const Point along{b[0] - a[0], b[1] - a[1]};
    const double way =
        ((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / (along[0] * along[0] + along[1] * along[1]);
    const double at = std::clamp(way, 0.0, 1.0);
    return std::hypot(p[0] - a[0] - at * along[0], p[1] - a[1] - at * along[1]);
  }

  bool solid(const Point& p) const {
    return depth(p) >= 0 && !(state_ == chipped && std::hypot(p[0] - rim_[0], p[1] - rim_[1]) < chip_);
  }

  // The part's coordinates of a place in the picture, moved towards the light by so much of a radius.
  Point part_point(double x, double y, double towards) const {
    const double u = (x - centre_[0]) / radius_ - towards * std::cos(light_);
    const double v = (y - centre_[1]) / radius_ - towards * std::sin(light_);
    return {std::cos(turn_) * u + std::sin(turn_) * v, std::cos(turn_) * v - std::sin(turn_) * u};
  }

  Paint at(double x, double y) const {
    const Point p = part_point(x, y, 0);
    if (solid(p)) return metal(p, x, y);
    const double ribs = 0.05 * std::sin(rib_[1] * (x * std::cos(rib_[0]) + y * std::sin(rib_[0])));
    const double tone = (belt_ + ribs) * (solid(part_point(x, y, 0.12)) ? 0.45 : 1);  // in the part's shadow
    return {tone, tone, 1.1 * tone};
  }

  Paint metal(const Point& p, double x, double y) const {
    const double slope = ((x - centre_[0]) * std::cos(light_) + (y - centre_[1]) * std::sin(light_)) / radius_;
    double tone = metal_ * (0.72 + 0.28 * std::min(1.0, depth(p) / 0.1)) * (1 - 0.14 * slope);
    if (kind_ == bolt && p[1] > -0.2) tone *= 1 + 0.18 * std::sin(45 * p[1]);  // the thread
    if (kind_ == bearing) tone *= raceway(p);
    for (std::size_t i = 1; state_ == cracked && i < crack_.size(); ++i)
      if (distance(p, crack_[i - 1], crack_[i]) < crack_width_) return {0.08, 0.07, 0.07};
    double rust = 0;
    for (const Point& spot : rust_)
      rust += std::exp(-std::pow(std::hypot(p[0] - spot[0], p[1] - spot[1]) / rust_size_, 2));
    rust = std::clamp(2 * rust - 0.5, 0.0, 0.9);
    return {tone * (1 - rust) + 0.50 * rust, tone * (1 - rust) + 0.25 * rust, 1.03 * tone * (1 - rust) + 0.10 * rust};
  }

  // Brightness of a bearing: two rings, and balls in the dark between them.
  static double raceway(const Point& p) {
    const double r = std::hypot(p[0], p[1]);
    if (r < 0.48 || r > 0.77) return 1;
    const double sector = std::remainder(std::atan2(p[1], p[0]), std::numbers::pi / 4);
    return std::hypot(r - 0.625, 0.625 * sector) < 0.13 ? 1.15 : 0.4;
  }

  int kind_, state_;
  double radius_, turn_, light_, gain_, metal_, belt_;  // pixels, radians, and brightnesses
  Point centre_, rib_;                                  // pixels; direction and radians per pixel
  Point rim_{};                                         // where the damage begins
  double chip_ = 0, crack_width_ = 0, rust_size_ = 0;   // of the part's radius
  std::vector<Point> crack_, rust_;
};

/// Picture `index` of a class: the same whatever else is drawn.
inline io::Image conveyor_picture(Label label, Index side, const std::string& part, Index index, std::uint64_t seed) {
  RandomStream random(Seed{seed}, hash_name("conveyor " + part), static_cast<std::uint64_t>(label),
                      static_cast<std::uint64_t>(index));
  return ConveyorScene(label, side, random).draw(side, random);
}

}  // namespace examples
