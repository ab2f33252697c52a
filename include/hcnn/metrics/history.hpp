// Training history: what was measured in each epoch, the rows of history.csv.
#pragma once

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/core/shape.hpp"
#include "hcnn/core/snapshot.hpp"

namespace hcnn::metrics {

/// True for a column where higher is better, i.e. an accuracy or F1 ("val.fine.top1"); false where lower is better,
/// i.e. a loss, severity or mistakes ("val.loss", "val.hd1", "val.ms"); empty if the name does not tell.
inline std::optional<bool> higher_is_better(std::string_view column) {
  const auto ends = [&](std::string_view ending) { return column == ending.substr(1) || column.ends_with(ending); };
  if (ends(".top1") || ends(".top5") || ends(".macro_f1")) return true;
  if (ends(".loss") || column.find(".loss.") != std::string_view::npos || ends(".hd1") || ends(".ms")) return false;
  return std::nullopt;
}

/// Returns `told` if set, else `higher_is_better(column)`. Throws OptionError, beginning with `where`, if neither
/// tells.
inline bool direction_of(std::string_view column, std::optional<bool> told, const std::string& where) {
  if (told) return *told;
  const std::optional<bool> known = higher_is_better(column);
  if (!known)
    fail<OptionError>(where, concat("column '", column, "', of which the name does not tell what is better"),
                      "set higher_is_better");
  return *known;
}

/// Measurements of one epoch.
struct EpochRecord {
  Index epoch = 0;                                          ///< epoch, counted from 1
  double learning_rate = 0;                                 ///< learning rate of the epoch's first step
  double seconds = 0;                                       ///< wall-clock seconds of the epoch
  std::vector<std::pair<std::string, double>> values = {};  ///< all further columns, in the order of their first `set`

  /// Sets a further column, adding it if missing.
  void set(std::string_view column, double value) {
    for (auto& [name, old] : values)
      if (name == column) {
        old = value;
        return;
      }
    values.emplace_back(column, value);
  }
  /// True if the record has the column.
  bool has(std::string_view column) const {
    return column == "epoch" || column == "learning_rate" || column == "seconds" ||
           std::any_of(values.begin(), values.end(), [&](const auto& value) { return value.first == column; });
  }
  /// Value of any column, including "epoch", "learning_rate" and "seconds". Throws DataError, listing the columns, if
  /// the record does not have it.
  double get(std::string_view column) const {
    if (has(column)) return get_or_nan(column);
    fail<DataError>("EpochRecord", "no column '" + std::string(column) + "'", "columns are: " + columns());
  }
  /// Names of all columns: "epoch, learning_rate, seconds, train.loss".
  std::string columns() const {
    std::string names = "epoch, learning_rate, seconds";
    for (const auto& [name, value] : values) names += ", " + name;
    return names;
  }
  /// As `get`, but NaN if the record does not have the column.
  double get_or_nan(std::string_view column) const {
    if (column == "epoch") return static_cast<double>(epoch);
    if (column == "learning_rate") return learning_rate;
    if (column == "seconds") return seconds;
    for (const auto& [name, value] : values)
      if (name == column) return value;
    return std::numeric_limits<double>::quiet_NaN();
  }
};

/// Records in the order of their epochs. Columns keep the place where they first appeared, so a run's files always have
/// the same columns.
class History {
 public:
  /// Appends a record. Throws DataError unless its epoch is after the last one, and for a further column with a fixed
  /// name.
  void add(EpochRecord record) {
    if (!records_.empty() && record.epoch <= records_.back().epoch)
      fail<DataError>("History", concat("epoch ", record.epoch), concat("epoch ", records_.back().epoch, " is there"));
    for (const auto& [name, value] : record.values)
      if (std::find(columns_.begin(), columns_.begin() + 3, name) != columns_.begin() + 3)
        fail<DataError>("History", "a value named '" + name + "'", "the record has a member for it");
    const auto same = [](const std::string& column, const auto& value) { return column == value.first; };
    if (!std::equal(columns_.begin() + 3, columns_.end(), record.values.begin(), record.values.end(), same))
      for (const auto& [name, value] : record.values)
        if (!has(name)) columns_.push_back(name);
    records_.push_back(std::move(record));
  }

  /// "epoch", "learning_rate", "seconds", then every other column.
  const std::vector<std::string>& columns() const { return columns_; }
  /// True if any record has the column.
  bool has(std::string_view column) const {
    return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
  }
  /// One value per record, NaN if a record lacks the column. Throws DataError for a column that no record has.
  std::vector<double> get(std::string_view column) const {
    require(column);
    std::vector<double> series;
    for (const EpochRecord& record : records_) series.push_back(record.get_or_nan(column));
    return series;
  }
  /// Record with the best value of a column, the earliest among equals. NaN is never best. Throws DataError if no
  /// record has a value.
  const EpochRecord& best(std::string_view column, bool higher_is_better) const {
    require(column);
    const EpochRecord* best = nullptr;
    for (const EpochRecord& record : records_) {
      const double value = record.get_or_nan(column);
      if (value != value) continue;  // NaN
      if (!best || (higher_is_better ? value > best->get(column) : value < best->get(column))) best = &record;
    }
    if (!best) fail<DataError>("History", "no value in column '" + std::string(column) + "'", "at least one is needed");
    return *best;
  }

  /// Visits every record, to resume a run later; a column that is NaN in a record is missing there after loading.
  /// Throws FormatError or DataError if the values do not form a history.
  [[gnu::cold]] void visit_state(StateVisitor& state) {
    std::vector<std::string> columns = columns_;
    std::vector<double> values;
    for (const EpochRecord& record : records_)
      for (const std::string& column : columns) values.push_back(record.get_or_nan(column));
    state.visit("columns", columns);
    state.visit("values", values);
    if (!state.is_loading()) return;
    History loaded;
    if (columns.size() < 3 || !std::equal(columns_.begin(), columns_.begin() + 3, columns.begin()) ||
        values.size() % columns.size() != 0)
      fail<FormatError>("History", concat(columns.size(), " columns and ", values.size(), " values"),
                        "a row of all columns for each epoch is needed");
    loaded.columns_ = columns;
    for (auto row = values.begin(); row != values.end(); row += static_cast<std::ptrdiff_t>(columns.size())) {
      if (!(row[0] >= 1 && row[0] < 1e15)) fail<FormatError>("History", concat("epoch ", row[0]), "1 is the first");
      EpochRecord record{.epoch = static_cast<Index>(row[0]), .learning_rate = row[1], .seconds = row[2]};
      for (std::size_t c = 3; c < columns.size(); ++c)
        if (const double value = row[static_cast<std::ptrdiff_t>(c)]; value == value) record.set(columns[c], value);
      loaded.add(std::move(record));
    }
    *this = std::move(loaded);
  }

  /// True if there are no records.
  bool empty() const { return records_.empty(); }
  /// Number of records.
  std::size_t size() const { return records_.size(); }
  /// Record i in 0..size() - 1; not checked.
  const EpochRecord& operator[](std::size_t i) const { return records_[i]; }
  /// The last record; there must be one.
  const EpochRecord& back() const { return records_.back(); }
  /// Records in the order of their epochs.
  auto begin() const { return records_.begin(); }
  /// Past the last record.
  auto end() const { return records_.end(); }

 private:
  void require(std::string_view column) const {
    if (has(column)) return;
    fail<DataError>("History", concat("no column '", column, "'"), "columns are: " + joined(columns_));
  }

  std::vector<std::string> columns_ = {"epoch", "learning_rate", "seconds"};
  std::vector<EpochRecord> records_;
};

}  // namespace hcnn::metrics
