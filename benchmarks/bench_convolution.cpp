// Times the three passes of every convolution of the networks on every instruction set of this machine.
//
// Run:   build/release/benchmarks/bench_convolution [--benchmark_filter='64->64@32/.*avx512']
// Needs: an idle machine; threads as OMP_NUM_THREADS says, batch 128, fp32.
// Takes: about two minutes, most of it for the portable path.
// Reads: GFLOP/s counts 2 * N * H * W * C * O * 9, products with the zero border included. Every kernel is first
// checked
//        against the naive loops on small integers, where all sums are exact; a difference ends the program.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <hcnn/hcnn.hpp>
#include <hcnn/kernels/reference/convolution.hpp>

using namespace hcnn;
using kernels::ConvGeometry;
using kernels::Isa;

namespace {

struct Arrays {
  Arrays(const ConvGeometry& g, Index count)
      : x(count, g.input), y(count, g.output()), dy(count, g.output()), dx(count, g.input) {
    RandomStream random(Seed{1}, hash_name("bench_convolution"));
    const auto draw = [&] { return static_cast<float>(random.below(5)) - 2; };
    for (float& value : x) value = draw();
    for (float& value : dy) value = draw();
    for (Index i = 0; i < g.out_channels * g.depth(); ++i) w.push_back(draw());
    dw.assign(w.size(), 0);
  }
  Tensor<float> x, y, dy, dx;
  std::vector<float> w, dw;
  kernels::ConvWeights packed;
  Workspace workspace;
};

enum class PassKind { forward, data_gradient, weight_gradient };

void run_pass(PassKind kind, const ConvGeometry& g, Arrays& a) {
  if (kind == PassKind::forward) kernels::conv_forward<float>(g, a.w.data(), 1, nullptr, a.packed, a.x, a.y);
  if (kind == PassKind::data_gradient) kernels::conv_backward_data<float>(g, a.w.data(), 1, a.packed, a.dy, a.dx);
  if (kind == PassKind::weight_gradient) kernels::conv_backward_weights<float>(g, a.x, a.dy, a.dw.data(), a.workspace);
}

// All three passes on two images against the oracle.
void check(const ConvGeometry& g) {
  Arrays a(g, 2);
  for (const PassKind kind : {PassKind::forward, PassKind::data_gradient, PassKind::weight_gradient})
    run_pass(kind, g, a);
  Tensor<float> y(2, g.output()), dx(2, g.input);
  std::vector<float> dw(a.w.size());
  kernels::reference::conv_forward<float, float>(g, a.w.data(), nullptr, a.x, y);
  kernels::reference::conv_backward_data<float, float>(g, a.w.data(), a.dy, dx);
  kernels::reference::conv_backward_weights<float, float>(g, a.x, a.dy, dw.data());
  if (std::equal(y.begin(), y.end(), a.y.begin()) && std::equal(dx.begin(), dx.end(), a.dx.begin()) && dw == a.dw)
    return;
  std::fprintf(stderr, "bench_convolution: %s differs from the oracle on %s -> %td\n",
               kernels::to_string(kernels::active_isa()), to_string(g.input).c_str(), g.out_channels);
  std::exit(1);
}

void time_pass(benchmark::State& state, Isa isa, PassKind kind, const ConvGeometry& g) {
  kernels::limit_isa(isa);
  check(g);
  constexpr Index kBatch = 128;
  Arrays a(g, kBatch);
  run_pass(kind, g, a);
  for (auto _ : state) run_pass(kind, g, a);
  const double flops = 2.0 * static_cast<double>(kBatch * g.output().size() * g.depth());
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

}  // namespace

int main(int argc, char** argv) {
  struct Layer {
    Index in, out, side;
  };
  const std::pair<PassKind, const char*> passes[] = {{PassKind::forward, "forward"},
                                                     {PassKind::data_gradient, "data_gradient"},
                                                     {PassKind::weight_gradient, "weight_gradient"}};
  for (const Layer& layer :
       {Layer{3, 64, 32}, {64, 64, 32}, {64, 128, 16}, {128, 128, 16}, {128, 256, 8}, {256, 256, 8}})
    for (const auto& [kind, name] : passes)
      for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
        if (kernels::limit_isa(isa) != isa) continue;
        const ConvGeometry g{
            .input = {layer.side, layer.side, layer.in}, .out_channels = layer.out, .kernel = 3, .padding = 1};
        benchmark::RegisterBenchmark(
            concat(layer.in, "->", layer.out, '@', layer.side, '/', name, '/', kernels::to_string(isa)).c_str(),
            [isa, kind = kind, g](benchmark::State& state) { time_pass(state, isa, kind, g); })
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
