// Runs a check on every instruction set this machine has, and says which.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "hcnn/kernels/dispatch.hpp"
#include "kernels/amx_emulator.hpp"

namespace hcnn::testing {

/// Runs from now on the kernels of AMX, emulated where the machine has all that they need but AMX. False where it has
/// not, or HCNN_ISA caps it.
inline bool use_amx() {
#if defined(__x86_64__) && defined(__linux__)
  if (kernels::limit_isa(kernels::Isa::amx) == kernels::Isa::amx) return true;
  const char* cap = std::getenv("HCNN_ISA");
  if ((cap && *cap) || kernels::active_isa() != kernels::Isa::avx512bf16) return false;
  emulate_amx();
  kernels::isa::limit() = kernels::Isa::amx;
  return true;
#else
  return false;
#endif
}

/// Calls `check()` once for each instruction set up to HCNN_ISA or what the machine has, AMX emulated if need be; each
/// call is proven to run on its own set. Returns their names: "portable, avx2, avx512".
template <class Check>
std::string on_each_isa(const Check& check) {
  using kernels::Isa;
  std::string names;
  const Isa before = kernels::active_isa();
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512bf16, Isa::amx}) {
    if (isa == Isa::amx ? !use_amx() : kernels::limit_isa(isa) != isa) {
      MESSAGE("skipped: no " << std::string(kernels::to_string(isa)) << " on this machine");
      continue;
    }
    CAPTURE(std::string(kernels::to_string(isa)));
    REQUIRE(kernels::active_isa() == isa);
    check();
    if (!names.empty()) names += ", ";
    names += kernels::to_string(isa);
  }
  kernels::limit_isa(before);
  return names;
}

}  // namespace hcnn::testing
