// history.csv: the training history as a table, exact to the last bit.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "hcnn/io/csv.hpp"
#include "hcnn/metrics/history.hpp"

namespace hcnn::run {

/// The shortest text that parses back to the same double; "" for NaN.
inline std::string number_text(double value) { return std::isnan(value) ? "" : io::exact_text(value); }

/// Parses a table field; NaN if it is empty. Throws FormatError, beginning with `where`, for other text.
inline double parse_number(std::string_view text, const std::string& where) {
  if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    fail<FormatError>(where, "'" + printable(text) + "'", "a number or nothing is needed");
  return value;
}

/// Makes a row for each epoch and a column for each of `History::columns`; NaN becomes an empty field.
inline io::CsvTable history_table(const metrics::History& history) {
  io::CsvTable table{history.columns(), {}};
  for (const metrics::EpochRecord& record : history) {
    table.rows.emplace_back();
    for (const std::string& column : table.header) table.rows.back().push_back(number_text(record.get_or_nan(column)));
  }
  return table;
}

/// Writes history.csv atomically. Throws Error as `io::write_file`.
inline void write_history(const std::filesystem::path& path, const metrics::History& history) {
  io::write_csv(path, history_table(history));
}

/// Reads a history written by `write_history`. Throws FormatError, naming file and reason, for any other file.
inline metrics::History read_history(const std::filesystem::path& path) {
  const io::CsvTable table = io::read_csv(path);
  const std::string where = io::printable_path(path);
  const metrics::History blank;
  metrics::History history;
  if (table.header.size() < 3 || !std::equal(blank.columns().begin(), blank.columns().end(), table.header.begin()))
    fail<FormatError>(where, "other columns", "epoch, learning_rate and seconds come first");
  constexpr std::size_t kMostColumns = 10'000;
  if (table.header.size() > kMostColumns)
    fail<FormatError>(where, concat(table.header.size(), " columns"), concat("at most ", kMostColumns, " are read"));
  if (std::set<std::string_view>(table.header.begin(), table.header.end()).size() != table.header.size())
    fail<FormatError>(where, "two columns of one name", "names must differ");
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    const std::string line = concat(where, ":", row + 2);
    const auto value = [&](std::size_t column) { return parse_number(table.rows[row][column], line); };
    const double epoch = value(0);
    if (!(epoch >= 0 && epoch <= 1e15) || epoch != std::floor(epoch))
      fail<FormatError>(line, "epoch '" + printable(table.rows[row][0]) + "'", "a whole number is needed");
    metrics::EpochRecord record{.epoch = static_cast<Index>(epoch), .learning_rate = value(1), .seconds = value(2)};
    for (std::size_t column = 3; column < table.header.size(); ++column)
      record.values.emplace_back(table.header[column], value(column));
    try {
      history.add(std::move(record));
    } catch (const DataError& error) {
      throw FormatError(line + ": " + printable(error.what(), 500));
    }
  }
  return history;
}

}  // namespace hcnn::run
