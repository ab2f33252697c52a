// A data set: images of one shape with labels at each level of the hierarchy; subsets share the pixels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/core/targets.hpp"
#include "hcnn/hierarchy/taxonomy.hpp"

/// Data sets, their readers and generators, augmentation and batches.
namespace hcnn::data {

/// The two official parts of a data set.
enum class Part { train, test };

/// Pixels of all samples, N, H, W, C. A byte b means the value b / 255; floats are used as they are.
using Pixels = std::variant<std::vector<std::uint8_t>, std::vector<float>>;

/// Labels of one level.
struct LabelColumn {
  std::string level;          ///< name of the level: "fine"
  Index classes = 0;          ///< number of classes
  std::vector<Label> labels;  ///< one per sample: a class index, or kNoLabel
};

/// Images of one shape and their labels, finest level first. Cheap to copy: copies and subsets share the pixels, which
/// never change. Every sample keeps its identity: its position in the data set that was first built.
class Dataset {
 public:
  /// Samples with labels at any number of levels (none: images to classify). Throws ShapeError for a bad shape;
  /// DataError if sizes differ, a label is out of range, a level appears twice or a pixel is not finite.
  Dataset(const Shape& shape, Pixels pixels, std::vector<LabelColumn> columns)
      : Dataset(Storage{shape, std::make_shared<const Pixels>(std::move(pixels)), std::move(columns), std::nullopt}) {}

  /// Samples labelled at the finest level of a taxonomy; looks up the coarser labels. Throws as the constructor above.
  Dataset(const Shape& shape, Pixels pixels, Taxonomy taxonomy, std::vector<Label> finest)
      : Dataset(Storage{shape, std::make_shared<const Pixels>(std::move(pixels)), lift(taxonomy, std::move(finest)),
                        std::move(taxonomy)}) {}

  /// Shape of every image.
  const Shape& shape() const { return storage_->shape; }
  /// Number of samples.
  Index size() const { return static_cast<Index>(positions_.size()); }

  /// Number of label levels.
  Index levels() const { return static_cast<Index>(storage_->columns.size()); }
  /// Name of a level, 0..levels() - 1; not checked.
  const std::string& level_name(Index level) const { return column(level).level; }
  /// Number of classes of a level, 0..levels() - 1; not checked.
  Index class_count(Index level) const { return column(level).classes; }
  /// Position of the named level; throws DataError, listing the existing levels, if there is no such level.
  Index level_index(std::string_view name) const {
    for (Index level = 0; level < levels(); ++level)
      if (level_name(level) == name) return level;
    fail<DataError>("Dataset", concat("no level '", name, "'"),
                    "levels are: " + joined(storage_->columns, &LabelColumn::level));
  }
  /// Class of sample i at a level, or kNoLabel.
  Label label(Index level, Index i) const { return column(level).labels[position(i)]; }

  /// The taxonomy the labels came from, or null.
  const Taxonomy* taxonomy() const { return storage_->taxonomy ? &*storage_->taxonomy : nullptr; }

  /// Identity of sample i: the same in every subset and in any order.
  std::uint64_t id(Index i) const { return positions_[static_cast<std::size_t>(i)]; }

  /// Writes the values of sample i, H, W, C, to `out`, which needs room for shape().size() floats.
  void copy_image(Index i, float* out) const {
    const Index size = shape().size();
    const auto first = static_cast<Index>(position(i)) * size;
    if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(storage_->pixels.get()))
      std::transform(bytes->data() + first, bytes->data() + first + size, out,
                     [](std::uint8_t byte) { return static_cast<float>(byte) / 255.0F; });
    else
      std::copy_n(std::get<std::vector<float>>(*storage_->pixels).data() + first, size, out);
  }

  /// A data set of the samples at these indices, in this order. Throws DataError for an index out of range.
  Dataset subset(std::span<const Index> indices) const {
    Dataset result(*this);
    result.positions_.clear();
    for (Index i : indices) {
      if (i < 0 || i >= size())
        fail<DataError>("Dataset::subset", concat("index ", i), concat("0..", size() - 1, " are there"));
      result.positions_.push_back(id(i));
    }
    return result;
  }

  /// A data set with other labels for the same pixels and identities: finest class k becomes finest class renamed[k] of
  /// `taxonomy`. Leaves out samples without a label and those whose class becomes kNoLabel. Throws DataError for a data
  /// set without labels, and unless `renamed` has one legal entry for each class.
  Dataset relabelled(Taxonomy taxonomy, std::span<const Label> renamed) const {
    if (levels() == 0) fail<DataError>("Dataset::relabelled", "samples without labels", "a level is needed");
    if (static_cast<Index>(renamed.size()) != class_count(0))
      fail<DataError>("Dataset::relabelled", concat(renamed.size(), " labels"), "one for each finest class is needed");
    std::vector<Label> finest = column(0).labels;
    for (Label& label : finest)
      if (label != kNoLabel) label = renamed[static_cast<std::size_t>(label)];
    Dataset result(*this);
    std::vector<LabelColumn> columns = lift(taxonomy, std::move(finest));
    result.storage_ =
        std::make_shared<const Storage>(Storage{shape(), storage_->pixels, std::move(columns), std::move(taxonomy)});
    std::erase_if(result.positions_, [&](std::uint64_t position) {
      return result.column(0).labels[static_cast<std::size_t>(position)] == kNoLabel;
    });
    return result;
  }

 private:
  struct Storage {
    Shape shape;
    std::shared_ptr<const Pixels> pixels;
    std::vector<LabelColumn> columns;
    std::optional<Taxonomy> taxonomy;

    Index values() const {
      return std::visit([](const auto& all) { return static_cast<Index>(all.size()); }, *pixels);
    }
  };

  explicit Dataset(Storage storage) {
    check(storage);
    positions_.resize(static_cast<std::size_t>(storage.values() / storage.shape.size()));
    std::iota(positions_.begin(), positions_.end(), std::uint64_t{0});
    storage_ = std::make_shared<const Storage>(std::move(storage));
  }

  static std::vector<LabelColumn> lift(const Taxonomy& taxonomy, std::vector<Label> finest) {
    std::vector<LabelColumn> columns;
    columns.push_back({taxonomy.level_name(0), taxonomy.class_count(0), std::move(finest)});
    check_labels(columns[0]);  // before the parents are looked up
    for (Index level = 1; level < taxonomy.levels(); ++level) {
      LabelColumn coarse{taxonomy.level_name(level), taxonomy.class_count(level), columns[0].labels};
      for (Label& label : coarse.labels)
        if (label != kNoLabel) label = taxonomy.ancestor(label, 0, level);
      columns.push_back(std::move(coarse));
    }
    return columns;
  }

  static void check_labels(const LabelColumn& column) {
    for (std::size_t i = 0; i < column.labels.size(); ++i)
      if (const Label label = column.labels[i]; label != kNoLabel && (label < 0 || label >= column.classes))
        fail<DataError>("Dataset", concat("sample ", i, " has label ", label, " at level '", column.level, "'"),
                        concat("0..", column.classes - 1, ", or ", kNoLabel, " for none, is expected"));
  }

  static void check(const Storage& storage) {
    require_positive("Dataset", storage.shape);
    const Index values = storage.values(), each = storage.shape.size();
    if (values == 0 || values % each != 0)
      fail<DataError>("Dataset", concat(values, " pixel values"),
                      concat("a positive multiple of ", each, " (", to_string(storage.shape), ") is expected"));
    if (const auto* floats = std::get_if<std::vector<float>>(storage.pixels.get()))
      for (std::size_t i = 0; i < floats->size(); ++i)
        if (!std::isfinite((*floats)[i]))
          fail<DataError>("Dataset", concat("sample ", static_cast<Index>(i) / each, " has a value ", (*floats)[i]),
                          "finite values are expected");
    for (auto column = storage.columns.begin(); column != storage.columns.end(); ++column) {
      if (std::any_of(storage.columns.begin(), column, [&](const auto& other) { return other.level == column->level; }))
        fail<DataError>("Dataset", "level '" + column->level + "' appears twice", "different names are expected");
      if (static_cast<Index>(column->labels.size()) != values / each)
        fail<DataError>("Dataset", concat(column->labels.size(), " labels at level '", column->level, "'"),
                        concat("one for each of the ", values / each, " samples is expected"));
      check_labels(*column);
    }
  }

  const LabelColumn& column(Index level) const { return storage_->columns[static_cast<std::size_t>(level)]; }
  std::size_t position(Index i) const { return static_cast<std::size_t>(id(i)); }

  std::shared_ptr<const Storage> storage_;
  std::vector<std::uint64_t> positions_;
};

}  // namespace hcnn::data
