// A label tree to and from JSON.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/io/json_object.hpp"

namespace hcnn::exchange {

/// Largest number of levels of a tree in a file.
inline constexpr std::size_t kMostLevels = 64;

/// {"levels": [{"name", "classes": [names], "parents": [class of the next level]}, ...]}, fine to coarse. The last
/// level has an empty array of parents.
inline io::Json taxonomy_json(const Taxonomy& taxonomy) {
  io::Json levels = io::Json::array();
  for (Index level = 0; level < taxonomy.levels(); ++level) {
    io::Json parents = io::Json::array();
    if (level + 1 < taxonomy.levels())
      for (Label label = 0; label < taxonomy.class_count(level); ++label)
        parents.push_back(taxonomy.parent(level, label));
    levels.push_back(
        {{"name", taxonomy.level_name(level)}, {"classes", taxonomy.classes(level)}, {"parents", parents}});
  }
  return {{"levels", levels}};
}

/// The tree in JSON as `taxonomy_json` writes it. Throws FormatError, starting with `where`, for anything else and for
/// what is not a tree.
inline Taxonomy taxonomy_from_json(const io::Json& json, const std::string& where) {
  constexpr std::size_t kMostClasses = 1'000'000;
  io::JsonObject object(json, where);
  std::vector<TaxonomyLevel> levels;
  for (const io::Json& entry : object.array("levels", kMostLevels)) {
    io::JsonObject level(entry, where);
    levels.push_back({level.text("name"), level.texts("classes", kMostClasses)});
    for (const Index parent : level.integers("parents", kMostClasses, 0, static_cast<Index>(kMostClasses)))
      levels.back().parents.push_back(static_cast<Label>(parent));
    level.finish();
  }
  object.finish();
  try {
    return Taxonomy(std::move(levels));
  } catch (const DataError& error) {
    throw FormatError(where + ": " + printable(error.what(), 500));
  }
}

}  // namespace hcnn::exchange
