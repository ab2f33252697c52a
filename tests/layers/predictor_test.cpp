// Predictor: the model's numbers, from many threads, without what only training needs.
#include "hcnn/layers/predictor.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "hcnn/layers/init.hpp"
#include "hcnn/models/multi_head_cnn.hpp"
#include "kernels/each_isa.hpp"
#include "layers/random_batch.hpp"

using namespace hcnn;

namespace {

// Large enough for Winograd's algorithm, on an image that a few tiles cover and stick out of.
template <class T>
Model<T> trained_model() {
  Model<T> model({.height = 10, .width = 14, .channels = 3},
                 seq(Conv2d<T>{{.out_channels = 32, .kernel = 3, .padding = 1}}, BatchNorm2d<T>{}, ReLU<T>{},
                     Conv2d<T>{{.out_channels = 64, .kernel = 3, .padding = 1}}, BatchNorm2d<T>{}, ReLU<T>{},
                     MaxPool2d<T>{{.window = 2}}, Flatten<T>{}, Linear<T>{{.out_features = 20}}, ReLU<T>{}),
                 heads(head("fine", Linear<T>{{.out_features = 10}}), head("group", Linear<T>{{.out_features = 3}})));
  init::he_normal(model, Seed{1});
  return model;
}

// A forward and a backward pass: running statistics that are no longer 0 and 1, and memory to be dropped.
template <class T>
void train_once(Model<T>& model) {
  const Tensor<T> x = testing::random_batch<T>(4, model.input_shape());
  Logits<Master<T>> gradients;
  gradients.zeros_like(model.forward(x, {}));
  model.backward(gradients);
}

template <class M>
bool same_bits(const Logits<M>& a, const Logits<M>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const HeadLogits<M>& one, const HeadLogits<M>& other) {
    return one.head == other.head &&
           std::equal(one.values.begin(), one.values.end(), other.values.begin(), other.values.end());
  });
}

}  // namespace

TEST_CASE_TEMPLATE("a predictor has the model's bits for any batch and number of threads", T, float, bfloat16) {
  testing::on_each_isa([] {
    Model<T> model = trained_model<T>();
    train_once(model);
    for (const Index count : {1, 2, 3, 7}) {
      const Tensor<T> x = testing::random_batch<T>(count, model.input_shape());
      const auto expected = model.infer(x);
      for (const int threads : {1, 2, 4, 8}) {
        const Predictor<T> predictor{model.clone(), {.threads = threads}};
        CHECK(same_bits(predictor.logits(x), expected));
        const auto fine = predictor.logits(x, "fine");
        CHECK(std::equal(fine.begin(), fine.end(), expected["fine"].begin()));
      }
    }
  });
}

TEST_CASE("eight threads may share a predictor") {
  Model<float> model = trained_model<float>();
  train_once(model);
  const Tensor<float> x = testing::random_batch<float>(3, model.input_shape());
  const auto expected = model.infer(x);
  const Predictor predictor{std::move(model)};
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      Logits<float> logits;
      for (int i = 0; i < 20; ++i) {
        predictor.logits(x, logits);
        if (!same_bits(logits, expected)) ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("the thread count outside is as before, and misuse is named") {
  const ThreadCountScope scope(3);
  const Predictor predictor{trained_model<float>(), {.threads = 2}};
  predictor.logits(testing::random_batch<float>(1, predictor.input_shape()));
  CHECK(thread_count() == 3);
  CHECK_THROWS_WITH_AS(predictor.logits(testing::random_batch<float>(1, {.height = 2, .width = 2, .channels = 3})),
                       "Model: batch of 1 samples 2x2x3; expected at least one sample 10x14x3", ShapeError);
  CHECK_THROWS_AS(predictor.logits(testing::random_batch<float>(1, predictor.input_shape()), "class"), DataError);
  CHECK_THROWS_WITH_AS((Predictor<float>{trained_model<float>(), {.threads = 0}}),
                       "Predictor: 0 threads; at least 1 is needed", OptionError);
}

TEST_CASE("what was prepared of other weights is not used") {
  Model<float> model = trained_model<float>();
  train_once(model);
  model.prepare_inference();
  for (Param<float>* param : model.parameters("trunk.")) {
    for (Index i = 0; i < param->size(); ++i) param->value()[i] *= 1.5f;
    param->touch();
  }
  const Tensor<float> x = testing::random_batch<float>(3, model.input_shape());
  const auto prepared = model.infer(x, "fine"), fresh = model.clone().infer(x, "fine");
  for (Index i = 0; i < fresh.size(); ++i) CHECK(prepared[i] == doctest::Approx(fresh[i]).epsilon(1e-4));
}
