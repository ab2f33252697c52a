// Parameters and buffers.
#include <doctest/doctest.h>

#include "hcnn/core/param.hpp"

using namespace hcnn;

TEST_CASE("a parameter has values, a gradient of zeros and a version that touch raises") {
  Param<float> weight(Role::weight, {2, 3}, 1.5f);
  CHECK(weight.size() == 6);
  CHECK(weight.value()[5] == 1.5f);
  CHECK(weight.grad()[5] == 0.0f);
  weight.grad()[5] = 2;
  zero_gradients<float>({&weight});
  CHECK(weight.grad()[5] == 0.0f);
  const auto version = weight.version;
  weight.touch();
  CHECK(weight.version == version + 1);
}

TEST_CASE("only weights decay and a buffer has no gradient") {
  for (Role role : {Role::bias, Role::norm_scale, Role::norm_shift, Role::loss, Role::buffer})
    CHECK_FALSE(Param<float>(role, {1}).decays());
  CHECK(Param<float>(Role::weight, {1}).decays());
  Param<float> mean(Role::buffer, {3}, 1.0f);
  CHECK(mean.grad() == nullptr);
  mean.zero_grad();
  CHECK(Param<float>(Role::bias, {}).size() == 1);
}

TEST_CASE("a convolution's weights of PyTorch's order O, C, H, W lie in memory as O, H, W, C") {
  const Param<float> weight(Role::weight, {2, 3, 4, 5}, 0, ParamLayout::convolution);
  Index file_index = 0, wrong = 0;
  for (Index o = 0; o < 2; ++o)
    for (Index c = 0; c < 3; ++c)
      for (Index h = 0; h < 4; ++h)
        for (Index w = 0; w < 5; ++w) wrong += weight.memory_index(file_index++) != ((o * 4 + h) * 5 + w) * 3 + c;
  CHECK(wrong == 0);
  CHECK(Param<float>(Role::weight, {2, 3}).memory_index(4) == 4);
}
