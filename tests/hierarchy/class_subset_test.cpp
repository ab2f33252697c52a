// Part of a label tree, and the samples of some classes.
#include "hcnn/hierarchy/class_subset.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "../losses/small_tree.hpp"
#include "hcnn/data/dataset.hpp"
#include "hcnn/hierarchy/cifar100.hpp"

using namespace hcnn;

TEST_CASE("of a tree the kept classes and those above them are left, under new labels") {
  const ClassSubset part = class_subset(testing::small_tree(), std::vector<Label>{5, 0, 3});  // a, b | c, d, e | f
  CHECK(part.taxonomy.classes(0) == std::vector<std::string>{"a", "d", "f"});
  CHECK(part.taxonomy.class_count(1) == 3);
  CHECK(part.renamed == std::vector<Label>{0, kNoLabel, kNoLabel, 1, kNoLabel, 2});
  CHECK(part.taxonomy.severity(0, 1) == 2);
  CHECK(part.taxonomy.severity(0, 2) == 3);
  const ClassSubset one = class_subset(testing::small_tree(), std::vector<Label>{2, 4});
  CHECK(one.taxonomy.classes(1) == std::vector<std::string>{"cde"});
  CHECK(one.taxonomy.classes(2) == std::vector<std::string>{"abcde"});
  CHECK(one.taxonomy.parent(1, 0) == 0);
}

TEST_CASE("CIFAR-100 falls into 80 classes and 20, one of each superclass") {
  const Taxonomy& tree = cifar100_taxonomy();
  const std::vector<Label> last = last_of_each_parent(tree);
  CHECK(last.size() == 20);
  std::vector<Label> others;
  for (Label k = 0; k < 100; ++k)
    if (std::find(last.begin(), last.end(), k) == last.end()) others.push_back(k);
  for (const auto& kept : {last, others}) {
    const ClassSubset part = class_subset(tree, kept);
    CHECK(part.taxonomy.class_count(0) == static_cast<Index>(kept.size()));
    CHECK(part.taxonomy.class_count(1) == 20);
    CHECK(part.taxonomy.class_count(2) == 9);
  }
  for (Label k = 0; k < 20; ++k) CHECK(class_subset(tree, last).taxonomy.leaves_of(1, k).size() == 1);
}

TEST_CASE("the samples of some classes keep pixels and identities, in every subset") {
  const Taxonomy tree = testing::small_tree();
  std::vector<float> pixels;
  std::vector<Label> labels;
  for (Label n = 0; n < 12; ++n) {
    pixels.push_back(static_cast<float>(n));
    labels.push_back(n == 7 ? kNoLabel : n % 6);
  }
  const data::Dataset all({1, 1, 1}, pixels, tree, labels);
  const ClassSubset part = class_subset(tree, std::vector<Label>{1, 4, 5});
  const data::Dataset some = all.relabelled(part.taxonomy, part.renamed);
  REQUIRE(some.size() == 5);  // samples 1, 4, 5, 10, 11: 7 would be the second of class 1, but has no label
  const std::vector<Index> expected = {1, 4, 5, 10, 11};
  for (Index i = 0; i < 5; ++i) {
    float pixel = 0;
    some.copy_image(i, &pixel);
    CHECK(pixel == static_cast<float>(expected[static_cast<std::size_t>(i)]));
    CHECK(static_cast<Index>(some.id(i)) == expected[static_cast<std::size_t>(i)]);
  }
  CHECK(some.label(0, 1) == 1);
  CHECK(some.label(1, 4) == 2);
  CHECK(some.label(2, 4) == 1);
  CHECK(some.taxonomy()->class_count(0) == 3);
  const std::vector<Index> back = {4, 0};
  const data::Dataset two = some.subset(back);
  CHECK(two.label(0, 0) == 2);
  CHECK(two.label(0, 1) == 0);
  CHECK(all.label(0, 1) == 1);
}

TEST_CASE("labels that are none are refused") {
  const Taxonomy tree = testing::small_tree();
  CHECK_THROWS_AS(class_subset(tree, std::vector<Label>{6}), DataError);
  CHECK_THROWS_AS(class_subset(tree, std::vector<Label>{}), DataError);
  CHECK_THROWS_AS(last_of_each_parent(Taxonomy({{"one", {"a", "b"}, {}}})), DataError);
  const data::Dataset images({1, 1, 1}, std::vector<float>{1, 2}, tree, {0, 5});
  CHECK_THROWS_AS(images.relabelled(tree, std::vector<Label>{0, 1}), DataError);
  CHECK_THROWS_AS(images.relabelled(tree, std::vector<Label>{0, 1, 2, 3, 4, 6}), DataError);
}
