// CIFAR-10's classes (Krizhevsky 2009) as a tree of two levels.
#pragma once

#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn {

/// Levels "fine", the 10 classes in the order of their labels, and "superclass": animal and vehicle. The data set
/// itself has only the first level.
inline const Taxonomy& cifar10_taxonomy() {
  static const Taxonomy taxonomy(
      {{"fine",
        {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
        {1, 1, 0, 0, 0, 0, 0, 0, 1, 1}},
       {"superclass", {"animal", "vehicle"}, {}}});
  return taxonomy;
}

}  // namespace hcnn
