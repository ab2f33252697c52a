// CIFAR-10's classes.
#include "hcnn/hierarchy/cifar10.hpp"

#include <doctest/doctest.h>

using namespace hcnn;

TEST_CASE("CIFAR-10 has ten classes in the order of its labels, six of them animals") {
  const Taxonomy& tree = cifar10_taxonomy();
  CHECK(tree.classes("fine") == std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog",
                                                         "horse", "ship", "truck"});
  CHECK(tree.leaves_of(1, 0) == std::vector<Label>{2, 3, 4, 5, 6, 7});
  CHECK(tree.leaves_of(1, 1) == std::vector<Label>{0, 1, 8, 9});
  CHECK(tree.severity(3, 5) == 1);  // cat, dog
  CHECK(tree.severity(2, 0) == 2);  // bird, airplane
}
