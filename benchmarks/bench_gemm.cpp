// Times the products of the networks' linear layers and of a few odd shapes, in fp32 and bf16, on every instruction set
// of this machine; "portable" has none of their kernels. Beside them the products of Eigen and oneDNN where the build
// found them; oneDNN chooses its instruction set itself, Eigen is compiled for the same processor as this program, SSE2
// unless the build says otherwise: a peer of the portable product.
//
// Run:   build/release/benchmarks/bench_gemm [--benchmark_filter='4096->1024x128/.*']
// Needs: an idle machine; threads as OMP_NUM_THREADS says.
// Takes: about two minutes.
// Reads: inputs -> outputs x samples; GFLOP/s counts 2 * N * I * O. The forward pass has packed weights, as
//        a Predictor; the gradients pack what they need each time, as training does. Rows of bf16 whose length the pair
//        or tile instructions do not divide are converted to float. Every kernel is first checked against naive loops
//        on small integers, where all sums are exact; a difference ends the program.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <hcnn/hcnn.hpp>

#include "benchmarks/eigen.hpp"
#include "benchmarks/google_benchmark.hpp"
#include "benchmarks/onednn.hpp"
#include "benchmarks/pass.hpp"

using namespace hcnn;
using namespace benchmarks;
using kernels::Isa;

namespace {

struct Product {
  Index samples, inputs, outputs;
};

// One linear layer's operands: y = x w^T, dx = dy w, dw += dy^T x.
template <class T>
struct Operands {
  explicit Operands(const Product& p)
      : x(p.samples, {.channels = p.inputs}),
        dy(p.samples, {.channels = p.outputs}),
        layer({.out_features = p.outputs, .bias = false}) {
    layer.setup({.channels = p.inputs});
    layer.attach("layer", params);
    RandomStream random(Seed{1}, hash_name("bench_gemm"));
    const auto draw = [&](auto& value) {
      value = std::remove_reference_t<decltype(value)>(static_cast<float>(random.below(5)) - 2);
    };
    for (T& value : x) draw(value);
    for (T& value : dy) draw(value);
    for (Index i = 0; i < weight().size(); ++i) draw(weight().value()[i]);
    weight().touch();
    layer.prepare_inference();
    y.resize(p.samples, {.channels = p.outputs});
    dx.resize(p.samples, {.channels = p.inputs});
  }
  Param<float>& weight() { return *params.front(); }

  void run(PassKind pass) {
    if (pass == PassKind::forward) layer.infer_master(x, y.data(), workspace);
    if (pass == PassKind::data_gradient) layer.data_gradient(x.count(), dy.data(), dx.data(), workspace);
    if (pass == PassKind::weight_gradient) layer.add_weight_gradient(x, dy.data(), workspace);
  }

  Tensor<T> x, dy;
  Tensor<float> y, dx;
  Linear<T> layer;
  ParamList<float> params;
  Workspace workspace;
};

// All three passes against naive loops: small integers, every sum exact.
template <class T>
void check(const Product& p) {
  Operands<T> a(p);
  for (const PassKind pass : kPasses) a.run(pass);
  Index wrong = 0;
  const float *w = a.weight().value(), *dw = a.weight().grad();
  const auto x = [&](Index n, Index i) { return static_cast<float>(a.x[n * p.inputs + i]); };
  const auto dy = [&](Index n, Index o) { return static_cast<float>(a.dy[n * p.outputs + o]); };
  for (Index n = 0; n < p.samples; ++n)
    for (Index o = 0; o < p.outputs; o += 7) {
      float sum = 0;
      for (Index i = 0; i < p.inputs; ++i) sum += x(n, i) * w[o * p.inputs + i];
      wrong += a.y[n * p.outputs + o] != sum;
    }
  for (Index i = 0; i < p.inputs; i += 5) {
    for (Index n = 0; n < p.samples; n += 3) {
      float sum = 0;
      for (Index o = 0; o < p.outputs; ++o) sum += dy(n, o) * w[o * p.inputs + i];
      wrong += a.dx[n * p.inputs + i] != sum;
    }
    for (Index o = 0; o < p.outputs; o += 3) {
      float sum = 0;
      for (Index n = 0; n < p.samples; ++n) sum += dy(n, o) * x(n, i);
      wrong += dw[o * p.inputs + i] != sum;
    }
  }
  if (wrong == 0) return;
  std::fprintf(stderr, "bench_gemm: %s differs from naive loops on %td->%td x %td\n",
               kernels::to_string(kernels::active_isa()), p.inputs, p.outputs, p.samples);
  std::exit(1);
}

double flops(const Product& p) { return 2.0 * static_cast<double>(p.samples * p.inputs * p.outputs); }

template <class T>
void time_product(benchmark::State& state, Isa isa, PassKind pass, const Product& p) {
  kernels::limit_isa(isa);
  check<T>({p.samples % 13 + 1, p.inputs, p.outputs});
  Operands<T> operands(p);
  time_calls(state, flops(p), [&] { operands.run(pass); });
}

void time_onednn(benchmark::State& state, bool bf16, PassKind pass, const Product& p) {
  OnednnProduct product(p.samples, p.inputs, p.outputs, bf16, pass);
  time_calls(state, flops(p), [&] { product.run(); });
}

void time_eigen(benchmark::State& state, PassKind pass, const Product& p) {
  EigenProduct product(p.samples, p.inputs, p.outputs, pass);
  time_calls(state, flops(p), [&] { product.run(); });
}

template <class Run>
void add(const std::string& name, const Run& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  for (const Product& p : {Product{128, 4096, 1024},
                           {128, 1024, 512},
                           {128, 512, 100},
                           {128, 4096, 320},
                           {1, 4096, 1024},
                           {37, 333, 555},
                           {512, 512, 512}})
    for (const PassKind pass : kPasses)
      for (const bool bf16 : {false, true}) {
        const std::string name =
            concat(p.inputs, "->", p.outputs, 'x', p.samples, '/', to_string(pass), '/', bf16 ? "bf16" : "fp32", '/');
        for (const Isa isa : isas_to_time(bf16))
          add(name + kernels::to_string(isa), [=](benchmark::State& state) {
            (bf16 ? time_product<bfloat16> : time_product<float>)(state, isa, pass, p);
          });
        if (EigenProduct::kAvailable && !bf16)
          add(name + "eigen", [=](benchmark::State& state) { time_eigen(state, pass, p); });
        if (OnednnProduct::kAvailable && OnednnProduct::supports(bf16))
          add(name + "onednn", [=](benchmark::State& state) { time_onednn(state, bf16, pass, p); });
      }
  return run_benchmarks(argc, argv);
}
