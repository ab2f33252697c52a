// Times the three passes of every convolution of the networks, in fp32 and bf16, on every instruction set of this
// machine, and beside them oneDNN's where the build found it (Debian: libdnnl-dev).
//
// Run:   build/release/benchmarks/bench_convolution [--benchmark_filter='64->64@32/.*avx512']
// Needs: an idle machine; threads as OMP_NUM_THREADS says, batch 128.
// Takes: about four minutes, most of it for the portable path.
// Reads: GFLOP/s counts 2 * N * H * W * C * O * 9, products with the zero border included. The data gradient packs its
//        weights each time, as training does. Every kernel is first
//        checked against the naive loops on small integers, where all sums are exact; a difference ends the program.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <hcnn/hcnn.hpp>
#include <hcnn/kernels/reference/convolution.hpp>

#include "benchmarks/convolutions.hpp"
#include "benchmarks/google_benchmark.hpp"
#include "benchmarks/onednn.hpp"
#include "benchmarks/pass.hpp"

using namespace hcnn;
using namespace benchmarks;
using kernels::ConvGeometry;
using kernels::Isa;

namespace {

template <class T>
struct Arrays {
  Arrays(const ConvGeometry& g, Index count)
      : x(count, g.input), y(count, g.output()), dy(count, g.output()), dx(count, g.input) {
    RandomStream random(Seed{1}, hash_name("bench_convolution"));
    const auto draw = [&] { return static_cast<float>(random.below(5)) - 2; };
    for (T& value : x) value = draw();
    for (T& value : dy) value = draw();
    for (Index i = 0; i < g.out_channels * g.depth(); ++i) w.push_back(draw());
    dw.assign(w.size(), 0);
  }
  Tensor<T> x, y, dy, dx;
  std::vector<float> w, dw;
  kernels::CachedPanels packed;
  Workspace workspace;
};

template <class T>
void run_pass(PassKind pass, const ConvGeometry& g, Arrays<T>& a) {
  if (pass == PassKind::forward) kernels::conv_forward<T>(g, a.w.data(), 1, nullptr, a.packed, a.x, a.y);
  if (pass == PassKind::data_gradient) kernels::conv_backward_data<T>(g, a.w.data(), a.dy, a.dx);
  if (pass == PassKind::weight_gradient) kernels::conv_backward_weights<T>(g, a.x, a.dy, a.dw.data(), a.workspace);
}

// All three passes on two images against the oracle. Direct sums must be exact, rounded to T once; Winograd's may
// differ by a rounding error of their size, at most 4 * depth.
template <class T>
void check(const ConvGeometry& g, bool winograd) {
  const double tolerance =
      winograd ? (std::is_same_v<T, float> ? 1e-5 : 0x1p-8) * 4 * static_cast<double>(g.depth()) : 0;
  Arrays<T> a(g, 2);
  for (const PassKind pass : kPasses) run_pass(pass, g, a);
  Tensor<float> x(2, g.input), dy(2, g.output()), y(2, g.output()), dx(2, g.input);
  std::copy(a.x.begin(), a.x.end(), x.begin());
  std::copy(a.dy.begin(), a.dy.end(), dy.begin());
  std::vector<float> dw(a.w.size());
  kernels::reference::conv_forward<float, float>(g, a.w.data(), nullptr, x, y);
  kernels::reference::conv_backward_data<float, float>(g, a.w.data(), dy, dx);
  kernels::reference::conv_backward_weights<float, float>(g, x, dy, dw.data());
  const auto same = [&](const Tensor<float>& exact, const Tensor<T>& values) {
    return std::equal(exact.begin(), exact.end(), values.begin(), [&](float e, T v) {
      return std::abs(static_cast<double>(T(e)) - static_cast<double>(v)) <= tolerance;
    });
  };
  const bool same_dw = std::equal(dw.begin(), dw.end(), a.dw.begin(), [&](float e, float v) {
    return std::abs(static_cast<double>(e) - static_cast<double>(v)) <= tolerance;
  });
  if (same(y, a.y) && same(dx, a.dx) && same_dw) return;
  std::fprintf(stderr, "bench_convolution: %s differs from the oracle on %s -> %td\n",
               kernels::to_string(kernels::active_isa()), to_string(g.input).c_str(), g.out_channels);
  std::exit(1);
}

constexpr Index kBatch = 128;

double flops(const ConvGeometry& g) { return 2.0 * static_cast<double>(kBatch * g.output().size() * g.depth()); }

template <class T>
void time_pass(benchmark::State& state, Isa isa, bool winograd, PassKind pass, const ConvGeometry& g) {
  kernels::limit_isa(isa);
  kernels::winograd_enabled() = winograd;
  check<T>(g, winograd);
  Arrays<T> a(g, kBatch);
  kernels::refresh_forward<T>(g, a.w.data(), 1, a.packed);
  time_calls(state, flops(g), [&] { run_pass(pass, g, a); });
}

void time_onednn(benchmark::State& state, bool bf16, PassKind pass, const ConvGeometry& g) {
  OnednnConvolution convolution(g, kBatch, bf16, pass);
  time_calls(state, flops(g), [&] { convolution.run(); });
}

template <class Run>
void add(const std::string& name, const Run& run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMillisecond);
}

// True where Winograd's algorithm may compute this pass on the instruction set.
bool uses_winograd(const ConvGeometry& g, Isa isa, bool bf16) {
  kernels::limit_isa(isa);
  kernels::winograd_enabled() = true;
  return (bf16 ? kernels::winograd_kernels<bfloat16>(g) : kernels::winograd_kernels<float>(g)) != nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  for (const ConvGeometry& g : kConvolutions)
    for (const PassKind pass : kPasses)
      for (const bool bf16 : {false, true}) {
        const std::string name = concat(layer_name(g), '/', to_string(pass), '/', bf16 ? "bf16" : "fp32", '/');
        for (const Isa isa : isas_to_time(bf16))
          for (const bool winograd : {false, true})
            if (!winograd || uses_winograd(g, isa, bf16))
              add(name + kernels::to_string(isa) + (winograd ? "+winograd" : ""), [=](benchmark::State& state) {
                (bf16 ? time_pass<bfloat16> : time_pass<float>)(state, isa, winograd, pass, g);
              });
        if (OnednnConvolution::kAvailable && OnednnConvolution::supports(g, bf16, pass))
          add(name + "onednn", [=](benchmark::State& state) { time_onednn(state, bf16, pass, g); });
      }
  return run_benchmarks(argc, argv);
}
