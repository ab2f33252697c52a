// Matrix products on every instruction set against sums in double.
#include "hcnn/kernels/gemm.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "hcnn/core/random.hpp"
#include "hcnn/layers/linear.hpp"
#include "kernels/each_isa.hpp"
#include "layers/layer_runner.hpp"

using namespace hcnn;

namespace {

// A Linear layer on small integers, every result exact: y = x w^T + b, dx = dy w, dw = dy^T x, db = sum dy.
template <class T>
void check_linear(Index samples, Index inputs, Index outputs) {
  CAPTURE(samples);
  CAPTURE(inputs);
  CAPTURE(outputs);
  RandomStream random(Seed{7}, hash_name("gemm test"));
  const auto draw = [&](auto& value) {
    value = std::remove_reference_t<decltype(value)>(static_cast<float>(random.below(5)) - 2);
  };
  Linear<T> layer{{.out_features = outputs}};
  testing::LayerRunner<T> run(layer, samples, {.channels = inputs});
  auto &w = *run.params()[0], &b = *run.params()[1];
  for (Index i = 0; i < w.size(); ++i) draw(w.value()[i]);
  for (Index i = 0; i < b.size(); ++i) draw(b.value()[i]);
  w.touch();
  for (T& value : run.x()) draw(value);
  for (T& value : run.dy()) draw(value);
  const auto dy = testing::numbers(run.dy()), x = testing::numbers(run.x());
  const auto y = testing::numbers(run.forward()), dx = testing::numbers(run.backward());
  Index wrong = 0;
  const auto at = [](Index row, Index column, Index width) { return static_cast<std::size_t>(row * width + column); };
  for (Index n = 0; n < samples; ++n)
    for (Index o = 0; o < outputs; ++o) {
      double sum = static_cast<double>(b.value()[o]);
      for (Index i = 0; i < inputs; ++i) sum += x[at(n, i, inputs)] * static_cast<double>(w.value()[o * inputs + i]);
      wrong += y[at(n, o, outputs)] != static_cast<double>(T(static_cast<float>(sum)));
    }
  for (Index n = 0; n < samples; ++n)
    for (Index i = 0; i < inputs; ++i) {
      double sum = 0;
      for (Index o = 0; o < outputs; ++o) sum += dy[at(n, o, outputs)] * static_cast<double>(w.value()[o * inputs + i]);
      wrong += dx[at(n, i, inputs)] != static_cast<double>(T(static_cast<float>(sum)));
    }
  for (Index o = 0; o < outputs; ++o) {
    double bias = 0;
    for (Index n = 0; n < samples; ++n) bias += dy[at(n, o, outputs)];
    wrong += static_cast<double>(b.grad()[o]) != bias;
    for (Index i = 0; i < inputs; ++i) {
      double sum = 0;
      for (Index n = 0; n < samples; ++n) sum += dy[at(n, o, outputs)] * x[at(n, i, inputs)];
      wrong += static_cast<double>(w.grad()[o * inputs + i]) != sum;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("products of small integers are exact on every instruction set, whatever the extents") {
  testing::on_each_isa([] {
    for (const auto [samples, inputs, outputs] : std::vector<std::array<Index, 3>>{{1, 1, 1},
                                                                                   {1, 7, 3},
                                                                                   {2, 1, 33},
                                                                                   {3, 16, 16},
                                                                                   {14, 5, 32},
                                                                                   {15, 40, 31},
                                                                                   {29, 64, 65},
                                                                                   {5, 1100, 17},
                                                                                   {3, 4100, 5},  // several blocks deep
                                                                                   {3, 5, 4100},
                                                                                   {70, 3, 2}}) {
      check_linear<float>(samples, inputs, outputs);
      check_linear<double>(samples, inputs, outputs);
      check_linear<bfloat16>(samples, inputs, outputs);
    }
  });
}

TEST_CASE("column sums are exact and do not depend on the number of threads") {
  std::vector<float> a(1000 * 7), first;
  RandomStream random(Seed{1}, 2);
  for (float& value : a) value = static_cast<float>(random.uniform());
  for (const int threads : {1, 2, 3, 8}) {
    const ThreadCountScope scope(threads);
    Workspace workspace;
    std::vector<float> sums(7, 1.0f);
    kernels::add_column_sums(1000, 7, a.data(), sums.data(), workspace);
    if (first.empty()) first = sums;
    CHECK(sums == first);
  }
  double exact = 1;
  for (std::size_t i = 0; i < a.size(); i += 7) exact += double{a[i]};
  CHECK(double{first[0]} == doctest::Approx(exact).epsilon(1e-5));
}
