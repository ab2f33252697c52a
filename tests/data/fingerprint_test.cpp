// The fingerprint of a data set: differs with any pixel, label or order, and not with the number of threads.
#include "hcnn/data/fingerprint.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace hcnn;

namespace {

data::Dataset images(float last_pixel = 0.5F, Label last_label = 1) {
  std::vector<float> pixels(5 * 4, 0.25F);
  pixels.back() = last_pixel;
  return {Shape{.height = 2, .width = 2}, std::move(pixels), {{"fine", 2, {0, 1, 0, 1, last_label}}}};
}

}  // namespace

TEST_CASE("a pixel, a label, the order and the choice of samples change the fingerprint, the threads do not") {
  const std::uint64_t print = data::fingerprint(images());
  CHECK(data::fingerprint(images()) == print);
  CHECK(data::fingerprint(images(0.75F)) != print);
  CHECK(data::fingerprint(images(0.5F, 0)) != print);
  CHECK(data::fingerprint(images(0.5F, kNoLabel)) != print);
  CHECK(data::fingerprint(images().subset(std::array<Index, 5>{1, 0, 2, 3, 4})) != print);
  CHECK(data::fingerprint(images().subset(std::array<Index, 4>{0, 1, 2, 3})) != print);
  for (const int threads : {1, 3, 8}) {
    const ThreadCountScope scope(threads);
    CHECK(data::fingerprint(images()) == print);
  }
}
