// Initialisation: spread, roles, independence of layout and order.
#include "hcnn/layers/init.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "figure.hpp"

using namespace hcnn;

namespace {

template <class M = float>
Param<M> named(const std::string& name, Role role, std::vector<Index> dims, ParamLayout layout = ParamLayout::plain) {
  Param<M> param(role, std::move(dims), M{7}, layout);
  param.name = name;
  return param;
}

struct Spread {
  double mean = 0, deviation = 0, largest = 0;
};
Spread spread(const Param<double>& param) {
  const auto n = static_cast<double>(param.size());
  Spread result;
  for (Index i = 0; i < param.size(); ++i) {
    result.mean += param.value()[i] / n;
    result.largest = std::max(result.largest, std::abs(param.value()[i]));
  }
  for (Index i = 0; i < param.size(); ++i) result.deviation += std::pow(param.value()[i] - result.mean, 2) / n;
  result.deviation = std::sqrt(result.deviation);
  return result;
}

// A "network" as init sees it.
struct Network {
  ParamList<double> list;
  const ParamList<double>& parameters() { return list; }
};

}  // namespace

TEST_CASE("He and Xavier weights have the standard deviation of their formulas within 4 standard errors") {
  Param<double> convolution = named<double>("c.weight", Role::weight, {64, 32, 3, 5}, ParamLayout::convolution);
  Param<double> linear = named<double>("l.weight", Role::weight, {300, 200});
  Network network{{&convolution, &linear}};
  double worst = 0;
  const auto check = [&](const Param<double>& param, double expected, double shape) {
    const auto n = static_cast<double>(param.size());  // shape: standard error of the deviation, times sqrt(n) / it
    const Spread got = spread(param);
    const double errors = std::abs(got.deviation / expected - 1) * std::sqrt(n) / shape;
    CHECK(errors < 4);
    worst = std::max(worst, errors);
    CHECK(std::abs(got.mean) < 4 * expected / std::sqrt(n));
  };
  const double normal = std::sqrt(0.5), uniform = std::sqrt(0.2);  // sqrt((kurtosis - 1) / 4), kurtosis 3 and 1.8
  init::he_normal(network, Seed{1});
  check(convolution, std::sqrt(2.0 / (32 * 15)), normal);
  check(linear, std::sqrt(2.0 / 200), normal);
  init::he_normal(network.list, Seed{1}, {.slope = 0.5});
  check(linear, std::sqrt(2.0 / 1.25 / 200), normal);
  init::he_uniform(network, Seed{1});
  check(convolution, std::sqrt(2.0 / (32 * 15)), uniform);
  CHECK(spread(linear).largest <= std::sqrt(6.0 / 200));
  init::xavier_normal(network, Seed{1});
  check(convolution, std::sqrt(2.0 / (15 * (32 + 64))), normal);
  check(linear, std::sqrt(2.0 / 500), normal);
  init::xavier_uniform(network, Seed{1});
  check(linear, std::sqrt(2.0 / 500), uniform);
  CHECK(spread(linear).largest <= std::sqrt(6.0 / 500));
  testing::figure("R15", "deviations of He and Xavier weights: within ", worst, " standard errors");
}

TEST_CASE("biases and shifts become 0, scales 1; buffers and losses stay; packed copies are told") {
  Param<float> bias = named("b", Role::bias, {3}), scale = named("s", Role::norm_scale, {3}),
               shift = named("t", Role::norm_shift, {3}), buffer = named("v", Role::buffer, {3}),
               loss = named("l", Role::loss, {3}), weight = named("w", Role::weight, {3, 3});
  const ParamList<float> list = {&bias, &scale, &shift, &buffer, &loss, &weight};
  init::he_normal(list, Seed{1});
  CHECK(bias.value()[2] == 0);
  CHECK(scale.value()[2] == 1);
  CHECK(shift.value()[2] == 0);
  CHECK(buffer.value()[2] == 7);
  CHECK(loss.value()[2] == 7);
  for (const Param<float>* changed : {&bias, &scale, &shift, &weight}) CHECK(changed->version == 2);
}

TEST_CASE("weights depend on seed and name, not on memory order or neighbours") {
  const std::vector<Index> dims = {2, 3, 2, 2};
  Param<float> plain = named("w", Role::weight, dims),
               permuted = named("w", Role::weight, dims, ParamLayout::convolution),
               other = named("v", Role::weight, dims), reseeded = named("w", Role::weight, dims);
  init::he_normal(ParamList<float>{&other, &permuted}, Seed{1});
  init::he_normal(ParamList<float>{&plain}, Seed{1});
  init::he_normal(ParamList<float>{&reseeded}, Seed{2});
  for (Index o = 0; o < 2; ++o)
    for (Index c = 0; c < 3; ++c)
      for (Index k = 0; k < 4; ++k) CHECK(permuted.value()[(o * 4 + k) * 3 + c] == plain.value()[(o * 3 + c) * 4 + k]);
  CHECK(plain.value()[0] != other.value()[0]);
  CHECK(plain.value()[0] != reseeded.value()[0]);
}

TEST_CASE("a weight that is a single number has one input and one output") {
  Param<double> scalar(Role::weight, {});
  scalar.name = "scale";
  CHECK(init::fan_in(scalar) == 1);
  CHECK(init::fan_out(scalar) == 1);
  Network network{{&scalar}};
  CHECK_NOTHROW(init::he_normal(network, Seed{1}));
}

TEST_CASE("head weights can be set apart by the start of their names") {
  Param<double> head = named<double>("heads.fine.0.weight", Role::weight, {5, 4}),
                bias = named<double>("heads.fine.0.bias", Role::bias, {5}),
                trunk = named<double>("trunk.0.weight", Role::weight, {5, 4});
  Network network{{&head, &bias, &trunk}};
  init::normal(network, "heads.", 0, Seed{1});
  CHECK(head.value()[19] == 0);
  CHECK(bias.value()[0] == 7);
  CHECK(trunk.value()[0] == 7);
  CHECK_THROWS_WITH_AS(init::normal(network, "head.", 0, Seed{1}),
                       "init::normal: prefix 'head.'; no weight's name starts so", DataError);
}
