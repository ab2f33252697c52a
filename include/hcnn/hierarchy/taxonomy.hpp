// The label tree: levels of classes from fine to coarse, each class with one parent on the next level.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/core/targets.hpp"

namespace hcnn {

/// Longest name of a level, bytes: it becomes part of file names, where a byte may take three.
inline constexpr std::size_t kLevelNameBytes = 64;

/// Classes of one level of a taxonomy.
struct TaxonomyLevel {
  std::string name;                  ///< name of the level; heads and label columns use it too
  std::vector<std::string> classes;  ///< names of the classes, in the order of their labels
  std::vector<Label> parents = {};   ///< parents[k]: parent of class k on the next level; empty on the last level

  friend bool operator==(const TaxonomyLevel&, const TaxonomyLevel&) = default;
};

/// A tree of labels with any number of levels, ordered fine to coarse; above the last level is one nameless root. Can
/// be copied and compared. Every member throws DataError for a level or label that does not exist.
class Taxonomy {
 public:
  /// Throws DataError unless there is a level, level names differ and are no longer than kLevelNameBytes, each level
  /// has classes with different names, and each class below the last level has one legal parent.
  explicit Taxonomy(std::vector<TaxonomyLevel> levels) : levels_(std::move(levels)) {
    if (levels_.empty()) fail<DataError>("Taxonomy", "no level", "at least one is needed");
    std::unordered_set<std::string_view> names;
    for (const TaxonomyLevel& level : levels_) {
      if (level.name.size() > kLevelNameBytes)
        fail<DataError>("Taxonomy", concat("level name of ", level.name.size(), " bytes"),
                        concat("at most ", kLevelNameBytes, " are possible"));
      if (!names.insert(level.name).second)
        fail<DataError>("Taxonomy", "two levels named '" + level.name + "'", "names of levels must differ");
    }
    for (const TaxonomyLevel& level : levels_)
      if (level.classes.empty())
        fail<DataError>("Taxonomy level '" + level.name + "'", "no class", "at least one is needed");
    for (std::size_t i = 0; i < levels_.size(); ++i) check_level(i);
  }

  /// Number of levels, without the root.
  Index levels() const { return static_cast<Index>(levels_.size()); }
  /// Name of a level, 0..levels() - 1.
  const std::string& level_name(Index level) const { return at(level).name; }
  /// True if a level has this name.
  bool has_level(std::string_view name) const { return find(name) < levels(); }
  /// Position of the level with this name; throws DataError, listing the existing levels, if there is none.
  Index level_index(std::string_view name) const {
    if (has_level(name)) return find(name);
    fail<DataError>("Taxonomy", concat("no level '", name, "'"),
                    "levels are: " + joined(levels_, &TaxonomyLevel::name));
  }

  /// Class names of a level, 0..levels() - 1.
  const std::vector<std::string>& classes(Index level) const { return at(level).classes; }
  /// Class names of the level with this name.
  const std::vector<std::string>& classes(std::string_view level) const { return classes(level_index(level)); }
  /// Name of a class: `tree.class_name("fine", 0)` is "apple".
  const std::string& class_name(std::string_view level, Label label) const {
    return class_name(level_index(level), label);
  }
  /// The same, of a level 0..levels() - 1.
  const std::string& class_name(Index level, Label label) const {
    check_label(level, label);
    return at(level).classes[static_cast<std::size_t>(label)];
  }
  /// Number of classes of a level, 0..levels() - 1.
  Index class_count(Index level) const { return static_cast<Index>(at(level).classes.size()); }

  /// Label of the class with this name on a level; throws DataError if there is none.
  Label label(Index level, std::string_view name) const {
    const std::vector<std::string>& names = classes(level);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end())
      fail<DataError>("Taxonomy level '" + level_name(level) + "'", "no class '" + std::string(name) + "'",
                      "see Taxonomy::classes");
    return static_cast<Label>(found - names.begin());
  }
  /// Label of the class with this name on the named level: `tree.label("fine", "apple")`.
  Label label(std::string_view level, std::string_view name) const { return label(level_index(level), name); }

  /// Class of the next level that contains this class.
  Label parent(Index level, Label label) const {
    if (level + 1 >= levels())
      fail<DataError>("Taxonomy", concat("parent on level ", level),
                      concat("only levels below ", levels() - 1, " have"));
    check_label(level, label);
    return at(level).parents[static_cast<std::size_t>(label)];
  }

  /// Class of level `to` that contains class `label` of level `from`; the class itself if from == to.
  Label ancestor(Label label, Index from, Index to) const {
    check_label(from, label);
    if (to < from || to >= levels())
      fail<DataError>("Taxonomy", concat("ancestor from level ", from, " to ", to), "needs from <= to < levels");
    for (; from < to; ++from) label = parent(from, label);
    return label;
  }

  /// How bad it is to predict one class of `level` for another: height of their lowest common ancestor above `level`. 0
  /// for the same class, 1 for the same parent, ..., levels() - level if only the root is shared. Source: Bertinetto et
  /// al. 2020, "Making Better Mistakes", arXiv:1912.09393.
  int severity(Label truth, Label predicted, Index level = 0) const {
    check_label(level, truth);
    check_label(level, predicted);
    int height = 0;
    for (; truth != predicted; ++height, ++level) {
      if (level + 1 == levels()) return height + 1;
      truth = parent(level, truth);
      predicted = parent(level, predicted);
    }
    return height;
  }

  /// Classes of level 0 inside class `label` of `level`, in ascending order.
  std::vector<Label> leaves_of(Index level, Label label) const {
    check_label(level, label);
    std::vector<Label> leaves;
    for (Label leaf = 0; leaf < class_count(0); ++leaf)
      if (ancestor(leaf, 0, level) == label) leaves.push_back(leaf);
    return leaves;
  }

  friend bool operator==(const Taxonomy&, const Taxonomy&) = default;

 private:
  const TaxonomyLevel& at(Index level) const {
    if (level < 0 || level >= levels())
      fail<DataError>("Taxonomy", concat("level ", level), concat("levels are 0..", levels() - 1));
    return levels_[static_cast<std::size_t>(level)];
  }

  Index find(std::string_view name) const {
    return std::find_if(levels_.begin(), levels_.end(), [&](const auto& level) { return level.name == name; }) -
           levels_.begin();
  }

  void check_label(Index level, Label label) const {
    if (label < 0 || label >= class_count(level))
      fail<DataError>("Taxonomy level '" + level_name(level) + "'", concat("label ", label),
                      concat("labels are 0..", class_count(level) - 1));
  }

  void check_level(std::size_t position) const {
    const TaxonomyLevel& level = levels_[position];
    const std::string where = "Taxonomy level '" + level.name + "'";
    std::unordered_set<std::string_view> names;
    for (const std::string& name : level.classes)
      if (!names.insert(name).second)
        fail<DataError>(where, "two classes named '" + name + "'", "names of classes must differ");

    const bool last = position + 1 == levels_.size();
    const std::size_t expected = last ? 0 : level.classes.size();
    if (level.parents.size() != expected)
      fail<DataError>(where, concat(level.parents.size(), " parents"),
                      last ? "the last level has none" : concat("one for each of ", expected, " classes is needed"));
    for (std::size_t k = 0; k < expected; ++k) {
      const Index parents = class_count(static_cast<Index>(position) + 1);
      if (level.parents[k] < 0 || level.parents[k] >= parents)
        fail<DataError>(where, concat("class '", level.classes[k], "' has parent ", level.parents[k]),
                        concat("parents are 0..", parents - 1));
    }
  }

  std::vector<TaxonomyLevel> levels_;
};

}  // namespace hcnn
