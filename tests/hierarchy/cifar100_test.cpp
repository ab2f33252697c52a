// CIFAR-100's label tree against the official tables.
#include "hcnn/hierarchy/cifar100.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "hcnn/core/random.hpp"

using namespace hcnn;

namespace {

std::vector<Label> fine_classes_of(const std::string& superclass) {
  const auto& names = cifar100_taxonomy().classes("superclass");
  const auto position = std::find(names.begin(), names.end(), superclass) - names.begin();
  return cifar100_taxonomy().leaves_of(1, static_cast<Label>(position));
}

}  // namespace

TEST_CASE("CIFAR-100 has 100 fine classes, 20 superclasses and 9 groups") {
  const Taxonomy& tree = cifar100_taxonomy();
  CHECK(tree.levels() == 3);
  CHECK(tree.class_count(tree.level_index("fine")) == 100);
  CHECK(tree.class_count(tree.level_index("superclass")) == 20);
  CHECK(tree.class_count(tree.level_index("group")) == 9);
  for (Label superclass = 0; superclass < 20; ++superclass) CHECK(tree.leaves_of(1, superclass).size() == 5);
}

TEST_CASE("names of fine classes and superclasses are alphabetical, as the data set numbers them") {
  for (const char* level : {"fine", "superclass"}) {
    const auto& names = cifar100_taxonomy().classes(level);
    CHECK(std::is_sorted(names.begin(), names.end()));
  }
}

TEST_CASE("fine classes belong to the official superclasses") {
  CHECK(fine_classes_of("aquatic_mammals") == std::vector<Label>{4, 30, 55, 72, 95});
  CHECK(fine_classes_of("fish") == std::vector<Label>{1, 32, 67, 73, 91});
  CHECK(fine_classes_of("people") == std::vector<Label>{2, 11, 35, 46, 98});
}

TEST_CASE("the lookup from fine class to superclass has the checksum of the data files'") {
  // FNV-1a over the superclass of each fine class, as read from the records of train.bin
  std::string superclasses;
  for (Label fine = 0; fine < 100; ++fine) superclasses += static_cast<char>(cifar100_taxonomy().parent(0, fine));
  CHECK(hash_name(superclasses) == 0xeef26e7591c16aafu);
}

TEST_CASE("superclasses belong to the nine groups") {
  const std::vector<std::vector<std::string>> expected = {
      {"flowers", "fruit_and_vegetables", "trees"},
      {"vehicles_1", "vehicles_2"},
      {"insects", "non-insect_invertebrates"},
      {"aquatic_mammals", "fish"},
      {"large_carnivores", "large_omnivores_and_herbivores"},
      {"food_containers", "household_electrical_devices", "household_furniture", "large_man-made_outdoor_things"},
      {"people"},
      {"medium_mammals", "reptiles", "small_mammals"},
      {"large_natural_outdoor_scenes"}};
  const Taxonomy& tree = cifar100_taxonomy();
  std::vector<std::vector<std::string>> groups(9);
  for (Label k = 0; k < 20; ++k)
    groups[static_cast<std::size_t>(tree.parent(1, k))].push_back(tree.classes(1)[static_cast<std::size_t>(k)]);
  CHECK(groups == expected);
}
