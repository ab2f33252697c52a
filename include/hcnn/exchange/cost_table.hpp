// Costs of mistakes to and from a CSV table with class names.
#pragma once

#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/check.hpp"
#include "hcnn/hierarchy/cost_matrix.hpp"
#include "hcnn/io/csv.hpp"

namespace hcnn::exchange {

/// The costs as a table with a row for each true class and a column for each predicted one, preceded by their names.
/// Throws DataError if the numbers of names and of classes differ.
inline io::CsvTable cost_table(const CostMatrix& costs, const std::vector<std::string>& classes) {
  if (static_cast<Index>(classes.size()) != costs.classes())
    fail<DataError>("cost_table", concat(classes.size(), " names"), concat("one for each of ", costs.classes()));
  io::CsvTable table{{"true class"}, {}};
  table.header.insert(table.header.end(), classes.begin(), classes.end());
  for (Label truth = 0; truth < costs.classes(); ++truth) {
    table.rows.push_back({classes[static_cast<std::size_t>(truth)]});
    for (Label predicted = 0; predicted < costs.classes(); ++predicted)
      table.rows.back().push_back(io::exact_text(costs(truth, predicted)));
  }
  return table;
}

/// The text without blanks at either end.
inline std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Position of each name of the table in `classes`; the names must be exactly these, in any order. Throws FormatError,
/// starting with `where`, for an unknown, repeated or missing name.
/// @param line what a name stands for in messages: "row" or "column"
inline std::vector<std::size_t> match_classes(const std::vector<std::string_view>& names,
                                              const std::vector<std::string>& classes, const std::string& where,
                                              const char* line) {
  std::map<std::string_view, std::size_t> missing;
  for (std::size_t k = 0; k < classes.size(); ++k) missing.emplace(classes[k], k);
  std::vector<std::size_t> places;
  for (const std::string_view name : names) {
    auto found = missing.find(name);  // blanks may belong to a name
    if (found == missing.end()) found = missing.find(trimmed(name));
    if (found == missing.end())
      fail<FormatError>(where, concat(line, " of '", printable(name), "'"),
                        concat("each of the ", classes.size(), " classes once is needed"));
    places.push_back(found->second);
    missing.erase(found);
  }
  if (!missing.empty())
    fail<FormatError>(where, concat("no ", line, " of class '", printable(missing.begin()->first), "'"),
                      concat("each of the ", classes.size(), " classes once is needed"));
  return places;
}

/// The costs in a table as `cost_table` writes it, in the order of `classes`. The table may have another order, the
/// text in its corner does not matter, and blanks around a field are ignored. Throws FormatError, starting with
/// `where`, unless every class has one row and one column, each cost is a finite number >= 0, and correct predictions
/// cost 0.
inline CostMatrix costs_from_table(const io::CsvTable& table, const std::vector<std::string>& classes,
                                   const std::string& where) {
  std::vector<std::string_view> across, down;
  for (std::size_t i = 1; i < table.header.size(); ++i) across.push_back(table.header[i]);
  for (const auto& row : table.rows) down.push_back(row[0]);
  const auto columns = match_classes(across, classes, where, "column"),
             rows = match_classes(down, classes, where, "row");
  std::vector<double> costs(classes.size() * classes.size());
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string_view text = trimmed(table.rows[r][c + 1]);
      double& cost = costs[rows[r] * classes.size() + columns[c]];
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), cost);
      const bool right = rows[r] == columns[c];
      if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(cost) || cost < 0 ||
          (right && cost != 0))
        fail<FormatError>(where,
                          concat("cost '", printable(text), "' of predicting '", printable(across[c]), "' for '",
                                 printable(down[r]), "'"),
                          right ? "0 is needed where it is right" : "a finite number, 0 or more, is needed");
    }
  return CostMatrix(static_cast<Index>(classes.size()), std::move(costs));
}

/// The costs in a CSV file. Throws the FormatError of `costs_from_table` and `io::read_csv`.
inline CostMatrix read_costs(const std::filesystem::path& path, const std::vector<std::string>& classes) {
  return costs_from_table(io::read_csv(path), classes, io::printable_path(path));
}

}  // namespace hcnn::exchange
