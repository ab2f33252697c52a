// How far the three passes of every convolution of the networks are from sums in double: direct products in fp32,
// Winograd's algorithm in fp32, and bf16, each as the best instruction set of this machine computes it.
//
// Run:   build/release/benchmarks/bench_error
// Takes: about a minute, for the naive loops in double.
// Reads: root mean square of the errors over that of the exact results, and the largest error over the same. The inputs
//        are like a network's: ReLU of normal values, weights as `init::he_normal` draws them, normal gradients; bf16
//        takes them rounded, and its own error is what it adds to that. A float holds 6.0e-8, a bfloat16 2.0e-3 at
//        most.
#include <cmath>
#include <cstdio>
#include <hcnn/hcnn.hpp>
#include <hcnn/kernels/reference/convolution.hpp>

#include "benchmarks/convolutions.hpp"

using namespace hcnn;
using namespace benchmarks;
using kernels::ConvGeometry;

namespace {

constexpr Index kBatch = 8;

struct Passes {
  std::vector<double> y, dx, dw;
};

struct Error {
  double rms = 0, largest = 0;  // both relative to the root mean square of the exact values
};

struct Inputs {
  Tensor<float> x, dy;
  std::vector<float> w;
};

// Values as a network has them, rounded to T where the kernels read T; weights are read as T too.
template <class T>
Inputs draw(const ConvGeometry& g) {
  RandomStream random(Seed{1}, hash_name("bench_error"));
  const double deviation = std::sqrt(2.0 / static_cast<double>(g.depth()));
  const auto rounded = [](double value) { return static_cast<float>(T(static_cast<float>(value))); };
  Inputs in{{kBatch, g.input}, {kBatch, g.output()}, {}};
  for (float& value : in.x) value = rounded(std::max(0.0, random.normal()));
  for (float& value : in.dy) value = rounded(random.normal());
  for (Index i = 0; i < g.out_channels * g.depth(); ++i) in.w.push_back(rounded(deviation * random.normal()));
  return in;
}

template <class To, class From>
Tensor<To> as(const Tensor<From>& values) {
  Tensor<To> result(values.count(), values.shape());
  std::transform(values.begin(), values.end(), result.begin(), [](From v) { return To(v); });
  return result;
}

template <class Values>
std::vector<double> numbers(const Values& values) {
  std::vector<double> result;
  for (const auto value : values) result.push_back(static_cast<double>(value));
  return result;
}

Passes exact(const ConvGeometry& g, const Inputs& in) {
  const Tensor<double> x = as<double>(in.x), dy = as<double>(in.dy);
  const std::vector<double> w(in.w.begin(), in.w.end());
  Tensor<double> y(kBatch, g.output()), dx(kBatch, g.input);
  std::vector<double> dw(w.size());
  kernels::reference::conv_forward<double, double>(g, w.data(), nullptr, x, y.view());
  kernels::reference::conv_backward_data<double, double>(g, w.data(), dy, dx.view());
  kernels::reference::conv_backward_weights<double, double>(g, x, dy, dw.data());
  return {numbers(y), numbers(dx), dw};
}

template <class T>
Passes computed(const ConvGeometry& g, const Inputs& in, bool winograd) {
  kernels::winograd_enabled() = winograd;
  const Tensor<T> x = as<T>(in.x), dy = as<T>(in.dy);
  Tensor<T> y(kBatch, g.output()), dx(kBatch, g.input);
  std::vector<float> dw(in.w.size());
  kernels::CachedPanels packed;
  Workspace workspace;
  kernels::conv_forward<T>(g, in.w.data(), 1, nullptr, packed, x, y);
  kernels::conv_backward_data<T>(g, in.w.data(), dy, dx);
  kernels::conv_backward_weights<T>(g, x, dy, dw.data(), workspace);
  return {numbers(y), numbers(dx), numbers(dw)};
}

Error error_of(const std::vector<double>& values, const std::vector<double>& sums) {
  double squares = 0, errors = 0, largest = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const double error = std::abs(values[i] - sums[i]);
    squares += sums[i] * sums[i];
    errors += error * error;
    largest = std::max(largest, error);
  }
  return {std::sqrt(errors / squares), largest / std::sqrt(squares / static_cast<double>(sums.size()))};
}

void print_row(const std::string& layer, const char* form, const Passes& values, const Passes& sums) {
  std::printf("| %s | %s |", layer.c_str(), form);
  for (const Error& error : {error_of(values.y, sums.y), error_of(values.dx, sums.dx), error_of(values.dw, sums.dw)})
    std::printf(" %.1e, %.1e |", error.rms, error.largest);
  std::printf("\n");
}

void print_layer(const ConvGeometry& g) {
  const std::string layer = layer_name(g);
  const Inputs in = draw<float>(g), rounded = draw<bfloat16>(g);
  const Passes sums = exact(g, in), rounded_sums = exact(g, rounded);
  print_row(layer, "fp32, direct", computed<float>(g, in, false), sums);
  kernels::winograd_enabled() = true;
  if (kernels::winograd_kernels<float>(g)) print_row(layer, "fp32, Winograd", computed<float>(g, in, true), sums);
  print_row(layer, "bf16, direct", computed<bfloat16>(g, rounded, false), rounded_sums);
  kernels::winograd_enabled() = true;
  if (kernels::winograd_kernels<bfloat16>(g))
    print_row(layer, "bf16, Winograd", computed<bfloat16>(g, rounded, true), rounded_sums);
  std::fflush(stdout);
}

}  // namespace

int main() {
  std::printf("%s; root mean square and largest error over the root mean square of the exact results, batch %td\n\n",
              kernels::to_string(kernels::active_isa()), kBatch);
  std::printf("| layer | computed in | forward | data gradient | weight gradient |\n|---|---|---|---|---|\n");
  for (const ConvGeometry& g : kConvolutions) print_layer(g);
}
