// Reads a label tree written by hand, as CSV or as JSON with parents by name; and writes it as a table.
#pragma once

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/utf8.hpp"
#include "hcnn/exchange/taxonomy_json.hpp"
#include "hcnn/hierarchy/class_paths.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"
#include "hcnn/io/csv.hpp"
#include "hcnn/io/json_object.hpp"

namespace hcnn::exchange {

/// The tree as a table: the header names the levels, fine to coarse; each row is a finest class, its parent, its
/// grandparent ...
inline io::CsvTable taxonomy_table(const Taxonomy& taxonomy) {
  io::CsvTable table;
  for (Index level = 0; level < taxonomy.levels(); ++level) table.header.push_back(taxonomy.level_name(level));
  for (Label label = 0; label < taxonomy.class_count(0); ++label) {
    table.rows.emplace_back();
    for (Index level = 0; level < taxonomy.levels(); ++level)
      table.rows.back().push_back(taxonomy.class_name(level, taxonomy.ancestor(label, 0, level)));
  }
  return table;
}

/// The tree in a table as `taxonomy_table` writes it, with the classes of each level sorted by their ancestors and
/// names, so that the order of the rows does not matter. Throws FormatError, starting with `where`, for an empty name,
/// a finest class that appears twice, a class with two parents and more than kMostLevels levels.
inline Taxonomy taxonomy_from_table(const io::CsvTable& table, const std::string& where) {
  if (table.header.size() > kMostLevels)
    fail<FormatError>(where, concat(table.header.size(), " levels"), concat("at most ", kMostLevels, " are read"));
  if (std::find(table.header.begin(), table.header.end(), "") != table.header.end())
    fail<FormatError>(where, "a level without a name", "a name for each column is needed");
  std::vector<std::map<std::string, std::string>> parents(table.header.size());
  std::vector<ClassPath> paths;
  for (const auto& row : table.rows) {
    if (std::find(row.begin(), row.end(), "") != row.end())
      fail<FormatError>(where, concat("row ", paths.size() + 1, " has an empty name"),
                        "a class for each level is needed");
    for (std::size_t level = 0; level + 1 < row.size(); ++level) {
      const auto& [known, added] = parents[level].emplace(row[level], row[level + 1]);
      if (!added && known->second != row[level + 1])
        fail<FormatError>(where,
                          concat("class '", printable(row[level]), "' in '", printable(known->second), "' and in '",
                                 printable(row[level + 1]), "'"),
                          "every class has one parent");
    }
    paths.emplace_back(row.rbegin(), row.rend());
  }
  try {
    return taxonomy_from_paths(table.header, std::move(paths));
  } catch (const DataError& error) {
    throw FormatError(where + ": " + printable(error.what(), 500));
  }
}

/// The tree in JSON, either as `taxonomy_json` writes it or with parents by name: {"levels": [{"name": "part",
/// "parents": {"cracked bolt": "bolt", ...}}, {"name": "kind"}]}, fine to coarse. The last level has only a name;
/// classes are sorted as in `taxonomy_from_table`. Throws FormatError, starting with `where`, for anything else, a
/// parent that is not a class of its level and a class without children.
inline Taxonomy taxonomy_by_name(const io::Json& json, const std::string& where) {
  io::JsonObject object(json, where);
  const io::Json& levels = object.array("levels", kMostLevels);
  if (!levels.empty() && levels[0].is_object() && levels[0].contains("classes")) return taxonomy_from_json(json, where);
  if (levels.size() < 2) fail<FormatError>(where, concat(levels.size(), " levels"), "at least 2 are needed");
  object.finish();
  io::CsvTable table;
  std::map<std::string, std::string> below;  // parent of each class of the previous level
  for (std::size_t i = 0; i < levels.size(); ++i) {
    io::JsonObject level(levels[i], where);
    table.header.push_back(level.text("name"));
    std::map<std::string, std::string> parents;
    if (i + 1 < levels.size()) {
      const std::string place = where + ": parents of " + printable(table.header.back());
      const io::Json& entries = level.member("parents");
      if (!entries.is_object()) fail<FormatError>(place, io::short_text(entries), "a JSON object is needed");
      for (const auto& item : entries.items()) {
        if (!item.value().is_string())
          fail<FormatError>(place, concat(printable(item.key()), " = ", io::short_text(item.value())),
                            "a text is needed");
        parents.emplace(item.key(), item.value().get<std::string>());
      }
    }
    level.finish();
    if (i == 0)
      for (const auto& item : parents) table.rows.push_back({item.first});
    for (auto& row : table.rows) {
      if (i > 0) row.push_back(below.at(row.back()));
      if (i + 1 < levels.size() && !parents.contains(row.back()))
        fail<FormatError>(where, "no parent of '" + printable(row.back()) + "'",
                          "level '" + printable(table.header.back()) + "' must give it one");
    }
    std::set<std::string_view> used;
    for (const auto& row : table.rows) used.insert(row.back());
    for (const auto& item : parents)
      if (!used.contains(item.first))
        fail<FormatError>(where, "class '" + printable(item.first) + "' has no child", "every class needs one");
    below = std::move(parents);
  }
  return taxonomy_from_table(table, where);
}

/// The tree in a file: JSON if its text starts with '{', else CSV; see `taxonomy_by_name` and `taxonomy_from_table`.
/// Throws FormatError, naming the file.
inline Taxonomy read_taxonomy(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 24;
  const std::string file = io::read_file(path, kMostBytes), where = io::printable_path(path);
  const bool marked = file.starts_with(io::kByteOrderMark);
  const std::string_view text = std::string_view(file).substr(marked ? io::kByteOrderMark.size() : 0);
  if (!is_utf8(text)) fail<FormatError>(where, "text that is not UTF-8", "names in UTF-8 are needed");
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') return taxonomy_by_name(io::parse_json(text, where), where);
  return taxonomy_from_table(io::parse_csv(text, where), where);
}

}  // namespace hcnn::exchange
