// Residual: sums of branches, names, gradients, misuse.
#include "hcnn/layers/residual.hpp"

#include <doctest/doctest.h>

#include "hcnn/layers/activation.hpp"
#include "hcnn/layers/avg_pool.hpp"
#include "hcnn/layers/dropout.hpp"
#include "hcnn/layers/max_pool.hpp"
#include "hcnn/testing/gradient_check.hpp"
#include "layer_runner.hpp"
#include "proof.hpp"

using namespace hcnn;
using namespace hcnn::testing;

namespace {

// y = w x with one learned factor; backward destroys dy, as a layer may.
template <class T>
class Factor : public Layer<T> {
 public:
  using typename Layer<T>::M;

  std::string type() const override { return "Factor"; }
  Shape build(const Shape& input) override { return input; }
  void attach(const std::string& path, ParamList<M>& list) override {
    weight_.name = path + ".weight";
    list.push_back(&weight_);
  }
  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    for (Index i = 0; i < x.size(); ++i) {
      *weight_.grad() += M(dy.data[i]) * M(x.data[i]);
      if (!dx.empty()) dx.data[i] = T(M(dy.data[i]) * *weight_.value());
      dy.data[i] = T(M{1000});
    }
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    for (Index i = 0; i < x.size(); ++i) y.data[i] = T(M(x.data[i]) * *weight_.value());
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<Factor>(*this); }
  Index multiply_adds() const override { return 7; }

 private:
  Param<M> weight_{Role::weight, {1}, M{1}};
};

}  // namespace

TEST_CASE_TEMPLATE("the input is added to the body's output", T, float, double, bfloat16) {
  auto layer = residual(ReLU<T>{});
  LayerRunner<T> run(layer, 1, {1, 1, 2});
  assign(run.x(), {-1, 2});
  assign(run.dy(), {3, 5});
  CHECK(numbers(run.forward()) == std::vector<double>{-1, 4});
  CHECK(numbers(run.backward()) == std::vector<double>{3, 10});
  CHECK(numbers(run.infer()) == std::vector<double>{-1, 4});
}

TEST_CASE_TEMPLATE("a projection takes the input's place", T, float, double, bfloat16) {
  auto layer = residual(MaxPool2d<T>{{.window = 2}}, AvgPool2d<T>{{.window = 2}});
  LayerRunner<T> run(layer, 1, {2, 2, 1});
  assign(run.x(), {1, 2, 3, 6});
  assign(run.dy(), {4});
  CHECK(numbers(run.forward()) == std::vector<double>{9});
  CHECK(numbers(run.backward()) == std::vector<double>{1, 1, 1, 5});
}

TEST_CASE("the derivatives of Residual are right on every shape, in place bodies and destroyed dy included" *
          doctest::test_suite("proof")) {
  Proof proof("Residual");
  for (const InputCase& input : input_cases()) {
    const auto passes = [&](Residual<double> layer) {
      proof.add(check_layer(layer, input.shape, {.count = input.count}), input.count, input.shape);
    };
    passes(residual(Factor<double>{}));
    passes(residual(Factor<double>{}, Factor<double>{}));
    passes(residual(LeakyReLU<double>{}, Factor<double>{}));
    passes(residual(Factor<double>{}, ReLU<double>{}));
    passes(residual(residual(Factor<double>{}), Dropout<double>{}));
  }
}

TEST_CASE("a body that changes the shape needs a projection of the same shape") {
  CHECK_THROWS_WITH_AS(residual(AvgPool2d<float>{}).build({4, 4, 3}),
                       "Residual: body gives 2x2x3; without a projection it must keep the input's 4x4x3", ShapeError);
  CHECK_THROWS_WITH_AS(residual(AvgPool2d<float>{}, ReLU<float>{}).build({4, 4, 3}),
                       "Residual: body gives 2x2x3; projection gives 4x4x3", ShapeError);
  CHECK_THROWS_WITH_AS(Residual<float>(nullptr), "Residual: no body; a layer is needed", OptionError);
}

TEST_CASE("parameters are named after their branch, and a clone has its own") {
  auto layer = residual(Factor<float>{}, Factor<float>{});
  LayerRunner<float> run(layer, 1, {1, 1, 1}, "trunk.2");
  REQUIRE(run.params().size() == 2);
  CHECK(run.params()[0]->name == "trunk.2.body.weight");
  CHECK(run.params()[1]->name == "trunk.2.projection.weight");
  CHECK(layer.multiply_adds() == 14);

  const auto copy = layer.clone();
  ParamList<float> copied;
  copy->attach("copy", copied);
  *copied[0]->value() = 5;
  CHECK(*run.params()[0]->value() == 1);
  std::string children;
  layer.for_each_child([&](Layer<float>& child, const std::string& name) { children += name + child.type() + " "; });
  CHECK(children == "bodyFactor projectionFactor ");
}
