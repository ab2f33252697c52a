// A layer of your own: y = x * sigmoid(x), known as SiLU or Swish, written outside the library, verified by the
// gradient check and used in a network like any other.
//
// Run:    build/release/examples/custom_layer
// Takes:  about 10 seconds on 2 cores.
// Expect: a passed gradient check, then a training run whose validation accuracy rises.
#include <cmath>
#include <hcnn/hcnn.hpp>
#include <hcnn/testing.hpp>
#include <iostream>

using namespace hcnn;

/// y = x s(x) with s(x) = 1 / (1 + exp(-x)); y' = s + y (1 - s). Any shape.
template <class T = float>
class SiLU : public Layer<T> {
 public:
  using M = Master<T>;  // arithmetic in float for bfloat16 networks

  std::string type() const override { return "SiLU"; }
  Shape build(const Shape& input) override { return input; }
  LayerTraits traits() const override { return {.backward_reads_input = true, .backward_reads_output = false}; }

  void backward(TensorView<const T> x, TensorView<const T>, TensorView<T> dy, TensorView<T> dx, Workspace&) override {
    if (dx.empty()) return;  // not needed for the first layer of a network
    parallel_elements(x.size(), [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) {
        const M value = x.data[i], s = sigmoid(value);
        dx.data[i] = T(M(dy.data[i]) * (s + value * s * (M{1} - s)));
      }
    });
  }
  void infer(TensorView<const T> x, TensorView<T> y, Workspace&) const override {
    parallel_elements(x.size(), [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) y.data[i] = T(M(x.data[i]) * sigmoid(x.data[i]));
    });
  }
  std::unique_ptr<Layer<T>> clone() const override { return std::make_unique<SiLU>(*this); }

 private:
  static M sigmoid(M value) { return M{1} / (M{1} + std::exp(-value)); }
};

int main(int argc, char** argv) {
  if (argc > 1) {
    std::cerr << "custom_layer: " << argv[1] << "; it takes no options\n";
    return 2;
  }
  const testing::GradientReport report = testing::check_layer(SiLU<double>{}, {4, 5, 3});
  std::cout << report.text() << '\n';
  if (!report) return 1;

  const auto [train_set, val_set] = data::stratified_split(data::synthetic({.samples = 2000}), 0.9, /*seed=*/1);
  Model model{
      train_set.shape(),
      seq(Conv2d{{.out_channels = 16, .kernel = 3, .stride = 2, .padding = 1}}, BatchNorm2d{}, SiLU{},
          Conv2d{{.out_channels = 32, .kernel = 3, .stride = 2, .padding = 1}}, BatchNorm2d{}, SiLU{}, Flatten{}),
      heads(head("group", Linear{{.out_features = 9}}))};
  init::he_normal(model, Seed{1});
  auto loss = losses::cross_entropy("group");
  Adam optimizer{model.parameters(), {.learning_rate = 2e-3}};
  train::fit(model, loss, optimizer, train_set,
             {.epochs = 3, .batch = 32, .validate = val_set, .callbacks = {train::progress_bar(std::cerr)}});
}
