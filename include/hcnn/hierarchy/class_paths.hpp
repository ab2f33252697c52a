// A label tree built from the path of each finest class, e.g. from nested folders.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"

namespace hcnn {

/// Names from the coarsest class down to the finest: {"bolt", "cracked"}.
using ClassPath = std::vector<std::string>;

/// The path as text: "bolt/cracked".
inline std::string to_string(const ClassPath& path) {
  std::string text;
  for (const std::string& name : path) text += (text.empty() ? "" : "/") + name;
  return text;
}

/// Builds the tree whose finest classes have these paths. Classes of every level are sorted by path, byte by byte, so
/// that classes with the same parent are neighbours and the order of `paths` does not matter. A class is named by the
/// last part of its path; if two classes of a level would get the same name, all of that level are named by their whole
/// paths: "bolt/cracked" and "nut/cracked".
/// @param levels names of the levels, fine to coarse.
/// Throws DataError for no path, paths whose length differs from that of `levels`, and two equal paths.
inline Taxonomy taxonomy_from_paths(const std::vector<std::string>& levels, std::vector<ClassPath> paths) {
  if (paths.empty()) fail<DataError>("taxonomy_from_paths", "no class", "at least one is needed");
  std::sort(paths.begin(), paths.end());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].size() != levels.size())
      fail<DataError>("taxonomy_from_paths", concat("class '", to_string(paths[i]), "' of ", paths[i].size(), " names"),
                      concat("one for each of ", levels.size(), " levels is needed"));
    if (i > 0 && paths[i] == paths[i - 1])
      fail<DataError>("taxonomy_from_paths", "two classes '" + to_string(paths[i]) + "'", "classes must differ");
  }
  std::vector<TaxonomyLevel> tree;
  for (std::size_t level = 0; level < levels.size(); ++level) {
    std::vector<ClassPath> parents;  // parents of the classes, each once, in the same order
    tree.push_back({levels[level], {}});
    std::map<std::string, int> uses;
    for (const ClassPath& path : paths) ++uses[path.back()];
    const bool whole = std::any_of(uses.begin(), uses.end(), [](const auto& use) { return use.second > 1; });
    for (const ClassPath& path : paths) {
      tree.back().classes.push_back(whole ? to_string(path) : path.back());
      if (path.size() == 1) continue;
      ClassPath parent(path.begin(), path.end() - 1);
      if (parents.empty() || parents.back() != parent) parents.push_back(std::move(parent));
      tree.back().parents.push_back(static_cast<Label>(parents.size() - 1));
    }
    paths = std::move(parents);
  }
  return Taxonomy(std::move(tree));
}

}  // namespace hcnn
