// Dropout: statistics, reproducible masks, gradients.
#include "hcnn/layers/dropout.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>

#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

// What dropout makes of ones.
template <class T = float>
std::vector<double> mask(const std::vector<std::uint64_t>& samples, std::uint64_t epoch = 0, std::uint64_t seed = 1,
                         const std::string& path = "trunk.3", Index channels = 100) {
  Dropout<T> layer{{.rate = 0.5}};
  LayerRunner<T> run(layer, static_cast<Index>(samples.size()), {1, 1, channels}, path);
  std::fill(run.x().begin(), run.x().end(), T(1.0f));
  return numbers(run.forward({.seed = seed, .epoch = epoch, .samples = samples}));
}

}  // namespace

TEST_CASE_TEMPLATE("dropout keeps the mean and zeroes the given fraction", T, float, double, bfloat16) {
  for (const double rate : {0.1, 0.5, 0.75}) {
    Dropout<T> layer{{.rate = rate}};
    constexpr Index kCount = 64, kChannels = 1000;
    LayerRunner<T> run(layer, kCount, {1, 1, kChannels});
    std::fill(run.x().begin(), run.x().end(), T(1.0f));
    double dropped = 0, sum = 0;
    for (const double value : numbers(run.forward({.seed = 3}))) {
      dropped += value == 0;
      sum += value;
    }
    constexpr double n = kCount * kChannels;
    const double deviation = std::sqrt(rate * (1 - rate) / n);  // of the fraction dropped; 5 of them: 1 in 1.7 million
    CHECK(std::abs(dropped / n - rate) < 5 * deviation);
    const double rounding = static_cast<double>(std::numeric_limits<T>::epsilon());
    CHECK(std::abs(sum / n - 1) < 5 * deviation / (1 - rate) + rounding);
  }
}

TEST_CASE("a sample's mask does not depend on its batch") {
  const std::vector<double> both = mask({7, 9});
  std::vector<double> apart = mask({7});
  const std::vector<double> second = mask({9});
  apart.insert(apart.end(), second.begin(), second.end());
  CHECK(both == apart);
  CHECK(mask({9, 7}) == [&] {
    std::vector<double> swapped = second;
    const std::vector<double> first = mask({7});
    swapped.insert(swapped.end(), first.begin(), first.end());
    return swapped;
  }());
}

TEST_CASE("a mask does not depend on the number of threads, and is the same in every precision") {
  const std::vector<std::uint64_t> samples = {0, 1, 2, 3, 4, 5, 6};
  const std::vector<double> reference = mask(samples);
  for (const int threads : {1, 2, 3, 4, 8}) {
    const ThreadCountScope scope(threads);
    CHECK(mask(samples) == reference);
  }
  CHECK(mask<double>(samples) == reference);
  CHECK(mask<bfloat16>(samples) == reference);
}

TEST_CASE("another epoch, seed, sample or layer draws another mask") {
  const std::vector<double> reference = mask({7}, 0);
  CHECK(mask({7}, 0) == reference);
  CHECK(mask({7}, 1) != reference);
  CHECK(mask({8}, 0) != reference);
  CHECK(mask({7}, 0, 2) != reference);
  CHECK(mask({7}, 0, 1, "trunk.4") != reference);
}

TEST_CASE("the gradient goes where the value went") {
  Dropout<float> layer{{.rate = 0.5}};
  LayerRunner<float> run(layer, 2, {3, 5, 7});
  std::fill(run.x().begin(), run.x().end(), 1.0f);
  std::fill(run.dy().begin(), run.dy().end(), 1.0f);
  const std::vector<double> y = numbers(run.forward({.seed = 5}));
  CHECK(numbers(run.backward()) == y);
}

TEST_CASE("evaluation, and a rate of 0, drop nothing") {
  for (const double rate : {0.0, 0.9}) {
    Dropout<float> layer{{.rate = rate}};
    LayerRunner<float> run(layer, 1, {1, 1, 40});
    assign(run.x(), std::vector<double>(40, 3.0));
    assign(run.dy(), std::vector<double>(40, 2.0));
    CHECK(numbers(run.forward({.mode = rate == 0 ? Mode::train : Mode::evaluate})) == std::vector<double>(40, 3.0));
    CHECK(numbers(run.backward()) == std::vector<double>(40, 2.0));
    CHECK(numbers(run.infer()) == std::vector<double>(40, 3.0));
  }
}

TEST_CASE("a backward pass after evaluation knows nothing of the training pass before") {
  Dropout<float> layer;
  LayerRunner<float> run(layer, 1, {1, 1, 40});
  assign(run.x(), std::vector<double>(40, 3.0));
  assign(run.dy(), std::vector<double>(40, 2.0));
  run.forward();
  run.forward({.mode = Mode::evaluate});
  CHECK(numbers(run.backward()) == std::vector<double>(40, 2.0));
}

TEST_CASE("element i is dropped where word i of the stream is below rate * 2^32") {
  const RandomStream random(Seed{1}, hash_name("dropout layer"), 2, 7);
  RandomStream words = random;
  const std::vector<std::uint64_t> samples = {7};
  Dropout<float> layer{{.rate = 0.25}};
  LayerRunner<float> run(layer, 1, {1, 1, 77});
  assign(run.x(), std::vector<double>(77, 3.0));
  for (const double value : numbers(run.forward({.seed = 1, .epoch = 2, .samples = samples})))
    CHECK(value == (words.next() < 0x40000000u ? 0 : 4));
}

TEST_CASE("the derivatives of Dropout are right on every shape" * doctest::test_suite("proof")) {
  Proof proof("Dropout");
  for (const auto& [count, shape] : input_cases())
    proof.add(check_layer(Dropout<double>{{.rate = 0.3}}, shape, {.count = count}), count, shape);
}

TEST_CASE("Dropout refuses rates outside [0, 1)") {
  CHECK_THROWS_WITH_AS(Dropout{{.rate = 1}}, "Dropout: rate 1; it must be in [0, 1)", OptionError);
  CHECK_THROWS_AS(Dropout{{.rate = -0.1}}, OptionError);
  CHECK_THROWS_AS(Dropout{{.rate = std::nan("")}}, OptionError);
}
