// Shapes, tensors and views.
#include <doctest/doctest.h>

#include <new>
#include <numeric>
#include <type_traits>

#include "hcnn/core/tensor.hpp"
#include "hcnn/core/workspace.hpp"

using namespace hcnn;

TEST_CASE("a shape counts pixels and values, compares and prints itself") {
  const Shape shape{.height = 4, .width = 5, .channels = 3};
  CHECK(shape.pixels() == 20);
  CHECK(shape.size() == 60);
  CHECK(to_string(shape) == "4x5x3");
  CHECK(shape == Shape{4, 5, 3});
  CHECK_FALSE(shape == Shape{5, 4, 3});
  CHECK(Shape{.channels = 10} == Shape{1, 1, 10});
}

TEST_CASE("an extent below 1 is an error that names place and shape") {
  CHECK_NOTHROW(require_positive("here", {1, 1, 1}));
  CHECK_THROWS_WITH_AS(require_positive("Model", {32, 0, 3}), "Model: shape 32x0x3; every extent must be at least 1",
                       ShapeError);
  CHECK_THROWS_WITH_AS(require_positive("Model", {Index{1} << 32, Index{1} << 32, 1}),
                       "Model: shape 4294967296x4294967296x1; fewer than 2^63 values are possible", ShapeError);
}

TEST_CASE("more values than can be counted are refused, and the tensor stays empty") {
  Tensor<float> x;
  const Shape huge{.height = Index{1} << 15, .width = Index{1} << 15, .channels = 1};
  CHECK_THROWS_AS(x.resize(Index{1} << 34, huge), std::bad_array_new_length);  // 2^64 values
  CHECK_THROWS_AS(x.resize(-1, huge), std::bad_array_new_length);
  CHECK(x.count() == 0);
  Workspace workspace;
  CHECK_THROWS_AS(workspace.tensor<float>(Index{1} << 34, huge), std::bad_array_new_length);
}

TEST_CASE("values lie in N, H, W, C order and the views see them") {
  Tensor<float> x(2, {.height = 2, .width = 3, .channels = 4});
  std::iota(x.begin(), x.end(), 0.0f);
  CHECK(x.size() == 48);
  const TensorView<const float> view = x;
  CHECK(*view.sample(1) == 24.0f);
  CHECK(view.data[((1 * 2 + 1) * 3 + 2) * 4 + 3] == 47.0f);  // sample 1, row 1, column 2, channel 3
  CHECK(view.slice(1, 1).size() == 24);
  CHECK(*view.slice(1, 1).data == 24.0f);
}

TEST_CASE("a tensor keeps memory that is large enough, and copies own theirs") {
  Tensor<double> x(4, {2, 2, 2}, 1.5);
  CHECK(x[31] == 1.5);
  const double* const memory = x.data();
  x.resize(3, {2, 2, 2});
  CHECK(x.data() == memory);
  CHECK(x.count() == 3);
  Tensor<double> copy = x;
  copy[0] = 7;
  CHECK(x[0] == 1.5);
}

TEST_CASE("a view without memory is empty, and a view to write with becomes one to read with only") {
  CHECK(TensorView<float>{}.empty());
  CHECK(std::is_convertible_v<TensorView<float>, TensorView<const float>>);
  CHECK_FALSE(std::is_convertible_v<TensorView<const float>, TensorView<float>>);
  CHECK_FALSE(std::is_convertible_v<TensorView<float>, TensorView<const double>>);
}
