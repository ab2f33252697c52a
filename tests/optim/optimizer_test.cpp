// What all optimizers share: groups, one step count, touched versions, zeroed gradients, threads, state.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hcnn/optim/adam.hpp"
#include "hcnn/optim/muon.hpp"
#include "hcnn/optim/sgd.hpp"
#include "proof.hpp"
#include "sample_params.hpp"
#include "worse.hpp"

using namespace hcnn;
using testing::Proof;

namespace {

const std::vector<std::vector<Index>> kShapes = {{3, 4}, {5}, {2, 1, 3, 3}};

template <class M>
void train(sample::Params<M>& params, Optimizer<M>& optimizer, Index first, Index last) {
  for (Index step = first; step < last; ++step) {
    params.backward(step);
    optimizer.step();
  }
}

struct Expected {
  double value, first = 0, second = 0;  // the number and its moments
};

// The published formulas, number by number.
void sgd_step(Expected& w, double g, Index) {
  g += 0.03 * w.value;
  w.first = 0.9 * w.first + g;
  w.value -= 0.1 * (g + 0.9 * w.first);
}
void adam_step(Expected& w, double g, double step, double l2, double decay) {
  w.value -= 0.01 * decay * w.value;
  g += l2 * w.value;
  w.first = 0.8 * w.first + 0.2 * g;
  w.second = 0.99 * w.second + 0.01 * g * g;
  const double m = w.first / (1 - std::pow(0.8, step)), v = w.second / (1 - std::pow(0.99, step));
  w.value -= 0.01 * m / (std::sqrt(v) + 1e-6);
}

// Twenty steps of an optimizer on one tensor of each shape. Allowed are 1e-12: 20 steps of a dozen roundings of 1e-16,
// summed tenfold by the momentum.
template <class Make, class Step>
void prove(const char* name, const Make& make, const Step& step) {
  Proof proof(name);
  for (const std::vector<Index>& dims : std::vector<std::vector<Index>>{{1},
                                                                        {2},
                                                                        {7},
                                                                        {1, 1},
                                                                        {3, 5},
                                                                        {1, 9},
                                                                        {4, 1},
                                                                        {17, 3},
                                                                        {1, 1, 1, 1},
                                                                        {2, 3, 3, 3},
                                                                        {5, 1, 3, 1},
                                                                        {2, 7, 1, 2},
                                                                        {3, 4, 5},
                                                                        {19},
                                                                        {70, 1000}}) {
    sample::Params<double> params({dims});
    const auto optimizer = make(params.list());
    std::vector<Expected> expected;
    for (const double value : params.values()) expected.push_back({value});
    for (Index n = 1; n <= 20; ++n) {
      params.backward(n);
      for (std::size_t i = 0; i < expected.size(); ++i) step(expected[i], params[0].grad()[i], n);
      optimizer->step();
    }
    double error = 0;
    for (std::size_t i = 0; i < expected.size(); ++i)
      error = testing::worse(error, std::abs(params[0].value()[i] - expected[i].value) / 1e-12);
    CHECK_MESSAGE(error <= 1, name, " on ", params[0].size(), " numbers: ", error);
    proof.add(params[0].size(), error, dims.size() > 1 ? dims[0] : 1, Shape{.channels = params[0].size()});
  }
}

}  // namespace

TEST_CASE("every number of a tensor moves by the optimizer's formula, whatever the tensor's shape" *
          doctest::test_suite("proof")) {
  prove(
      "SGD",
      [](const ParamList<double>& list) {
        return std::make_unique<SGD<double>>(
            list,
            SGDOptions{
                .learning_rate = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.03, .decay_all = true});
      },
      sgd_step);
  prove(
      "Adam",
      [](const ParamList<double>& list) {
        return std::make_unique<Adam<double>>(list, AdamOptions{.learning_rate = 0.01,
                                                                .beta1 = 0.8,
                                                                .beta2 = 0.99,
                                                                .epsilon = 1e-6,
                                                                .weight_decay = 0.03,
                                                                .decay_all = true});
      },
      [](Expected& w, double g, Index n) { adam_step(w, g, static_cast<double>(n), 0.03, 0); });
  prove(
      "AdamW",
      [](const ParamList<double>& list) {
        return std::make_unique<AdamW<double>>(list, AdamWOptions{.learning_rate = 0.01,
                                                                  .beta1 = 0.8,
                                                                  .beta2 = 0.99,
                                                                  .epsilon = 1e-6,
                                                                  .weight_decay = 0.3,
                                                                  .decay_all = true});
      },
      [](Expected& w, double g, Index n) { adam_step(w, g, static_cast<double>(n), 0, 0.3); });
}

TEST_CASE("the first Adam step is the learning rate against the gradient's sign, however many tensors there are") {
  // Bias-corrected moments of one gradient are g and g^2, so the step is rate * g / (|g| + epsilon).
  for (std::size_t tensors : {1u, 2u, 7u, 40u}) {
    sample::Params<double> params(std::vector<std::vector<Index>>(tensors, {4}));
    const auto before = params.values();
    Adam optimizer{params.list(), {.learning_rate = 0.25, .epsilon = 0}};
    params.backward(0);
    std::vector<double> sign;
    for (std::size_t t = 0; t < tensors; ++t)
      for (Index i = 0; i < 4; ++i) sign.push_back(params[t].grad()[i] > 0 ? 1 : -1);
    optimizer.step();
    CHECK(optimizer.step_count() == 1);
    const auto after = params.values();
    for (std::size_t i = 0; i < after.size(); ++i)
      CHECK(std::abs(after[i] - (before[i] - 0.25 * sign[i])) <= 8 * 2.3e-16);  // a few roundings near 1
  }
}

TEST_CASE("a tensor moves the same alone and beside others") {
  sample::Params<float> alone({{3, 4}}), together(kShapes);
  Adam one{alone.list()}, many{together.list()};
  train(alone, one, 0, 10);
  train(together, many, 0, 10);
  for (Index i = 0; i < alone[0].size(); ++i) CHECK(alone[0].value()[i] == together[0].value()[i]);
}

TEST_CASE("a step zeroes the gradients and raises the version of every parameter") {
  sample::Params<float> params(kShapes);
  AdamW optimizer{params.list(), {.learning_rate = 1e-3}};
  const auto version = params[2].version;
  params.backward(0);
  optimizer.step();
  CHECK(params[2].version == version + 1);
  for (std::size_t t = 0; t < params.size(); ++t)
    for (Index i = 0; i < params[t].size(); ++i) CHECK(params[t].grad()[i] == 0.0f);
  params.backward(1);
  optimizer.zero_grad();
  CHECK(params[0].grad()[0] == 0.0f);
}

TEST_CASE("frozen groups keep values, versions and state, and their gradients are zeroed") {
  sample::Params<float> params(kShapes), untouched(kShapes);
  SGD<float> optimizer{{}, {.learning_rate = 0.1, .momentum = 0.9}};
  optimizer.add_group({.params = {&params[0]}, .frozen = true});
  optimizer.add_group({.params = {&params[1], &params[2]}});
  CHECK(optimizer.trainable() == ParamList<float>{&params[1], &params[2]});
  train(params, optimizer, 0, 3);
  for (Index i = 0; i < params[0].size(); ++i) {
    CHECK(params[0].value()[i] == untouched[0].value()[i]);
    CHECK(params[0].grad()[i] == 0.0f);
    CHECK(optimizer.state()[0].data[i] == 0.0f);
  }
  CHECK(params[0].version == untouched[0].version);
  CHECK(params[1].value()[0] != untouched[1].value()[0]);
  optimizer.freeze(0, false);
  CHECK(optimizer.trainable().size() == 3);
  train(params, optimizer, 3, 4);
  CHECK(params[0].value()[0] != untouched[0].value()[0]);
}

TEST_CASE("Adam's moments of a group that is thawed late lack the bias correction") {
  sample::Params<double> params(std::vector<std::vector<Index>>{{1}});
  Adam<double> optimizer{{}, {.learning_rate = 0.01}};
  optimizer.add_group({.params = params.list(), .frozen = true});
  for (int step = 0; step < 10; ++step) optimizer.step();
  optimizer.freeze(0, false);
  const double before = params[0].value()[0];
  params[0].grad()[0] = 1;
  optimizer.step();  // the eleventh: the moments are 0.1 and 0.001, their corrections those of eleven steps
  const double mean = 0.1 / (1 - std::pow(0.9, 11)), square = 0.001 / (1 - std::pow(0.999, 11));
  CHECK(before - params[0].value()[0] == doctest::Approx(0.01 * mean / (std::sqrt(square) + 1e-8)).epsilon(1e-10));
}

TEST_CASE("weight decay spares biases unless asked, and a group's own decay holds for all of it") {
  const auto shrink = [](bool decay_all, std::optional<double> own) {
    sample::Params<double> params({{2, 2}, {3}});  // a weight and a bias; gradients stay 0
    const auto before = params.values();
    SGD<double> optimizer{{}, {.learning_rate = 0.5, .weight_decay = 0.5, .decay_all = decay_all}};
    optimizer.add_group({.params = params.list(), .weight_decay = own});
    optimizer.step();
    return std::pair{params.values()[0] / before[0], params.values()[4] / before[4]};
  };
  CHECK(shrink(false, {}) == std::pair{0.75, 1.0});
  CHECK(shrink(true, {}) == std::pair{0.75, 0.75});
  CHECK(shrink(false, 1.0) == std::pair{0.5, 0.5});
  CHECK(shrink(true, 0.0) == std::pair{1.0, 1.0});
}

TEST_CASE("a group's learning rate is the optimizer's times its scale") {
  sample::Params<double> params({{1}, {1}});
  SGD<double> optimizer{{&params[0]}, {.learning_rate = 1}};
  optimizer.add_group({.params = {&params[1]}, .learning_rate_scale = 0.25});
  optimizer.set_learning_rate(0.5);
  CHECK(optimizer.initial_learning_rate() == 1.0);
  const double first = params[0].value()[0], second = params[1].value()[0];
  params[0].grad()[0] = params[1].grad()[0] = 1;
  optimizer.step();
  CHECK(params[0].value()[0] == first - 0.5);
  CHECK(params[1].value()[0] == second - 0.125);
  optimizer.set_learning_rate_scale(1, 0);
  params[1].grad()[0] = 1;
  optimizer.step();
  CHECK(params[1].value()[0] == second - 0.125);
}

TEST_CASE("weights are the same bits at 1, 2, 3, 4 and 8 threads") {
  std::vector<float> first;
  for (int threads : {1, 2, 3, 4, 8}) {
    const ThreadCountScope scope(threads);
    sample::Params<float> params({{70, 1000}, {5}});  // five blocks of the parallel loop, the last one short
    Adam optimizer{params.list(), {.weight_decay = 0.01}};
    train(params, optimizer, 0, 3);
    if (first.empty()) first = params.values();
    CHECK(params.values() == first);
  }
}

TEST_CASE("saved and restored state continues bit for bit") {
  sample::Params<float> params(kShapes), resumed(kShapes);
  Adam optimizer{params.list()};
  train(params, optimizer, 0, 5);

  Adam fresh{resumed.list()};
  for (std::size_t t = 0; t < params.size(); ++t) std::copy_n(params[t].value(), params[t].size(), resumed[t].value());
  const auto from = optimizer.state(), to = fresh.state();
  REQUIRE(from.size() == to.size());
  for (std::size_t k = 0; k < from.size(); ++k) {
    CHECK(from[k].name == to[k].name);
    std::copy_n(from[k].data, from[k].size, to[k].data);
  }
  fresh.set_step_count(optimizer.step_count());

  train(params, optimizer, 5, 10);
  train(resumed, fresh, 5, 10);
  CHECK(resumed.values() == params.values());
}

TEST_CASE("the state of an optimizer with other options or groups is refused, and named") {
  sample::Params<double> params(kShapes);
  const auto list = params.list();
  const ParamList<double> matrix{list[0]}, others{list[1], list[2]};
  const auto refusal = [](auto&& then, auto&& now) -> std::string {
    Snapshot snapshot;
    StateVisitor::saving(snapshot).visit("optimizer", then);
    try {
      StateVisitor::loading(snapshot).visit("optimizer", now);
      return "";
    } catch (const FormatError& error) {
      return error.what();
    }
  };
  const auto has = [](const std::string& text, const char* part) { return text.find(part) != std::string::npos; };
  const SGD<double> sgd{list, {.momentum = 0.9, .nesterov = true}};
  CHECK(refusal(SGD<double>{sgd}, SGD<double>{sgd}) == "");
  CHECK(has(refusal(SGD<double>{sgd}, SGD<double>{list, {.momentum = 0.5, .nesterov = true}}),
            "momentum 0.9, nesterov; here it is momentum 0.5, nesterov"));
  CHECK(has(refusal(SGD<double>{sgd}, SGD<double>{list, {.momentum = 0.9}}), "here it is momentum 0.9"));
  CHECK(has(refusal(Adam<double>{list}, Adam<double>{list, {.beta2 = 0.99}}), "here it is beta1 0.9, beta2 0.99,"));
  CHECK(has(refusal(Muon<double>{list}, Muon<double>{list, {.momentum = 0.9}}), "here it is other_learning_rate"));
  CHECK(has(
      refusal(Adam<double>{list, {.weight_decay = 0.1}}, Adam<double>{list, {.weight_decay = 0.1, .decay_all = true}}),
      "p1, weight decay 0; here it is p1, weight decay 0.1"));
  Adam<double> first{matrix}, second{others};
  first.add_group({.params = others, .learning_rate_scale = 0.1});
  second.add_group({.params = matrix, .learning_rate_scale = 0.1});
  CHECK(has(refusal(first, second), "p0, weight decay 0; here it is p1, weight decay 0"));
}

TEST_CASE("state tensors are named after optimizer, moment and parameter, each once") {
  sample::Params<float> params(kShapes);
  params[0].name = "trunk.0.0.weight";
  params[2].name.clear();
  std::set<std::string> names;
  for (const auto& entry : Adam{params.list()}.state()) names.insert(entry.name);
  CHECK(names == std::set<std::string>{"adam.m.trunk.0.0.weight", "adam.v.trunk.0.0.weight", "adam.m.p1", "adam.v.p1",
                                       "adam.m.2", "adam.v.2"});
  CHECK(SGD{params.list()}.state().empty());
  CHECK(SGD{params.list(), {.momentum = 0.5}}.state()[1].name == "sgd.momentum.p1");
  CHECK(AdamW{params.list()}.state()[0].size == 12);
}

TEST_CASE("buffers are neither moved nor given state") {
  sample::Params<float> params(std::vector<std::vector<Index>>{{2}});
  Param<float> mean(Role::buffer, {2}, 3.0f);
  ParamList<float> list = params.list();
  list.push_back(&mean);
  SGD optimizer{list, {.momentum = 0.9, .weight_decay = 1, .decay_all = true}};
  train(params, optimizer, 0, 2);
  CHECK(mean.value()[0] == 3.0f);
  CHECK(optimizer.state().size() == 1);
  CHECK(optimizer.trainable().size() == 1);
}

TEST_CASE("a null or repeated parameter is refused by name") {
  sample::Params<float> params(std::vector<std::vector<Index>>{{2}});
  SGD optimizer{params.list()};
  CHECK_THROWS_WITH_AS(optimizer.add_group({.params = {&params[0]}}),
                       "SGD group: parameter 'p0' appears twice; once is allowed", OptionError);
  CHECK_THROWS_AS(optimizer.add_group({.params = {nullptr}}), OptionError);
  CHECK(optimizer.groups().size() == 1);
}

TEST_CASE("options out of range are refused by name") {
  const double nan = std::nan("");
  const ParamList<float> none;
  CHECK_THROWS_WITH_AS((Adam{none, {.learning_rate = -1}}), "Adam: learning_rate = -1; must be finite and >= 0",
                       OptionError);
  CHECK_THROWS_AS((Adam{none, {.learning_rate = nan}}), OptionError);
  CHECK_THROWS_AS((Adam{none, {.learning_rate = INFINITY}}), OptionError);
  CHECK_THROWS_AS((Adam{none, {.beta1 = 1}}), OptionError);
  CHECK_THROWS_AS((Adam{none, {.beta2 = nan}}), OptionError);
  CHECK_THROWS_AS((AdamW{none, {.epsilon = -1e-8}}), OptionError);
  CHECK_THROWS_AS((AdamW{none, {.weight_decay = -1}}), OptionError);
  CHECK_THROWS_AS((SGD{none, {.momentum = 1}}), OptionError);
  CHECK_THROWS_AS((SGD{none, {.nesterov = true}}), OptionError);
  SGD optimizer{none};
  CHECK_THROWS_AS(optimizer.set_learning_rate(nan), OptionError);
  CHECK_THROWS_AS(optimizer.add_group({.weight_decay = nan}), OptionError);
  CHECK_THROWS_AS(optimizer.add_group({.learning_rate_scale = -1}), OptionError);
  CHECK_THROWS_AS(optimizer.freeze(7), OptionError);
  CHECK_THROWS_AS(optimizer.set_learning_rate_scale(7, 1), OptionError);
}

TEST_CASE("momentum sums what weight decay has added to the gradient") {
  Param<double> w(Role::weight, {1}, 2.0);
  w.name = "w";
  SGD<double> optimizer{{&w}, {.learning_rate = 0.1, .momentum = 0.5, .weight_decay = 0.25}};
  w.grad()[0] = 1;
  optimizer.step();  // b = 1 + 0.25 * 2, w = 2 - 0.1 b
  CHECK(w.value()[0] == doctest::Approx(1.85).epsilon(1e-12));
  w.grad()[0] = 3;
  optimizer.step();  // b = 0.5 * 1.5 + 3 + 0.25 * 1.85
  CHECK(w.value()[0] == doctest::Approx(1.85 - 0.1 * 4.2125).epsilon(1e-12));
}
