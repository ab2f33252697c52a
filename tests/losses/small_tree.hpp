// A small label tree for the tests of losses.
#pragma once

#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn::testing {

/// Six classes "fine" in three "superclass"es (two, three and one) in two "group"s (the first two, the last one).
inline Taxonomy small_tree() {
  return Taxonomy{{{"fine", {"a", "b", "c", "d", "e", "f"}, {0, 0, 1, 1, 1, 2}},
                   {"superclass", {"ab", "cde", "f's"}, {0, 0, 1}},
                   {"group", {"abcde", "f's own"}}}};
}

/// A tree over any number of classes "fine": every two in a "superclass", every two of those in a "group".
inline Taxonomy tree_of(Index classes) {
  const auto level = [](const char* name, Index size, bool last) {
    TaxonomyLevel made{name, {}, {}};
    for (Index k = 0; k < size; ++k) {
      made.classes.push_back(concat(name, ' ', k));
      if (!last) made.parents.push_back(static_cast<Label>(k / 2));
    }
    return made;
  };
  const Index superclasses = (classes + 1) / 2;
  return Taxonomy{{level("fine", classes, false), level("superclass", superclasses, false),
                   level("group", (superclasses + 1) / 2, true)}};
}

}  // namespace hcnn::testing
