// Counter-based random numbers: a value depends only on its key and position, never on earlier calls.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <string_view>
#include <utility>

#include "hcnn/core/shape.hpp"

namespace hcnn {

/// A seed, as a type that cannot be confused with another number.
struct Seed {
  std::uint64_t value = 0;  ///< any number
};

/// Philox4x32-10: four 32-bit words from a 128-bit counter and a 64-bit key.
/// Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11.
inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
               static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// 64-bit FNV-1a hash of a name: turns "dropout trunk.7" into a key.
constexpr std::uint64_t hash_name(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

/// Random numbers for one (seed, purpose, epoch, sample). Streams with different keys are independent.
class RandomStream {
 public:
  /// @param purpose what the numbers are for, `hash_name("shuffle")` or a layer's path
  RandomStream(Seed seed, std::uint64_t purpose, std::uint64_t epoch = 0, std::uint64_t sample = 0)
      : epoch_(static_cast<std::uint32_t>(epoch)), sample_(sample) {
    const auto mixed = philox({static_cast<std::uint32_t>(seed.value), static_cast<std::uint32_t>(seed.value >> 32),
                               static_cast<std::uint32_t>(purpose), static_cast<std::uint32_t>(purpose >> 32)},
                              {0x68636e6eu, static_cast<std::uint32_t>(epoch >> 32)});
    key_ = {mixed[0], mixed[1]};
  }

  /// Words 4*index .. 4*index+3 of the stream, by random access.
  std::array<std::uint32_t, 4> block(std::uint32_t index) const {
    return philox({index, epoch_, static_cast<std::uint32_t>(sample_), static_cast<std::uint32_t>(sample_ >> 32)},
                  key_);
  }

  /// Epoch of the stream, lower 32 bits.
  std::uint32_t epoch() const { return epoch_; }
  /// A stream with the same seed, purpose and sample for another epoch below 2^32, at its start.
  RandomStream in_epoch(std::uint32_t epoch) const {
    RandomStream other = *this;
    other.epoch_ = epoch;
    other.position_ = 0;
    return other;
  }

  /// The next 32 random bits.
  std::uint32_t next() {
    if (position_ % 4 == 0) words_ = block(position_ / 4);
    return words_[position_++ % 4];
  }
  /// Uniform in [0, 1), 53 bits.
  double uniform() {
    const std::uint64_t high = next(), low = next();
    return static_cast<double>((high << 21) ^ (low >> 11)) * 0x1.0p-53;
  }
  /// Uniform integer in [0, bound), without bias; bound >= 1.
  std::uint32_t below(std::uint32_t bound) {
    const std::uint32_t reject_under = (0u - bound) % bound;  // Lemire 2019, arXiv:1805.10941
    for (;;) {
      const std::uint64_t product = std::uint64_t{next()} * bound;
      if (static_cast<std::uint32_t>(product) >= reject_under) return static_cast<std::uint32_t>(product >> 32);
    }
  }
  /// Standard normal by Box and Muller (1958).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::array<std::uint32_t, 2> key_{};
  std::uint32_t epoch_;
  std::uint64_t sample_;
  std::uint32_t position_ = 0;
  std::array<std::uint32_t, 4> words_{};
};

/// Shuffles in place (Fisher-Yates); every order is equally likely.
template <class Item>
void shuffle(std::span<Item> items, RandomStream& random) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[random.below(static_cast<std::uint32_t>(i))]);
}

}  // namespace hcnn
