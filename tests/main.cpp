// The test program's main function, and the proof of which kernels it runs on.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "hcnn/kernels/dispatch.hpp"

using namespace hcnn;

TEST_CASE("the instruction set that runs is the one HCNN_EXPECT_ISA names") {
  const char* expected = std::getenv("HCNN_EXPECT_ISA");
  MESSAGE("instruction set: " << std::string(kernels::to_string(kernels::active_isa())));
  if (expected) CHECK(std::string(expected) == std::string(kernels::to_string(kernels::active_isa())));
}
