// Aligned, growing storage.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "hcnn/core/buffer.hpp"
#include "hcnn/core/param.hpp"
#include "hcnn/core/workspace.hpp"

using namespace hcnn;

TEST_CASE("memory is aligned to 64 bytes whatever the size") {
  for (Index size : {1, 3, 16, 17, 1000}) {
    AlignedBuffer<float> floats(size);
    AlignedBuffer<char> bytes(size);
    CHECK(reinterpret_cast<std::uintptr_t>(floats.data()) % kAlignment == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment == 0);
    CHECK(floats.capacity() == size);
  }
}

TEST_CASE("more memory than there can be is refused, not wrapped round to little") {
  AlignedBuffer<float> buffer;
  CHECK_THROWS_AS(buffer.reserve(Index{1} << 62), std::bad_array_new_length);
  CHECK_THROWS_AS(buffer.reserve(std::numeric_limits<Index>::max()), std::bad_array_new_length);
  CHECK_THROWS_AS(buffer.reserve(-1), std::bad_array_new_length);
  CHECK_THROWS_AS(Tensor<float>(1, {.channels = Index{1} << 62}), std::bad_array_new_length);
  CHECK_THROWS_AS(Workspace().take<double>(Index{1} << 61), std::bad_array_new_length);
  CHECK_THROWS_AS(Param<float>(Role::weight, {Index{1} << 40, Index{1} << 40}), std::bad_array_new_length);
}

TEST_CASE("a buffer grows and never shrinks") {
  AlignedBuffer<int> buffer;
  CHECK(buffer.data() == nullptr);
  buffer.reserve(10);
  const int* const memory = buffer.data();
  buffer.reserve(4);
  CHECK(buffer.data() == memory);
  CHECK(buffer.capacity() == 10);
  buffer.reserve(11);
  CHECK(buffer.capacity() == 11);
}

TEST_CASE("a copy has its own memory and a move takes it over") {
  AlignedBuffer<int> first(2);
  first.data()[0] = 1, first.data()[1] = 2;
  AlignedBuffer<int> copy = first;
  copy.data()[0] = 9;
  CHECK(first.data()[0] == 1);
  CHECK(copy.data()[1] == 2);
  const int* const memory = first.data();
  AlignedBuffer<int> moved = std::move(first);
  CHECK(moved.data() == memory);
  CHECK(first.capacity() == 0);
  copy = moved;
  CHECK(copy.data()[0] == 1);
  CHECK(AlignedBuffer<int>(AlignedBuffer<int>{}).data() == nullptr);
}
