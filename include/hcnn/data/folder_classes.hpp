// The class folders of an image folder, and the label tree they define.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/utf8.hpp"
#include "hcnn/hierarchy/class_paths.hpp"
#include "hcnn/io/printable.hpp"

namespace hcnn::data {

/// A folder of image files.
struct ClassFolder {
  ClassPath path;                  ///< folder names from the root down: {"bolt", "cracked"}
  std::vector<std::string> files;  ///< sorted names of its files; at least one
};

/// True for names of image files: *.png, *.jpg, *.jpeg, *.ppm, in upper case too.
inline bool has_picture_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& letter : ending)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  constexpr std::array<std::string_view, 4> kKnown{".png", ".jpg", ".jpeg", ".ppm"};
  return std::find(kKnown.begin(), kKnown.end(), ending) != kKnown.end();
}

/// True for files that systems leave in image folders: hidden names (".git"), Thumbs.db, desktop.ini.
inline bool is_stray_name(std::string_view name) {
  return name.starts_with('.') || name == "Thumbs.db" || name == "desktop.ini";
}

/// Content of a folder without stray names (see `is_stray_name`): the names of folders and of everything else, each
/// sorted byte by byte. Throws FormatError if the folder cannot be read.
inline std::pair<std::vector<std::string>, std::vector<std::string>> list_folder(const std::filesystem::path& folder) {
  const auto refuse = [&](const std::error_code& error) {
    fail<FormatError>(io::printable_path(folder), error.message(), "a folder that can be read is needed");
  };
  std::pair<std::vector<std::string>, std::vector<std::string>> names;
  std::error_code error, ignored;
  std::filesystem::directory_iterator entry(folder, error);
  if (error) refuse(error);
  while (entry != std::filesystem::directory_iterator()) {
    const std::string name = entry->path().filename().string();
    if (!is_stray_name(name)) (entry->is_directory(ignored) ? names.first : names.second).push_back(name);
    entry.increment(error);
    if (error) refuse(error);
  }
  std::sort(names.first.begin(), names.first.end());
  std::sort(names.second.begin(), names.second.end());
  return names;
}

/// Adds the class folders in and below `root` / `path`, sorted by path; see `find_class_folders`.
inline void add_class_folders(const std::filesystem::path& root, const ClassPath& path,
                              std::vector<ClassFolder>& found) {
  constexpr std::size_t kDeepest = 16;  // a link to a parent folder would never end
  const std::filesystem::path folder = path.empty() ? root : root / to_string(path);
  auto [folders, files] = list_folder(folder);
  const std::string where = io::printable_path(folder);
  if (folders.empty() && path.empty())
    fail<FormatError>(where, "no folder in it", "a folder of pictures for each class is needed");
  if (folders.empty() && files.empty())
    fail<FormatError>(where, "no image in the folder", "every class needs one at least");
  if (folders.empty()) {
    found.push_back({path, std::move(files)});
    return;
  }
  if (path.size() == kDeepest)
    fail<FormatError>(where, concat("folders more than ", kDeepest, " deep"), "fewer levels are read");
  for (const std::string& file : files)
    if (has_picture_name(file))
      fail<FormatError>(io::printable_path(folder / file), "a picture beside folders",
                        "pictures lie in folders that hold no other folder");
  for (const std::string& name : folders) {
    if (!is_utf8(name))
      fail<FormatError>(io::printable_path(folder / name), "a name that is not UTF-8",
                        "model files hold names in UTF-8");
    ClassPath below = path;
    below.push_back(name);
    add_class_folders(root, below, found);
  }
}

/// The folders under `root` that hold files, sorted by path. Folders may be nested, with all class folders equally
/// deep. Ignores stray names and, beside folders, every file without the name of an image file. Throws FormatError,
/// naming the folder, for a class folder without a file, an image file beside folders, unequal depths and names that
/// are not UTF-8.
inline std::vector<ClassFolder> find_class_folders(const std::filesystem::path& root) {
  std::vector<ClassFolder> found;
  add_class_folders(root, {}, found);
  const ClassFolder& first = found.front();
  for (const ClassFolder& other : found)
    if (other.path.size() != first.path.size())
      fail<FormatError>(io::printable_path(root / to_string(other.path)), concat(other.path.size(), " deep"),
                        concat("as deep as '", printable(to_string(first.path)), "' is needed: ", first.path.size()));
  return found;
}

/// Default names of this many levels, fine to coarse: "fine", "superclass", "group", "level_4", "level_5" ...
inline std::vector<std::string> default_level_names(std::size_t levels) {
  std::vector<std::string> names{"fine", "superclass", "group"};
  while (names.size() < levels) names.push_back(concat("level_", names.size() + 1));
  names.resize(levels);
  return names;
}

/// True if finest class `label` lies at this path: the name of each of its ancestors is that level's folder name or the
/// path down to it. A path of one name is compared with the class alone.
inline bool lies_at(const Taxonomy& taxonomy, Label label, ClassPath path) {
  const Index levels = std::min(static_cast<Index>(path.size()), taxonomy.levels());
  for (Index level = 0; level < levels; ++level) {
    const std::string& name = taxonomy.class_name(level, taxonomy.ancestor(label, 0, level));
    if (name != path.back() && name != to_string(path)) return false;
    path.pop_back();
  }
  return true;
}

/// The finest class of each folder, where folders are named like the finest classes or nested as the tree is. Throws
/// FormatError for a folder without a class or a class without a folder.
inline std::vector<Label> folder_labels(const std::filesystem::path& root, const std::vector<ClassFolder>& folders,
                                        const Taxonomy& taxonomy) {
  const auto depth = static_cast<Index>(folders.front().path.size());
  if (depth != 1 && depth != taxonomy.levels())
    fail<FormatError>(io::printable_path(root), concat("class folders ", depth, " deep"),
                      concat("1 or ", taxonomy.levels(), ", the levels of the hierarchy, are needed"));
  std::vector<Label> labels;
  std::vector<bool> used(static_cast<std::size_t>(taxonomy.class_count(0)), false);
  for (const ClassFolder& folder : folders) {
    Label label = 0;
    while (label < taxonomy.class_count(0) && !lies_at(taxonomy, label, folder.path)) ++label;
    if (label == taxonomy.class_count(0)) {
      const std::string& name = folder.path.back();
      const auto& names = taxonomy.classes(0);
      const bool elsewhere = std::find(names.begin(), names.end(), name) != names.end();
      fail<FormatError>(io::printable_path(root / to_string(folder.path)),
                        elsewhere ? "the hierarchy has '" + printable(name) + "' below other classes"
                                  : "the hierarchy has no class '" + printable(name) + "'",
                        elsewhere ? "folders must lie as the classes do" : "it needs one for each folder");
    }
    labels.push_back(label);
    used[static_cast<std::size_t>(label)] = true;
  }
  if (const auto missing = std::find(used.begin(), used.end(), false); missing != used.end())
    fail<FormatError>(io::printable_path(root),
                      "no folder for class '" +
                          printable(taxonomy.classes(0)[static_cast<std::size_t>(missing - used.begin())]) + "'",
                      "every class needs one");
  return labels;
}

}  // namespace hcnn::data
