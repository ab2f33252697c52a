// What the benchmarks on Google Benchmark share: the instruction sets to time, a timed loop with its GFLOP/s, and the
// end of `main`.
#pragma once

#include <benchmark/benchmark.h>

#include <hcnn/hcnn.hpp>
#include <vector>

namespace benchmarks {

using namespace hcnn;

/// The instruction sets of this machine that make a difference for the precision, least first: avx512bf16 and amx have
/// kernels for bf16 alone; on the others bf16 is converted to float. Lifts what `limit_isa` set.
inline std::vector<kernels::Isa> isas_to_time(bool bf16) {
  using kernels::Isa;
  std::vector<Isa> isas;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512bf16, Isa::amx})
    if (kernels::limit_isa(isa) == isa && (isa <= Isa::avx512 || bf16)) isas.push_back(isa);
  return isas;
}

/// Times `call` after an untimed one and reports GFLOP/s, where one call does `flops` operations.
template <class Call>
void time_calls(benchmark::State& state, double flops, const Call& call) {
  call();
  for (auto _ : state) call();
  state.counters["GFLOP/s"] = benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

/// Runs what is registered as the command line says. Returns the exit status: 1 for an option that is not known.
inline int run_benchmarks(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace benchmarks
