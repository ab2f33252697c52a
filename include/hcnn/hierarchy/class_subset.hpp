// Part of a label tree: some of its finest classes and their ancestors.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn {

/// Part of a tree.
struct ClassSubset {
  Taxonomy taxonomy;           ///< classes of the part, in their old order
  std::vector<Label> renamed;  ///< for each finest class of the whole tree: its label in the part, or kNoLabel
};

/// The tree of these finest classes and their ancestors, as `data::Dataset::relabelled` takes it. Throws DataError for
/// a label that is not a class, and if `kept` is empty.
inline ClassSubset class_subset(const Taxonomy& whole, std::span<const Label> kept) {
  std::vector<TaxonomyLevel> levels;
  ClassSubset subset{whole, {}};
  std::vector<bool> stays(static_cast<std::size_t>(whole.class_count(0)), false);
  for (const Label label : kept) {
    whole.ancestor(label, 0, 0);  // throws for a bad label
    stays[static_cast<std::size_t>(label)] = true;
  }
  for (Index level = 0; level < whole.levels(); ++level) {
    TaxonomyLevel& part = levels.emplace_back(TaxonomyLevel{whole.level_name(level), {}, {}});
    const bool last = level + 1 == whole.levels();
    std::vector<bool> above(last ? 0 : static_cast<std::size_t>(whole.class_count(level + 1)), false);
    std::vector<Label> renamed(stays.size(), kNoLabel);
    for (std::size_t k = 0; k < stays.size(); ++k) {
      if (!stays[k]) continue;
      renamed[k] = static_cast<Label>(part.classes.size());
      part.classes.push_back(whole.classes(level)[k]);
      if (last) continue;
      part.parents.push_back(whole.parent(level, static_cast<Label>(k)));  // old label, until all new ones are known
      above[static_cast<std::size_t>(part.parents.back())] = true;
    }
    if (level == 0) subset.renamed = renamed;
    if (level > 0)
      for (Label& parent : levels[static_cast<std::size_t>(level) - 1].parents)
        parent = renamed[static_cast<std::size_t>(parent)];
    stays = std::move(above);
  }
  subset.taxonomy = Taxonomy(std::move(levels));
  return subset;
}

/// The last finest class of each class of the second level that has several: for CIFAR-100 one of the five of each
/// superclass, 20 in all. A network trained on the others has seen their relatives, but not them. Throws DataError for
/// a tree with one level.
inline std::vector<Label> last_of_each_parent(const Taxonomy& taxonomy) {
  std::vector<std::vector<Label>> children(
      static_cast<std::size_t>(taxonomy.class_count(taxonomy.levels() > 1 ? 1 : 0)));
  for (Label k = 0; k < taxonomy.class_count(0); ++k)
    children[static_cast<std::size_t>(taxonomy.parent(0, k))].push_back(k);
  std::vector<Label> last;
  for (const auto& labels : children)
    if (labels.size() > 1) last.push_back(labels.back());
  return last;
}

}  // namespace hcnn
