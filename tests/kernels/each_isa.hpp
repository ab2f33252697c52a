// Runs a check on every instruction set this machine has, and says which.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "hcnn/kernels/dispatch.hpp"

namespace hcnn::testing {

/// Calls `check()` once for each instruction set up to HCNN_ISA or what the machine has; each call is proven to run on
/// its own set.
template <class Check>
void on_each_isa(const Check& check) {
  using kernels::Isa;
  const Isa before = kernels::active_isa();
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (kernels::limit_isa(isa) != isa) {
      MESSAGE("skipped: no " << std::string(kernels::to_string(isa)) << " on this machine");
      continue;
    }
    CAPTURE(std::string(kernels::to_string(isa)));
    REQUIRE(kernels::active_isa() == isa);
    check();
  }
  kernels::limit_isa(before);
}

}  // namespace hcnn::testing
