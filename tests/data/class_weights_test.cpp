// Class weights: counts, the balanced formula, errors.
#include "hcnn/data/class_weights.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace hcnn;

namespace {

data::Dataset labelled(std::vector<Label> labels) {
  std::vector<std::uint8_t> pixels(labels.size());
  return data::Dataset({1, 1, 1}, std::move(pixels), {{"fine", 3, std::move(labels)}});
}

}  // namespace

TEST_CASE("balanced weights make every class count alike") {
  const data::Dataset images = labelled({0, 0, 0, 0, 1, 1, 2, kNoLabel});
  CHECK(data::class_counts(images, "fine") == std::vector<Index>{4, 2, 1});
  const std::vector<double> weights = data::balanced_class_weights(images, "fine");
  CHECK(weights == std::vector<double>{7.0 / 12, 7.0 / 6, 7.0 / 3});
  for (std::size_t k = 0; k < 3; ++k)
    CHECK(weights[k] * static_cast<double>(data::class_counts(images, "fine")[k]) == doctest::Approx(7.0 / 3));
  CHECK(data::balanced_class_weights(labelled({0, 1, 2}), "fine") == std::vector<double>{1, 1, 1});
}

TEST_CASE("a class without samples has no balanced weight, and a level must exist") {
  CHECK_THROWS_WITH_AS(data::balanced_class_weights(labelled({0, 0, 2}), "fine"),
                       "balanced_class_weights: no sample of class 1 of level 'fine'; every class needs one",
                       DataError);
  CHECK_THROWS_AS(data::class_counts(labelled({0}), "none"), DataError);
}
