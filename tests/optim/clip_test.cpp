// Gradient clipping by norm.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "hcnn/optim/clip.hpp"
#include "sample_params.hpp"

using namespace hcnn;

TEST_CASE("the norm is over all parameters together, without buffers") {
  Param<double> a(Role::weight, {2}), b(Role::bias, {1}), mean(Role::buffer, {4}, 100.0);
  a.grad()[0] = 2, a.grad()[1] = 3, b.grad()[0] = 6;
  CHECK(gradient_norm<double>({&a, &b, &mean}) == 7.0);
  CHECK(clip_gradient_norm<double>({&a, &b, &mean}, 3.5) == 7.0);
  CHECK(a.grad()[0] == doctest::Approx(2 * 3.5 / (7 + 1e-6)).epsilon(1e-15));
  CHECK(b.grad()[0] == doctest::Approx(6 * 3.5 / (7 + 1e-6)).epsilon(1e-15));
}

TEST_CASE("gradients with a norm under the limit keep their bits") {
  Param<float> a(Role::weight, {2});
  a.grad()[0] = 0.3f, a.grad()[1] = 0.1f;
  clip_gradient_norm<float>({&a}, 1.0);
  CHECK(a.grad()[0] == 0.3f);
  CHECK(a.grad()[1] == 0.1f);
}

TEST_CASE("a norm that is not finite is returned and leaves the gradients alone") {
  Param<float> a(Role::weight, {2});
  a.grad()[0] = std::numeric_limits<float>::infinity(), a.grad()[1] = 5;
  CHECK(std::isinf(clip_gradient_norm<float>({&a}, 1.0)));
  CHECK(a.grad()[1] == 5.0f);
  a.grad()[0] = std::nanf("");
  CHECK(std::isnan(clip_gradient_norm<float>({&a}, 1.0)));
  CHECK(a.grad()[1] == 5.0f);
}

TEST_CASE("the norm has the same bits at 1, 2, 3, 4 and 8 threads") {
  sample::Params<float> params({{70, 1000}, {33000}});
  params.backward(0);
  const auto norm = [&](int threads) {
    const ThreadCountScope scope(threads);
    return gradient_norm(params.list());
  };
  for (const int threads : {2, 3, 4, 8}) CHECK(norm(threads) == norm(1));
}

TEST_CASE("a limit that is not positive is refused") {
  CHECK_THROWS_AS(clip_gradient_norm<float>({}, 0), OptionError);
  CHECK_THROWS_AS(clip_gradient_norm<float>({}, std::nan("")), OptionError);
}
