// Exponential moving average of weights.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "hcnn/optim/ema.hpp"

using namespace hcnn;

TEST_CASE("the average follows its formula and buffers are copied") {
  Param<double> w(Role::weight, {1}, 1.0), mean(Role::buffer, {1}, 1.0);
  ExponentialMovingAverage<double> average({&w, &mean});
  const auto set = [&](double value) { w.value()[0] = mean.value()[0] = value; };
  set(3);
  average.update(0.75);  // 0.75 * 1 + 0.25 * 3
  set(5);
  average.update(0.5);  // 0.5 * 1.5 + 0.5 * 5
  CHECK(average.state()[0].data[0] == 3.25);
  CHECK(average.state()[1].data[0] == 5.0);
  CHECK(w.value()[0] == 5.0);
}

TEST_CASE("swapping twice restores the network, and statistics refreshed in between do not stay") {
  Param<float> w(Role::weight, {2}, 1.0f), mean(Role::buffer, {2}, 7.0f);
  ExponentialMovingAverage<float> average({&w, &mean});
  w.value()[0] = 2.0f;
  const auto version = w.version;
  average.swap();
  CHECK(average.swapped());
  CHECK(w.value()[0] == 1.0f);
  CHECK(w.version == version + 1);
  mean.value()[0] = 9.0f;  // what a refresh of batch normalisation does
  average.swap();
  CHECK(w.value()[0] == 2.0f);
  CHECK(mean.value()[0] == 7.0f);
  CHECK(w.version == version + 2);
}

TEST_CASE("averages are named after their parameters") {
  Param<float> w(Role::weight, {2, 3});
  w.name = "heads.fine.0.weight";
  ExponentialMovingAverage<float> average({&w});
  CHECK(average.state()[0].name == "ema.heads.fine.0.weight");
  CHECK(average.state()[0].size == 6);
}

TEST_CASE("an update or a look at the state while swapped in, or a decay out of range, is refused") {
  Param<float> w(Role::weight, {1});
  ExponentialMovingAverage<float> average({&w});
  CHECK_THROWS_AS(average.update(1.5), OptionError);
  CHECK_THROWS_AS(average.update(std::nan("")), OptionError);
  average.swap();
  CHECK_THROWS_AS(average.update(0.5), OptionError);
  CHECK_THROWS_AS(average.state(), OptionError);
}

TEST_CASE("an average of equal values is that value, however many there are") {
  for (const double decay : {0.9999, 0.25, 0.0, 1.0}) {
    Param<float> w(Role::weight, {1000});
    for (Index i = 0; i < 1000; ++i) w.value()[i] = 0.1f + 0.013f * static_cast<float>(i);
    ExponentialMovingAverage<float> average({&w});
    for (int step = 0; step < 100; ++step) average.update(decay);
    CHECK(std::equal(w.value(), w.value() + 1000, average.state()[0].data));
  }
  Param<float> w(Role::weight, {1}, 0.1f);
  ExponentialMovingAverage<float> copy({&w});
  w.value()[0] = 1e8f;
  copy.update(0);
  CHECK(copy.state()[0].data[0] == 1e8f);
}
