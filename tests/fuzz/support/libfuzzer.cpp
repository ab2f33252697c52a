// What libFuzzer calls: the one target of this program, and its figures in a line at the end.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "fuzz/support/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(fuzz::targets().front(), {reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  fuzz::targets();  // made before the function below is registered, so that it outlives it
  return std::atexit([] {
    const fuzz::Target& target = fuzz::targets().front();
    std::fprintf(stderr, "claims: accepted %zu refused %zu heap %.3f\n", target.accepted, target.refused,
                 target.fullest);
  });
}
