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

}  // namespace hcnn::testing
