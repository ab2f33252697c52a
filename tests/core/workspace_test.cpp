// The stack of temporary arrays.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>

#include "count_allocations.hpp"
#include "hcnn/core/workspace.hpp"

using namespace hcnn;

namespace {

/// Takes memory in the pattern of a training step: kept, temporary, kept.
void step(Workspace& workspace) {
  float* const kept = workspace.take<float>(300000);
  std::fill_n(kept, 300000, 1.0f);
  {
    const WorkspaceScope scope(workspace);
    std::fill_n(workspace.take<double>(200000), 200000, 2.0);
    std::fill_n(workspace.take<char>(1), 1, 'x');
  }
  std::fill_n(workspace.take<float>(500000), 500000, 3.0f);
  CHECK(std::count(kept, kept + 300000, 1.0f) == 300000);
  workspace.reset();
}

}  // namespace

TEST_CASE("arrays are aligned to 64 bytes and do not overlap") {
  Workspace workspace;
  std::byte* last_end = nullptr;
  for (Index size : {1, 64, 65, 0, 1000}) {
    auto* const memory = workspace.take<std::byte>(size);
    CHECK(reinterpret_cast<std::uintptr_t>(memory) % kAlignment == 0);
    CHECK(memory >= last_end);
    last_end = memory + size;
  }
}

TEST_CASE("what is taken after a rewind lies where the freed memory was") {
  Workspace workspace;
  workspace.take<float>(10);
  const auto mark = workspace.mark();
  float* const first = workspace.take<float>(100);
  workspace.rewind(mark);
  CHECK(workspace.take<float>(50) == first);
}

TEST_CASE("a scope gives back what was taken inside it") {
  Workspace workspace;
  workspace.take<int>(3);
  const auto mark = workspace.mark();
  {
    const WorkspaceScope scope(workspace);
    workspace.take<int>(1000);
    CHECK(workspace.mark() > mark);
  }
  CHECK(workspace.mark() == mark);
}

TEST_CASE("from the second pass on nothing is allocated") {
  Workspace workspace;
  step(workspace);  // finds the size, in pieces; its end joins them
  const long allocations = testing::allocations_in([&] {
    step(workspace);
    step(workspace);
  });
  CHECK(allocations == 0);
}

TEST_CASE("after the first pass arrays follow one another in one block") {
  Workspace workspace;
  step(workspace);
  float* const a = workspace.take<float>(300000);
  CHECK(workspace.take<float>(500000) == a + 300000);
  CHECK(workspace.peak_bytes() >= 800000 * sizeof(float));
}

TEST_CASE("a tensor of the workspace has the asked extents, and release gives the memory back") {
  Workspace workspace;
  const TensorView<float> x = workspace.tensor<float>(2, {.height = 3, .width = 4, .channels = 5});
  CHECK(x.size() == 120);
  CHECK(x.sample(1) == x.data + 60);
  workspace.release();
  CHECK(workspace.mark() == 0);
  CHECK(workspace.take<float>(7) != nullptr);
}

TEST_CASE("the scratch memory of a thread is one and the same") { CHECK(&thread_scratch() == &thread_scratch()); }
