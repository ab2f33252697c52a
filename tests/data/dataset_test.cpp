// Data sets from a user's own arrays: checks, levels, subsets.
#include "hcnn/data/dataset.hpp"
#include "errors.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

using namespace hcnn;
using data::Dataset;
using testing::error_of;

namespace {

const Shape kSampleShape{.height = 1, .width = 2, .channels = 1};

Taxonomy small_tree() { return Taxonomy({{"leaf", {"a", "b", "c"}, {0, 1, 1}}, {"top", {"x", "y"}, {}}}); }

Dataset three_samples() {
  return Dataset(kSampleShape, std::vector<float>{0, 1, 2, 3, 4, 5},
                 {{"leaf", 3, {2, 0, kNoLabel}}, {"top", 2, {1, 0, 1}}});
}

}  // namespace

TEST_CASE("a data set gives back the arrays it was made of") {
  const Dataset set = three_samples();
  CHECK(set.size() == 3);
  CHECK(set.shape() == kSampleShape);
  CHECK(set.levels() == 2);
  CHECK(set.level_name(1) == "top");
  CHECK(set.level_index("top") == 1);
  CHECK(set.class_count(0) == 3);
  CHECK(set.label(0, 0) == 2);
  CHECK(set.label(0, 2) == kNoLabel);
  CHECK(set.label(1, 2) == 1);
  CHECK(set.taxonomy() == nullptr);
  std::array<float, 2> image{};
  set.copy_image(1, image.data());
  CHECK(image == std::array<float, 2>{2, 3});
}

TEST_CASE("a byte b becomes the float b / 255") {
  const Dataset set(kSampleShape, std::vector<std::uint8_t>{0, 255, 51, 1}, {});
  std::array<float, 2> image{};
  set.copy_image(0, image.data());
  CHECK(image == std::array<float, 2>{0.0F, 1.0F});
  set.copy_image(1, image.data());
  CHECK(image == std::array<float, 2>{0.2F, 1.0F / 255.0F});
}

TEST_CASE("a taxonomy gives the coarser labels of labelled samples") {
  const Dataset set(kSampleShape, std::vector<float>(8), small_tree(), {2, 0, kNoLabel, 1});
  REQUIRE(set.taxonomy() != nullptr);
  CHECK(*set.taxonomy() == small_tree());
  CHECK(set.level_name(1) == "top");
  CHECK(set.class_count(1) == 2);
  CHECK(set.label(1, 0) == 1);
  CHECK(set.label(1, 1) == 0);
  CHECK(set.label(1, 2) == kNoLabel);
  CHECK(set.label(1, 3) == 1);
}

TEST_CASE("a subset of a subset keeps the identities, pixels and labels of the first data set") {
  const std::array<Index, 2> last_first{2, 0};
  const std::array<Index, 1> second{1};
  const Dataset reversed = three_samples().subset(last_first);
  CHECK(reversed.size() == 2);
  CHECK(reversed.id(0) == 2);
  const Dataset one = reversed.subset(second);
  CHECK(one.size() == 1);
  CHECK(one.id(0) == 0);
  CHECK(one.label(0, 0) == 2);
  std::array<float, 2> image{};
  reversed.copy_image(0, image.data());
  CHECK(image == std::array<float, 2>{4, 5});
  CHECK(reversed.subset({}).size() == 0);
}

TEST_CASE("arrays that contradict each other are named in the error") {
  const std::vector<float> pixels(4);
  const auto with = [&](std::vector<data::LabelColumn> columns) {
    return error_of<DataError>([&] { Dataset(kSampleShape, pixels, columns); });
  };
  CHECK(with({{"leaf", 3, {0}}}) == "Dataset: 1 labels at level 'leaf'; one for each of the 2 samples is expected");
  CHECK(with({{"leaf", 3, {0, 3}}}) ==
        "Dataset: sample 1 has label 3 at level 'leaf'; 0..2, or -1 for none, is expected");
  CHECK(with({{"leaf", 3, {-2, 0}}}) ==
        "Dataset: sample 0 has label -2 at level 'leaf'; 0..2, or -1 for none, is expected");
  CHECK(with({{"leaf", 3, {0, 0}}, {"leaf", 3, {0, 0}}}) ==
        "Dataset: level 'leaf' appears twice; different names are expected");
  CHECK(error_of<DataError>([&] {
          Dataset(kSampleShape, pixels, small_tree(), {0, 9});
        }) == "Dataset: sample 1 has label 9 at level 'leaf'; 0..2, or -1 for none, is expected");
  CHECK(error_of<DataError>([&] { Dataset(kSampleShape, std::vector<float>(3), {}); }) ==
        "Dataset: 3 pixel values; a positive multiple of 2 (1x2x1) is expected");
  CHECK(error_of<DataError>([&] { Dataset(kSampleShape, std::vector<float>{}, {}); }) ==
        "Dataset: 0 pixel values; a positive multiple of 2 (1x2x1) is expected");
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(error_of<DataError>([&] {
          Dataset(kSampleShape, std::vector<float>{0, 0, 0, infinity}, {});
        }) == "Dataset: sample 1 has a value inf; finite values are expected");
  CHECK_THROWS_AS(Dataset(Shape{.height = 0}, pixels, {}), ShapeError);
}

TEST_CASE("an index or a level that is not there is named in the error") {
  const std::array<Index, 1> past{3}, before{-1};
  CHECK(error_of<DataError>([&] { three_samples().subset(past); }) == "Dataset::subset: index 3; 0..2 are there");
  CHECK_THROWS_AS(three_samples().subset(before), DataError);
  CHECK(error_of<DataError>([&] { three_samples().level_index("group"); }) ==
        "Dataset: no level 'group'; levels are: leaf, top");
}

TEST_CASE("samples without labels cannot be relabelled") {
  const Dataset pictures(kSampleShape, std::vector<float>{0, 1}, {});
  CHECK_THROWS_WITH_AS(pictures.relabelled(small_tree(), {}),
                       "Dataset::relabelled: samples without labels; a level is needed", DataError);
}
