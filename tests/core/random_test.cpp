// Philox, random streams, shuffling.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "hcnn/core/random.hpp"

using namespace hcnn;
using Words = std::array<std::uint32_t, 4>;

TEST_CASE("Philox4x32-10 gives the known answers of the Random123 library") {
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  CHECK(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) == Words{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  CHECK(philox({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}) ==
        Words{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST_CASE("a name's hash is FNV-1a") {
  CHECK(hash_name("") == 0xcbf29ce484222325u);
  CHECK(hash_name("a") == 0xaf63dc4c8601ec8cu);
  CHECK(hash_name("foobar") == 0x85944171f73967e8u);
}

TEST_CASE("a stream repeats for equal keys and differs where any part of the key differs") {
  const auto first = [](std::uint64_t seed, std::uint64_t purpose, std::uint64_t epoch, std::uint64_t sample) {
    RandomStream stream(Seed{seed}, purpose, epoch, sample);
    const std::uint64_t high = stream.next();
    return high << 32 | stream.next();
  };
  CHECK(first(1, 2, 3, 4) == first(1, 2, 3, 4));
  const std::uint64_t far = std::uint64_t{1} << 32;  // the upper half of every number counts too
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed : {std::uint64_t{1}, std::uint64_t{2}, far})
    for (std::uint64_t purpose : {std::uint64_t{1}, std::uint64_t{2}, far})
      for (std::uint64_t epoch : {std::uint64_t{0}, std::uint64_t{1}, far})
        for (std::uint64_t sample : {std::uint64_t{0}, std::uint64_t{1}, far})
          seen.insert(first(seed, purpose, epoch, sample));
  CHECK(seen.size() == 81);
}

TEST_CASE("words in sequence are the words of the blocks") {
  RandomStream stream(Seed{7}, 1);
  const RandomStream blocks(Seed{7}, 1);
  for (std::uint32_t i = 0; i < 12; ++i) CHECK(stream.next() == blocks.block(i / 4)[i % 4]);
}

TEST_CASE("uniform numbers lie in [0, 1) with the mean and variance of the uniform distribution") {
  const int n = 100000;
  RandomStream stream(Seed{3}, hash_name("test"));
  double sum = 0, squares = 0, least = 1, greatest = 0;
  for (int i = 0; i < n; ++i) {
    const double u = stream.uniform();
    sum += u, squares += u * u;
    least = std::min(least, u), greatest = std::max(greatest, u);
  }
  CHECK(least >= 0.0);
  CHECK(greatest < 1.0);
  CHECK(std::abs(sum / n - 1.0 / 2) <= 4 * std::sqrt(1.0 / 12 / n));      // four standard errors
  CHECK(std::abs(squares / n - 1.0 / 3) <= 4 * std::sqrt(4.0 / 45 / n));  // the variance of u^2 is 4/45
}

TEST_CASE("normal numbers have mean 0, variance 1 and no third moment") {
  const int n = 100000;
  RandomStream stream(Seed{4}, hash_name("test"));
  double sum = 0, squares = 0, cubes = 0;
  for (int i = 0; i < n; ++i) {
    const double z = stream.normal();
    sum += z, squares += z * z, cubes += z * z * z;
  }
  CHECK(std::abs(sum / n) <= 4 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1) <= 4 * std::sqrt(2.0 / n));  // variance of z^2: 2
  CHECK(std::abs(cubes / n) <= 4 * std::sqrt(15.0 / n));       // variance of z^3: 15
}

TEST_CASE("integers below a bound are all reached equally often") {
  const std::uint32_t bound = 7;
  const int n = 70000;
  RandomStream stream(Seed{5}, 1);
  std::vector<int> counts(bound);
  for (int i = 0; i < n; ++i) ++counts.at(stream.below(bound));
  double chi_square = 0;
  for (int count : counts) chi_square += std::pow(count - n / 7.0, 2) / (n / 7.0);
  CHECK(chi_square < 22.5);  // six degrees of freedom: exceeded once in a thousand seeds
  RandomStream ones(Seed{5}, 2);
  CHECK(ones.below(1) == 0u);
}

TEST_CASE("a bound near 2^32 rejects what would be biased") {
  // With bound 3 * 2^30, a plain product would give every third number twice as often.
  const std::uint32_t bound = 3u << 30;
  RandomStream stream(Seed{6}, 1);
  int multiples = 0;
  const int n = 30000;
  for (int i = 0; i < n; ++i) {
    const auto value = stream.below(bound);
    CHECK_FALSE(value >= bound);
    multiples += value % 3 == 0;
  }
  CHECK(std::abs(multiples - n / 3.0) <= 4 * std::sqrt(n * 2.0 / 9));
}

TEST_CASE("a shuffle keeps every item and reaches every order equally often") {
  RandomStream stream(Seed{8}, hash_name("shuffle"));
  std::map<std::vector<int>, int> orders;
  const int n = 24000;
  for (int i = 0; i < n; ++i) {
    std::vector<int> items{1, 2, 3, 4};
    shuffle(std::span<int>(items), stream);
    ++orders[items];
  }
  CHECK(orders.size() == 24);
  double chi_square = 0;
  for (const auto& [order, count] : orders) chi_square += std::pow(count - n / 24.0, 2) / (n / 24.0);
  CHECK(chi_square < 49.7);  // 23 degrees of freedom: exceeded once in a thousand seeds
  std::vector<int> none;
  shuffle(std::span<int>(none), stream);
}
