// Taxonomy: checks when built, ancestors, severity.
#include "hcnn/hierarchy/taxonomy.hpp"

#include <doctest/doctest.h>

using namespace hcnn;

namespace {

// a, b in x; c in y; x and y in p; d in z in q.
std::vector<TaxonomyLevel> small_tree() {
  return {{.name = "leaf", .classes = {"a", "b", "c", "d"}, .parents = {0, 0, 1, 2}},
          {.name = "middle", .classes = {"x", "y", "z"}, .parents = {0, 0, 1}},
          {.name = "top", .classes = {"p", "q"}}};
}

void check_refused(const std::vector<TaxonomyLevel>& levels, const std::string& message) {
  CHECK_THROWS_WITH_AS(Taxonomy{levels}, message.c_str(), DataError);
}

}  // namespace

TEST_CASE("a taxonomy tells its levels and classes by position and by name") {
  const Taxonomy tree(small_tree());
  CHECK(tree.levels() == 3);
  CHECK(tree.level_name(1) == "middle");
  CHECK(tree.level_index("top") == 2);
  CHECK(tree.has_level("leaf"));
  CHECK_FALSE(tree.has_level("root"));
  CHECK(tree.class_count(0) == 4);
  CHECK(tree.classes(2) == std::vector<std::string>{"p", "q"});
  CHECK(tree.classes("middle") == tree.classes(1));
}

TEST_CASE("a class has a name by level and number") {
  const Taxonomy tree(small_tree());
  CHECK(tree.class_name("leaf", 3) == "d");
  CHECK(tree.class_name(1, 1) == "y");
  CHECK_THROWS_AS(tree.class_name("leaf", 4), DataError);
  CHECK_THROWS_AS(tree.class_name("none", 0), DataError);
}

TEST_CASE("ancestors are found across any number of levels") {
  const Taxonomy tree(small_tree());
  CHECK(tree.parent(0, 3) == 2);
  CHECK(tree.ancestor(3, 0, 0) == 3);
  CHECK(tree.ancestor(3, 0, 1) == 2);
  CHECK(tree.ancestor(3, 0, 2) == 1);
  CHECK(tree.ancestor(1, 1, 2) == 0);
  CHECK(tree.leaves_of(1, 0) == std::vector<Label>{0, 1});
  CHECK(tree.leaves_of(2, 0) == std::vector<Label>{0, 1, 2});
  CHECK(tree.leaves_of(0, 2) == std::vector<Label>{2});
}

TEST_CASE("severity is the height of the lowest common ancestor above the level") {
  const Taxonomy tree(small_tree());
  CHECK(tree.severity(0, 0) == 0);
  CHECK(tree.severity(0, 1) == 1);
  CHECK(tree.severity(0, 2) == 2);
  CHECK(tree.severity(3, 0) == 3);
  CHECK(tree.severity(0, 0, 1) == 0);
  CHECK(tree.severity(0, 1, 1) == 1);
  CHECK(tree.severity(2, 1, 1) == 2);
  CHECK(tree.severity(0, 1, 2) == 1);
}

TEST_CASE("a taxonomy of one level is legal and every mistake has severity 1") {
  const Taxonomy flat({{.name = "class", .classes = {"cat", "dog"}}});
  CHECK(flat.levels() == 1);
  CHECK(flat.severity(0, 1) == 1);
  CHECK(flat.ancestor(1, 0, 0) == 1);
}

TEST_CASE("taxonomies are compared by value") {
  auto levels = small_tree();
  const Taxonomy tree(levels), same(levels);
  levels[0].parents[2] = 0;
  CHECK(tree == same);
  CHECK(tree != Taxonomy(levels));
}

TEST_CASE("contradictions are named when a taxonomy is built") {
  check_refused({}, "Taxonomy: no level; at least one is needed");
  auto levels = small_tree();
  levels[2].name = "leaf";
  check_refused(levels, "Taxonomy: two levels named 'leaf'; names of levels must differ");
  levels[2].name = std::string(65, 'x');
  check_refused(levels, "Taxonomy: level name of 65 bytes; at most 64 are possible");
  levels[2].name.pop_back();
  CHECK(Taxonomy(levels).level_name(2).size() == 64);
  levels = small_tree();
  levels[1].classes[2] = "x";
  check_refused(levels, "Taxonomy level 'middle': two classes named 'x'; names of classes must differ");
  levels = small_tree();
  levels[2].classes.clear();
  check_refused(levels, "Taxonomy level 'top': no class; at least one is needed");
  levels = small_tree();
  levels[0].parents.pop_back();
  check_refused(levels, "Taxonomy level 'leaf': 3 parents; one for each of 4 classes is needed");
  levels = small_tree();
  levels[0].parents[1] = 3;
  check_refused(levels, "Taxonomy level 'leaf': class 'b' has parent 3; parents are 0..2");
  levels[0].parents[1] = -1;
  check_refused(levels, "Taxonomy level 'leaf': class 'b' has parent -1; parents are 0..2");
  levels = small_tree();
  levels[2].parents = {0, 0};
  check_refused(levels, "Taxonomy level 'top': 2 parents; the last level has none");
}

TEST_CASE("levels and labels that do not exist are refused") {
  const Taxonomy tree(small_tree());
  CHECK_THROWS_WITH_AS(tree.level_index("fine"), "Taxonomy: no level 'fine'; levels are: leaf, middle, top", DataError);
  CHECK_THROWS_WITH_AS(tree.classes(3), "Taxonomy: level 3; levels are 0..2", DataError);
  CHECK_THROWS_AS(tree.level_name(-1), DataError);
  CHECK_THROWS_WITH_AS(tree.severity(0, 4), "Taxonomy level 'leaf': label 4; labels are 0..3", DataError);
  CHECK_THROWS_AS(tree.severity(kNoLabel, 0), DataError);
  CHECK_THROWS_AS(tree.severity(0, 0, 3), DataError);
  CHECK_THROWS_AS(tree.parent(2, 0), DataError);
  CHECK_THROWS_AS(tree.parent(-1, 0), DataError);
  CHECK_THROWS_AS(tree.ancestor(0, 2, 1), DataError);
  CHECK_THROWS_AS(tree.ancestor(0, 0, 3), DataError);
  CHECK_THROWS_AS(tree.leaves_of(1, 3), DataError);
}

TEST_CASE("a class is found by its name") {
  const Taxonomy tree(small_tree());
  CHECK(tree.label("leaf", "c") == 2);
  CHECK(tree.label(1, "z") == 2);
  CHECK_THROWS_WITH_AS(tree.label("leaf", "z"), "Taxonomy level 'leaf': no class 'z'; see Taxonomy::classes",
                       DataError);
  CHECK_THROWS_AS(tree.label("root", "a"), DataError);
}
