// Model, MultiHead, summary and the named networks.
#include "hcnn/layers/model.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "count_allocations.hpp"
#include "figure.hpp"
#include "hcnn/layers/init.hpp"
#include "hcnn/layers/predictor.hpp"
#include "hcnn/layers/residual.hpp"
#include "hcnn/layers/summary.hpp"
#include "hcnn/models/multi_head_cnn.hpp"
#include "kernels/each_isa.hpp"
#include "layers/random_batch.hpp"

using namespace hcnn;

namespace {

template <class T>
Model<T> small_model(ModelOptions options = {}) {
  return Model<T>({.height = 8, .width = 8, .channels = 3},
                  seq(Conv2d<T>{{.out_channels = 6, .kernel = 3, .padding = 1}}, BatchNorm2d<T>{}, ReLU<T>{},
                      MaxPool2d<T>{{.window = 2}}, Flatten<T>{}, Linear<T>{{.out_features = 10}}, ReLU<T>{},
                      Dropout<T>{{.rate = 0.5}}),
                  heads(head("fine", seq(Linear<T>{{.out_features = 9}}, ReLU<T>{}), Linear<T>{{.out_features = 7}}),
                        head("group", Linear<T>{{.out_features = 3}})),
                  options);
}

template <class M>
double projected(const Logits<M>& logits) {
  double sum = 0, factor = 1;
  for (const auto& [name, values] : logits)
    for (const M value : values) sum += (factor = 1.7 - 0.9 * factor) * static_cast<double>(value);
  return sum;
}

}  // namespace

TEST_CASE("the three networks have exactly the published numbers of parameters") {
  const auto count = [](const char* name) {
    return models::multi_head_cnn<float>(models::multi_head_cnn_options(name)).parameter_count();
  };
  CHECK(count("multihead") == 5'933'505);
  CHECK(count("severity") == 5'918'628);
  CHECK(count("compact") == 2'499'649);
  CHECK_THROWS_AS(models::multi_head_cnn_options("huge"), OptionError);
}

TEST_CASE("one image of the multi-head network costs 157.5 million multiply-adds") {
  auto model = models::multi_head_cnn<float>();
  CHECK(summary(model).total.multiply_adds == 157'549'056);
  CHECK(summary(model).total.trainable == 5'933'505);
  CHECK(summary(model).total.fixed == 2 * 2 * (64 + 128 + 256) + 6);
}

TEST_CASE("parameters are named as PyTorch would name them and keep their addresses when the model moves") {
  Model<float> model = small_model<float>();
  const Param<float>* address = &model.param("heads.fine.2.weight");
  Model<float> moved = std::move(model);
  CHECK(&moved.param("heads.fine.2.weight") == address);
  CHECK(moved.param("trunk.0.weight").dims == std::vector<Index>{6, 3, 3, 3});
  CHECK(moved.param("heads.group.0.bias").size() == 3);
  CHECK(moved.state().size() == moved.parameters().size() + moved.buffers().size());
  CHECK_THROWS_AS(moved.param("trunk.99.weight"), DataError);
}

TEST_CASE("the gradient of every parameter of a model is right through all heads") {
  Model<double> model = small_model<double>();
  init::he_normal(model, Seed{2});
  const Tensor<double> x = testing::random_batch<double>(4, model.input_shape());
  const Pass pass{.seed = 3};
  Logits<double> gradients;
  gradients.zeros_like(model.forward(x, pass));
  double factor = 1;
  for (auto& [name, values] : gradients)
    for (double& value : values) value = factor = 1.7 - 0.9 * factor;
  Tensor<double> dx(4, model.input_shape());
  zero_gradients(model.parameters());
  model.backward(gradients, dx);
  Index checked = 0, wrong = 0;
  const auto compare = [&](double& value, double analytic, const std::function<void()>& touch) {
    const double before = value, step = 1e-6;
    const auto at = [&](double v) {
      value = v;
      touch();
      return projected(model.forward(x, pass));
    };
    const double numeric = (at(before + step) - at(before - step)) / (2 * step);
    at(before);
    ++checked;
    wrong += !(std::abs(numeric - analytic) <= 1e-5 + 1e-3 * std::abs(numeric));
  };
  for (Param<double>* param : model.parameters())
    for (Index i = 0; i < param->size(); i += 1 + param->size() / 7)
      compare(param->value()[i], param->grad()[i], [&] { param->touch(); });
  Tensor<double>& input = const_cast<Tensor<double>&>(x);
  for (Index i = 0; i < x.size(); i += 41) compare(input[i], dx[i], [] {});
  CHECK(checked > 60);
  CHECK(wrong <= checked / 100);  // a kink may be hit
}

TEST_CASE_TEMPLATE("infer of one head equals that head of the joint output", T, float, double, bfloat16) {
  Model<T> model = small_model<T>();
  init::he_normal(model, Seed{1});
  const Tensor<T> x = testing::random_batch<T>(5, model.input_shape());
  const auto all = model.infer(x);
  for (const char* name : {"fine", "group"}) {
    const auto one = model.infer(x, name);
    CHECK(std::equal(one.begin(), one.end(), all[name].begin()));
  }
  CHECK(all.size() == 2);
}

TEST_CASE_TEMPLATE("a small batch after a large one has the logits and gradients of the small one alone", T, float,
                   bfloat16) {
  const auto step = [](Model<T>& model, Index count) {  // logits, then all gradients
    std::vector<Master<T>> all;
    for (auto* param : model.parameters()) std::fill_n(param->grad(), param->size(), Master<T>(0));
    Logits<Master<T>> gradients;
    const Tensor<T> x = testing::random_batch<T>(count, model.input_shape());
    const auto& logits = model.forward(x, {});
    gradients.zeros_like(logits);
    for (const auto& [head, values] : logits) all.insert(all.end(), values.begin(), values.end());
    for (auto& [head, values] : gradients)
      for (Index i = 0; i < values.size(); ++i) values[i] = static_cast<Master<T>>(i % 5 - 2);
    model.backward(gradients);
    for (const auto* param : model.parameters()) all.insert(all.end(), param->grad(), param->grad() + param->size());
    return all;
  };
  testing::on_each_isa([&] {
    Model<T> fresh = small_model<T>(), used = small_model<T>();
    init::he_normal(fresh, Seed{1});
    init::he_normal(used, Seed{1});
    step(used, 9);
    for (const Index count : {5, 2}) CHECK(step(used, count) == step(fresh, count));
  });
  testing::figure("R17", std::is_same_v<T, float> ? "fp32" : "bf16",
                  ": 5 samples and 2 after 9 have the bits of 5 and 2 alone");
}

TEST_CASE("infer does not depend on the batch a sample is in") {
  testing::on_each_isa([] {
    Model<float> model = small_model<float>();
    init::he_normal(model, Seed{1});
    const Tensor<float> x = testing::random_batch<float>(9, model.input_shape());
    const auto all = model.infer(x, "fine");
    for (Index n = 0; n < 9; ++n) {
      const auto one = model.infer(x.view().slice(n, 1), "fine");
      for (Index k = 0; k < 7; ++k) CHECK(one[k] == doctest::Approx(all[n * 7 + k]).epsilon(1e-5));
    }
  });
}

TEST_CASE("eight threads may infer on one model and get the bits of one thread") {
  Model<float> model = small_model<float>();
  init::he_normal(model, Seed{1});
  const Tensor<float> x = testing::random_batch<float>(6, model.input_shape());
  const auto expected = model.infer(x, "fine");
  model.prepare_inference();
  std::atomic<int> different{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        const auto result = std::as_const(model).infer(x, "fine");
        if (!std::equal(result.begin(), result.end(), expected.begin())) ++different;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(different == 0);
  testing::figure("R16", "160 answers of one model to 8 threads: ", different.load(), " differ");
}

TEST_CASE("a steady training step allocates nothing") {
  const ThreadCountScope scope(2);
  for (const bool fuse : {true, false}) {
    Model<float> model = small_model<float>({.fuse = fuse});
    init::he_normal(model, Seed{1});
    const Tensor<float> x = testing::random_batch<float>(12, model.input_shape());
    Logits<float> gradients;
    const auto step = [&] {
      gradients.zeros_like(model.forward(x, {}));
      model.backward(gradients);
      for (Param<float>* param : model.parameters()) param->touch();
    };
    for (int warm_up = 0; warm_up < 3; ++warm_up) step();
    const long allocations = testing::allocations_in([&] {
      for (int i = 0; i < 5; ++i) step();
    });
    CHECK(allocations == 0);
  }
  testing::figure("R12", "0 allocations in 5 steps of a network, fused and not");
}

TEST_CASE_TEMPLATE("a pass that does not train the trunk has the bits of inference and leaves no gradient in it", T,
                   float, double, bfloat16) {
  using M = Master<T>;
  Model<T> model = small_model<T>();
  init::he_normal(model, Seed{1});
  const Tensor<T> images = testing::random_batch<T>(5, model.input_shape());
  const Pass heads_only{.train_trunk = false};
  const Logits<M> expected = model.infer(images);
  const Logits<M>& logits = model.forward(images, heads_only);
  for (const auto& [head, values] : expected) CHECK(std::equal(values.begin(), values.end(), logits[head].begin()));
  Logits<M> gradients = expected;
  zero_gradients(model.parameters());
  model.backward(gradients);
  for (const auto* param : model.parameters()) {
    CAPTURE(param->name);
    const bool zero = std::all_of(param->grad(), param->grad() + param->size(), [](M g) { return g == M{0}; });
    CHECK(zero == param->name.starts_with("trunk."));
  }
  model.forward(images, heads_only);
  Tensor<T> dx(5, model.input_shape());
  CHECK_THROWS_AS(model.backward(gradients, dx), ShapeError);
  const auto step = [&] {
    model.forward(images, heads_only);
    model.backward(gradients);
  };
  step();
  CHECK(testing::allocations_in(step) == 0);
}

TEST_CASE("a predictor allocates nothing after its first calls, and holds no gradients") {
  const auto x = testing::random_batch<float>(3, {.height = 8, .width = 8, .channels = 3});
  Model<float> model = small_model<float>();
  const Param<float>* weight = model.parameters().front();
  CHECK(weight->grad() != nullptr);
  const Predictor predictor{std::move(model)};
  CHECK(weight->grad() == nullptr);
  Logits<float> logits;
  predictor.logits(x, logits);
  predictor.logits(x, logits);  // joins the scratch memory of the first call
  const long before = allocation_count;
  predictor.logits(x, logits);
  CHECK(allocation_count == before);
  testing::figure("R12", allocation_count - before, " allocations in a prediction");
}

TEST_CASE("a clone has the same numbers and its own parameters") {
  Model<float> model = small_model<float>();
  init::he_normal(model, Seed{1});
  Model<float> copy = model.clone();
  const Tensor<float> x = testing::random_batch<float>(2, model.input_shape());
  const auto before = model.infer(x, "group");
  std::fill_n(model.param("heads.group.0.weight").value(), 30, 0.0f);
  model.param("heads.group.0.weight").touch();
  const auto after = copy.infer(x, "group");
  CHECK(std::equal(after.begin(), after.end(), before.begin()));
}

TEST_CASE("new heads on a trained trunk begin from its parameters and leave the old network alone") {
  Model<float> model = small_model<float>();
  init::he_normal(model, Seed{1});
  Model<float> tuned = model.with_heads(heads(head("other", Linear{{.out_features = 4}})));
  CHECK(tuned.heads().size() == 1);
  CHECK(tuned.parameters("heads.").size() == 2);
  init::he_normal(tuned.parameters("heads."), Seed{2});
  const Tensor<float> x = testing::random_batch<float>(3, model.input_shape());
  const Tensor<float> before = model.features(x), features = tuned.features(x);
  CHECK(features.shape() == Shape{.channels = 10});
  CHECK(std::equal(features.begin(), features.end(), before.begin(), before.end()));
  const auto logits = tuned.infer(x, "other");
  CHECK(std::any_of(logits.begin(), logits.end(), [](float value) { return value != 0; }));
  for (Param<float>* param : tuned.parameters("trunk.")) {
    std::fill_n(param->value(), param->size(), 0.0f);
    param->touch();
  }
  const Tensor<float> after = model.features(x);
  CHECK(std::equal(after.begin(), after.end(), before.begin(), before.end()));
  CHECK_THROWS_WITH_AS(model.parameters("head."), "Model: no parameter 'head....'; see summary(model) for the layers",
                       DataError);
  CHECK_THROWS_AS(model.features(Tensor<float>(1, {8, 8, 1})), ShapeError);
}

TEST_CASE("layers of a built network are not built again, for they would lose their weights") {
  Model<float> model = small_model<float>();
  const auto head_alone = [] { return heads(head("fine", Linear{{.out_features = 2}})); };
  CHECK_THROWS_AS((Model<float>{model.input_shape(), model.trunk(), head_alone()}), OptionError);
  CHECK_THROWS_AS(model.with_heads(model.heads()), OptionError);
}

// A layer whose author forgot the base class in `clone`.
class Forgetful : public Layer<float> {
 public:
  std::string type() const override { return "Forgetful"; }
  Shape build(const Shape& input) override { return input; }
  void backward(TensorView<const float>, TensorView<const float>, TensorView<float>, TensorView<float>,
                Workspace&) override {}
  void infer(TensorView<const float> x, TensorView<float> y, Workspace&) const override {
    std::copy(x.begin(), x.end(), y.begin());
  }
  std::unique_ptr<Layer<float>> clone() const override { return std::make_unique<Forgetful>(); }
};

TEST_CASE("a layer that clones without its shapes is found out") {
  for (const bool residual_block : {false, true}) {
    Sequential<float> trunk;
    residual_block ? trunk.add(residual(Forgetful{})) : trunk.add(Forgetful{});
    Model<float> model{{1, 1, 3}, std::move(trunk), heads(head("a", Linear{{.out_features = 2}}))};
    CHECK_THROWS_WITH_AS(model.clone(), "Forgetful: a clone without its shapes; clone must copy the base class too",
                         OptionError);
  }
}

TEST_CASE("logits of another call do not stay beside those of this one") {
  Model<float> model = small_model<float>();
  init::he_normal(model, Seed{1});
  Logits<float> logits;
  Workspace workspace;
  model.infer(testing::random_batch<float>(2, model.input_shape()), logits, workspace);
  CHECK(logits.size() == 2);
  model.infer(testing::random_batch<float>(3, model.input_shape()), logits, workspace, "group");
  CHECK(logits.size() == 1);
  CHECK(logits.find("fine") == nullptr);
  CHECK(logits["group"].count() == 3);
}

TEST_CASE("each forward pass is followed by one backward pass, fused or not") {
  for (const bool fuse : {false, true}) {
    Model<float> model = small_model<float>({.fuse = fuse});
    init::he_normal(model, Seed{1});
    const Tensor<float> x = testing::random_batch<float>(2, model.input_shape());
    Logits<float> gradients;
    gradients.zeros_like(model.forward(x, {}));
    model.backward(gradients);
    CHECK_THROWS_WITH_AS(model.backward(gradients),
                         "Model::backward: no forward pass before it; each is followed by one backward pass at most",
                         ShapeError);
    model.forward(x, {});
    CHECK_NOTHROW(model.backward(gradients));
    const std::vector<std::uint64_t> three{1, 2, 3};
    CHECK_THROWS_WITH_AS(model.forward(x, {.samples = three}),
                         "Model::forward: 3 identities of samples; the batch has 2 samples", ShapeError);
  }
}

TEST_CASE("fuse = false reaches the layers inside heads") {
  const auto make = [](bool fuse) {
    Model<float> model({8, 8, 3}, seq(ReLU{}),
                       heads(head("a", seq(Conv2d{{.out_channels = 4}}, BatchNorm2d{}, ReLU{}, MaxPool2d{}, Flatten{}),
                                  Linear{{.out_features = 2}})),
                       {.fuse = fuse});
    init::he_normal(model, Seed{1});
    const Tensor<float> x = testing::random_batch<float>(3, {8, 8, 3});
    model.forward(x, {});
    return model.workspace_bytes();
  };
  CHECK(make(false) > make(true));  // the originals keep one activation more
}

TEST_CASE("misuse of a model is named with what came and what was expected") {
  CHECK_THROWS_WITH_AS(
      Model(Shape{4, 4, 1}, seq(ReLU{}, MaxPool2d{{.window = 8}}), heads(head("a", Linear{{.out_features = 2}}))),
      "trunk[1] MaxPool2d: window 8; input is 4x4", ShapeError);
  const auto one_head = [] { return heads(head("a", Linear{{.out_features = 2}})); };
  const auto deep = seq(ReLU{}, residual(seq(Flatten{}, Conv2d{{.out_channels = 0}})), Flatten{});
  CHECK_THROWS_WITH_AS(Model(Shape{4, 4, 1}, deep, one_head()),
                       "trunk[1].body[1] Conv2d: 0, kernel 3; out_channels, kernel, stride, dilation, groups >= 1 and "
                       "padding >= 0, at most 2^20 pixels",
                       OptionError);
  CHECK_THROWS_WITH_AS(Model(Shape{4, 4, 1}, seq(ReLU{}), heads(head("a", Linear{{.out_features = 2}}))),
                       "heads.a Linear: input is 4x4x1; expected 1x1xfeatures: put Flatten before it", ShapeError);
  CHECK_THROWS_AS(heads(head("a", Linear{{.out_features = 2}}), head("a", Linear{{.out_features = 2}})), OptionError);
  Model<float> model = small_model<float>();
  const auto takes_temporaries = [](auto& network) {
    return requires { network.forward(Tensor<float>(1, {8, 8, 3}), Pass{}); };
  };
  CHECK_FALSE(takes_temporaries(model));  // backward would read it
  const Tensor<float> grey(2, {8, 8, 1});
  CHECK_THROWS_WITH_AS(model.forward(grey, {}), "Model: batch of 2 samples 8x8x1; expected at least one sample 8x8x3",
                       ShapeError);
  CHECK_THROWS_AS(model.backward(Logits<float>{}), ShapeError);
  const Tensor<float> x = testing::random_batch<float>(2, model.input_shape());
  Logits<float> gradients;
  gradients.zeros_like(model.forward(x, {}));
  gradients.resize("group", 2, 4);
  CHECK_THROWS_WITH_AS(model.backward(gradients), "Model::backward: 2x4 gradients of group; 2x3 are needed",
                       ShapeError);
  gradients.resize("group", 2, 3);
  Tensor<float> dx(1, model.input_shape());
  CHECK_THROWS_AS(model.backward(gradients, dx), ShapeError);
  CHECK_THROWS_AS(model.infer(x, "typo"), DataError);
  CHECK_THROWS_AS(heads(head("a.b", Linear{{.out_features = 2}})), OptionError);
}
