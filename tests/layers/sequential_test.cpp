// Sequential, fusion and the chain that executes them.
#include "hcnn/layers/sequential.hpp"

#include <doctest/doctest.h>

#include "hcnn/layers/flatten.hpp"
#include "hcnn/layers/linear.hpp"
#include "hcnn/layers/residual.hpp"
#include "hcnn/testing/gradient_check.hpp"
#include "kernels/each_isa.hpp"
#include "layers/layer_runner.hpp"
#include "proof.hpp"
#include "worse.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

template <class T>
Sequential<T> conv_block(Index channels, Index pool) {
  return seq(Conv2d<T>{{.out_channels = channels, .kernel = 3, .padding = 1}}, BatchNorm2d<T>{},
             LeakyReLU<T>{{.slope = 0.1}}, Conv2d<T>{{.out_channels = channels, .kernel = 3, .padding = 1}},
             BatchNorm2d<T>{}, ReLU<T>{}, MaxPool2d<T>{{.window = pool}});
}

// Gives two runs of the same layers the same random parameters, inputs and gradients.
template <class T>
void fill_alike(LayerRunner<T>& a, LayerRunner<T>& b) {
  RandomStream random(Seed{3}, 1);
  for (std::size_t p = 0; p < a.params().size(); ++p) {
    auto &of_a = *a.params()[p], &of_b = *b.params()[p];
    for (Index i = 0; i < of_a.size() && !of_a.is_buffer(); ++i)
      of_a.value()[i] = of_b.value()[i] = static_cast<Master<T>>(random.normal());
    of_a.touch();
    of_b.touch();
  }
  for (Index i = 0; i < a.x().size(); ++i) a.x()[i] = b.x()[i] = static_cast<T>(static_cast<float>(random.normal()));
  for (Index i = 0; i < a.dy().size(); ++i) a.dy()[i] = b.dy()[i] = static_cast<T>(static_cast<float>(random.normal()));
}

// Checks that no number is off by more than `allowed`, a share of the largest.
void check_close(const std::vector<double>& u, const std::vector<double>& v, double allowed) {
  REQUIRE(u.size() == v.size());
  double size = 0, worst = 0;
  for (const double value : u) size = std::max(size, std::abs(value));
  for (std::size_t i = 0; i < u.size(); ++i) worst = worse(worst, std::abs(u[i] - v[i]));
  CHECK(size > 0);
  CHECK_MESSAGE(worst <= allowed * size, worst, " of ", size);
}

template <class M>
std::vector<double> gradient(const Param<M>& param) {
  return {param.grad(), param.grad() + param.size()};
}

}  // namespace

TEST_CASE("the derivatives of nested, fused and unfused sequences are right" * doctest::test_suite("proof")) {
  Proof proof("Sequential");
  for (const bool fuse : {false, true})
    for (const auto& [count, shape] : input_cases()) {
      if (count * shape.pixels() < 2) continue;  // batch normalisation needs two values
      const Index pool = shape.height >= 4 && shape.width >= 4 ? 2 : 1;
      Sequential<double> layers =
          seq(conv_block<double>(3, pool), ReLU<double>{}, Flatten<double>{}, Linear<double>{{.out_features = 2}});
      layers.plan(fuse);
      proof.add(check_layer(layers, shape, {.count = count}), count, shape);
    }
}

TEST_CASE("the derivatives of FusedBlock are right on every shape, with pooling and without" *
          doctest::test_suite("proof")) {
  Proof proof("FusedBlock");
  for (const auto& [count, shape] : input_cases())
    for (const bool pool : {false, true}) {
      if (count * shape.pixels() < 2 || (pool && std::min(shape.height, shape.width) < 2)) continue;
      Sequential<double> layers =
          seq(Conv2d<double>{{.out_channels = 3, .kernel = 3, .padding = 1}}, BatchNorm2d<double>{}, ReLU<double>{});
      if (pool) layers.add(MaxPool2d<double>{{.window = 2}});
      layers.plan(true);
      proof.add(check_layer(layers, shape, {.count = count}), count, shape);
    }
}

TEST_CASE("the derivatives of an empty sequence and of one in-place layer are right") {
  Sequential<double> empty;
  CHECK(check_layer(empty, {2, 3, 2}));
  Sequential<double> one = seq(ReLU<double>{});
  CHECK(check_layer(one, {2, 3, 2}));
  Sequential<double> run = seq(LeakyReLU<double>{}, LeakyReLU<double>{}, Flatten<double>{}, ReLU<double>{});
  CHECK(check_layer(run, {2, 3, 2}));
}

TEST_CASE("a residual block inside a sequence has right derivatives, fused or not") {
  for (const bool fuse : {false, true}) {
    Sequential<double> layers =
        seq(residual(conv_block<double>(2, 1), seq(Conv2d<double>{{.out_channels = 2, .kernel = 1}})), ReLU<double>{});
    layers.for_each_child([&](Layer<double>& child, const std::string&) {
      child.for_each_child(
          [&](Layer<double>& branch, const std::string&) { dynamic_cast<Sequential<double>&>(branch).plan(fuse); });
    });
    const GradientReport report = check_layer(layers, {4, 3, 3});
    CHECK_MESSAGE(report, report.text());
  }
}

// Fused and unfused compute the same formulas; only roundings differ: those of scale * x + shift against (x - mean) *
// r. Both are this library's scale * x + shift, so in evaluation order nothing differs but the pooling of equal values.
TEST_CASE_TEMPLATE("a fused block gives what its layers give", T, float, double, bfloat16) {
  testing::on_each_isa([] {
    const double tolerance = std::is_same_v<T, double> ? 1e-12 : std::is_same_v<T, float> ? 1e-5 : 0x1p-6;
    for (const Index pool : {Index{1}, Index{2}, Index{3}}) {
      Sequential<T> plain = conv_block<T>(5, pool), fused = conv_block<T>(5, pool);
      plain.plan(false);
      LayerRunner<T> a(plain, 3, {7, 6, 3}), b(fused, 3, {7, 6, 3});
      plain.plan(false);
      fused.plan(true);
      fill_alike(a, b);
      check_close(numbers(a.forward()), numbers(b.forward()), tolerance);
      if constexpr (!std::is_same_v<T, bfloat16>) {  // in bfloat16 a rounded tie may send a gradient to another pixel
        check_close(numbers(a.backward()), numbers(b.backward()), 20 * tolerance);
        for (std::size_t p = 0; p < a.params().size(); ++p) {
          if (a.params()[p]->is_buffer() || a.params()[p]->name.ends_with(".bias")) continue;  // conv biases: exactly 0
          check_close(gradient(*a.params()[p]), gradient(*b.params()[p]), 20 * tolerance);
        }
      }
      const auto cold = numbers(b.infer());
      fused.prepare_inference();
      CHECK(numbers(b.infer()) == cold);
      check_close(numbers(a.infer()), cold, tolerance);
    }
  });
}

// One block with a slope that is a power of two: nothing is rounded twice, so ties fall alike and every y is the same.
// What remains: float sums in another order, which may move an element of the convolution's dy across a rounding
// boundary of bfloat16, by at most 2^-7 of it. dx and dW sum at most 126 such elements times normal numbers; in such a
// sum the absolute values add up to at most about 1.5 times the largest sum: 1.5 * 2^-7, and 2^-8 for the rounding of
// dx. The normalisation's own gradients are sums of 42 floats an image: 42 * 2^-24 of absolute values that are at most
// about 40 times the largest sum.
TEST_CASE("a fused bfloat16 block gives the gradients of its layers") {
  testing::on_each_isa([] {
    for (const double slope : {0.0, 0.25})
      for (const Index pool : {Index{1}, Index{2}, Index{3}}) {
        CAPTURE(slope);
        CAPTURE(pool);
        const auto block = [&] {
          Sequential<bfloat16> layers =
              seq(Conv2d<bfloat16>{{.out_channels = 5, .kernel = 3, .padding = 1}}, BatchNorm2d<bfloat16>{});
          if (slope == 0)
            layers.add(ReLU<bfloat16>{});
          else
            layers.add(LeakyReLU<bfloat16>{{.slope = slope}});
          if (pool > 1) layers.add(MaxPool2d<bfloat16>{{.window = pool}});
          return layers;
        };
        Sequential<bfloat16> plain = block(), fused = block();
        LayerRunner<bfloat16> a(plain, 3, {7, 6, 3}), b(fused, 3, {7, 6, 3});
        plain.plan(false);
        fused.plan(true);
        fill_alike(a, b);
        REQUIRE(numbers(a.forward()) == numbers(b.forward()));
        check_close(numbers(a.backward()), numbers(b.backward()), 0x1p-6);
        check_close(gradient(*a.params()[0]), gradient(*b.params()[0]), 0x1p-6);  // weight of the convolution
        check_close(gradient(*a.params()[2]), gradient(*b.params()[2]), 1e-4);    // weight and bias of the
        check_close(gradient(*a.params()[3]), gradient(*b.params()[3]), 1e-4);    // normalisation
      }
  });
}

TEST_CASE("a NaN under a fused pooling stays visible, wherever in its window it is") {
  testing::on_each_isa([] {
    for (Index place = 0; place < 4; ++place) {
      Sequential<float> layers = seq(Conv2d<float>{{.out_channels = 1, .kernel = 1}}, BatchNorm2d<float>{},
                                     ReLU<float>{}, MaxPool2d<float>{{.window = 2}});
      LayerRunner<float> run(layers, 1, {2, 2, 1});
      run.params()[0]->value()[0] = 1;
      run.params()[0]->touch();
      assign(run.x(), {1, 2, 3, 4});
      run.x()[place] = std::numeric_limits<float>::quiet_NaN();
      CHECK(std::isnan(run.forward(Pass{.mode = Mode::evaluate})[0]));
      CHECK(std::isnan(run.infer()[0]));
    }
  });
}

TEST_CASE("negative infinity under a fused rectifier becomes 0") {
  testing::on_each_isa([] {
    for (const bool fuse : {true, false}) {
      Sequential<float> layers =
          seq(Conv2d<float>{{.out_channels = 1, .kernel = 1}}, BatchNorm2d<float>{}, ReLU<float>{});
      LayerRunner<float> run(layers, 1, {1, 2, 1});
      layers.plan(fuse);
      run.params()[0]->value()[0] = 2;
      run.params()[0]->touch();
      assign(run.x(), {-3e38f, 4});
      CHECK(run.forward(Pass{.mode = Mode::evaluate})[0] == 0);
      CHECK(run.infer()[0] == 0);
    }
  });
}

namespace {

// min(max(x, 0), 6), by a class derived from ReLU.
class ReLU6 : public ReLU<float> {
 public:
  void infer(TensorView<const float> x, TensorView<float> y, Workspace&) const override {
    std::transform(x.begin(), x.end(), y.begin(), [](float v) { return std::clamp(v, 0.0f, 6.0f); });
  }
  std::unique_ptr<Layer<float>> clone() const override { return std::make_unique<ReLU6>(*this); }
};

}  // namespace

TEST_CASE("a layer derived from one that is fused keeps its overrides") {
  Sequential<float> layers = seq(Conv2d<float>{{.out_channels = 1, .kernel = 1}}, BatchNorm2d<float>{}, ReLU6{});
  LayerRunner<float> run(layers, 1, {1, 2, 1});
  layers.plan(true);
  run.params()[0]->value()[0] = 2;
  run.params()[0]->touch();
  assign(run.x(), {50, -4});
  CHECK(run.forward(Pass{.mode = Mode::evaluate})[0] == 6);
  CHECK(run.infer()[0] == 6);
}

TEST_CASE("a class derived from Sequential stays one layer") {
  class Doubled : public Sequential<float> {
   public:
    using Sequential<float>::Sequential;
    void infer(TensorView<const float> x, TensorView<float> y, Workspace& workspace) const override {
      Sequential<float>::infer(x, y, workspace);
      for (float& value : y) value *= 2;
    }
    std::unique_ptr<Layer<float>> clone() const override { return std::make_unique<Doubled>(*this); }
  };
  Doubled inner;
  inner.add(ReLU<float>{});
  Sequential<float> layers = seq(ReLU<float>{}, std::move(inner));
  LayerRunner<float> run(layers, 1, {1, 2, 1});
  layers.plan(true);
  assign(run.x(), {3, -4});
  CHECK(run.infer()[0] == 6);
  CHECK(run.infer()[1] == 0);
}

TEST_CASE("an error names the path of the layer that does not fit") {
  CHECK_THROWS_WITH_AS(seq(ReLU{}, seq(ReLU{}, MaxPool2d{{.window = 8}})).setup({4, 4, 1}),
                       "[1][1] MaxPool2d: window 8; input is 4x4", ShapeError);
}

TEST_CASE("a sequence takes layers before it is built, and no null pointers") {
  Sequential<float> layers = seq(ReLU{});
  layers.setup({4, 4, 1});
  CHECK_THROWS_WITH_AS(layers.add(ReLU{}), "Sequential: a layer added after the network was built; add layers before",
                       OptionError);
  std::vector<std::unique_ptr<Layer<float>>> none(1);
  CHECK_THROWS_WITH_AS(Sequential<float>(std::move(none)), "Sequential: no layer at [0]; a layer is needed",
                       OptionError);
}

TEST_CASE("a copy of a built sequence is independent and gives the same numbers") {
  Sequential<float> layers = conv_block<float>(3, 2);
  LayerRunner<float> run(layers, 2, {4, 4, 2});
  for (auto* param : run.params()) {
    if (!param->is_buffer()) std::fill_n(param->value(), param->size(), 0.5f);
    param->touch();
  }
  for (Index i = 0; i < run.x().size(); ++i) run.x()[i] = static_cast<float>(i % 5);
  const auto y = numbers(run.infer());
  const std::unique_ptr<Layer<float>> copy = layers.clone();
  run.params()[0]->value()[0] = 9;
  run.params()[0]->touch();
  Tensor<float> out(2, {2, 2, 3});
  Workspace workspace;
  copy->infer(run.x(), out, workspace);
  CHECK(numbers(out) == y);
}

TEST_CASE("a sequence of empty sequences passes everything through") {
  CHECK(testing::check_layer(seq(Sequential<double>{}), {2, 3, 2}));
  CHECK(testing::check_layer(seq(Sequential<double>{}, seq(Sequential<double>{})), {1, 1, 4}));
}

namespace {

// y = -x, in the place of x.
class Negation : public Layer<double> {
 public:
  std::string type() const override { return "Negation"; }
  Shape build(const Shape& input) override { return input; }
  LayerTraits traits() const override { return {.backward_reads_input = false, .in_place = true}; }
  void backward(TensorView<const double>, TensorView<const double>, TensorView<double> dy, TensorView<double> dx,
                Workspace&) override {
    if (!dx.empty()) std::transform(dy.begin(), dy.end(), dx.begin(), [](double value) { return -value; });
  }
  void infer(TensorView<const double> x, TensorView<double> y, Workspace&) const override {
    std::transform(x.begin(), x.end(), y.begin(), [](double value) { return -value; });
  }
  std::unique_ptr<Layer<double>> clone() const override { return std::make_unique<Negation>(*this); }
};

}  // namespace

TEST_CASE("a layer that works in place leaves an output alone that the layer before reads again") {
  Sequential<double> layers = seq(Linear<double>{{.out_features = 4}}, ReLU<double>{}, Negation{}, LeakyReLU<double>{});
  CHECK(check_layer(layers, {1, 1, 5}));
}
