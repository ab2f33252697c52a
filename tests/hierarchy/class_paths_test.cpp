// Trees from paths of classes.
#include "hcnn/hierarchy/class_paths.hpp"

#include <doctest/doctest.h>

using namespace hcnn;
using Names = std::vector<std::string>;

TEST_CASE("paths become a tree with neighbours of one parent side by side, whatever their order") {
  const Taxonomy tree = taxonomy_from_paths({"animal", "kind"}, {{"pet", "dog"}, {"farm", "pig"}, {"pet", "cat"}});
  CHECK(tree.classes(0) == Names{"pig", "cat", "dog"});
  CHECK(tree.classes(1) == Names{"farm", "pet"});
  CHECK(tree.level_name(0) == "animal");
  CHECK(tree.level_name(1) == "kind");
  CHECK(tree.parent(0, 0) == 0);
  CHECK(tree.parent(0, 1) == 1);
  CHECK(tree.parent(0, 2) == 1);
  CHECK(tree == taxonomy_from_paths({"animal", "kind"}, {{"pet", "cat"}, {"pet", "dog"}, {"farm", "pig"}}));
}

TEST_CASE("names that come twice on a level are written with their paths, on that level alone") {
  const Taxonomy tree = taxonomy_from_paths(
      {"a", "b", "c"}, {{"x", "bolt", "good"}, {"x", "nut", "good"}, {"y", "gear", "good"}, {"y", "gear", "bad"}});
  CHECK(tree.classes(0) == Names{"x/bolt/good", "x/nut/good", "y/gear/bad", "y/gear/good"});
  CHECK(tree.classes(1) == Names{"bolt", "nut", "gear"});
  CHECK(tree.ancestor(3, 0, 2) == 1);
  CHECK(tree.severity(2, 3) == 1);
  CHECK(tree.severity(0, 1) == 2);
  CHECK(tree.severity(0, 2) == 3);
}

TEST_CASE("one level is a tree too") {
  const Taxonomy tree = taxonomy_from_paths({"fine"}, {{"b"}, {"a"}});
  CHECK(tree.levels() == 1);
  CHECK(tree.classes(0) == Names{"a", "b"});
}

TEST_CASE("no path, a path of another length and two equal ones are refused") {
  CHECK_THROWS_WITH_AS(taxonomy_from_paths({"fine"}, {}), "taxonomy_from_paths: no class; at least one is needed",
                       DataError);
  CHECK_THROWS_WITH_AS(taxonomy_from_paths({"a", "b"}, {{"x", "y"}, {"z"}}),
                       "taxonomy_from_paths: class 'z' of 1 names; one for each of 2 levels is needed", DataError);
  CHECK_THROWS_WITH_AS(taxonomy_from_paths({"a", "b"}, {{"x", "y"}, {"x", "y"}}),
                       "taxonomy_from_paths: two classes 'x/y'; classes must differ", DataError);
}
