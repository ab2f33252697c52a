// Summary table of a network: layers, shapes, parameters, multiply-adds and memory.
#pragma once

#include <iomanip>
#include <sstream>

#include "hcnn/layers/model.hpp"

namespace hcnn {

/// One row of a summary. Counts are for one sample.
struct SummaryRow {
  std::string path;         ///< path of the layer, e.g. "trunk.0.0"
  std::string layer;        ///< type and options, e.g. "Conv2d(64, kernel 3, padding 1)"
  Shape output;             ///< output shape of one sample
  Index trainable = 0;      ///< number of trainable values
  Index fixed = 0;          ///< number of buffer values, e.g. running statistics
  Index multiply_adds = 0;  ///< multiply-adds of the forward pass
  Index bytes = 0;          ///< bytes of the output
};

/// Rows of a model's summary, one for each layer that contains no others, and their totals.
struct Summary {
  std::vector<SummaryRow> rows;  ///< rows in the order of the layers
  SummaryRow total;              ///< sums of the counts
};

/// Summarises every layer of the model: `std::cout << summary(model)` prints layer, output shape, trainable parameters,
/// buffer values, and multiply-adds and bytes per sample.
template <class T>
Summary summary(Model<T>& model) {
  Summary summary;
  const std::function<void(Layer<T>&, const std::string&)> visit = [&](Layer<T>& layer, const std::string& path) {
    bool leaf = true;
    layer.for_each_child([&](Layer<T>& child, const std::string& name) {
      leaf = false;
      visit(child, path + '.' + name);
    });
    if (!leaf) return;
    const std::string options = layer.options();
    SummaryRow row{path, layer.type() + (options.empty() ? "" : "(" + options + ")"), layer.output_shape()};
    row.multiply_adds = layer.multiply_adds();
    row.bytes = row.output.size() * static_cast<Index>(sizeof(T));
    for (const auto* param : model.state())
      if (param->name.starts_with(path + '.')) (param->is_buffer() ? row.fixed : row.trainable) += param->size();
    summary.rows.push_back(row);
    summary.total.trainable += row.trainable;
    summary.total.fixed += row.fixed;
    summary.total.multiply_adds += row.multiply_adds;
    summary.total.bytes += row.bytes;
  };
  visit(model.trunk(), "trunk");
  model.heads().for_each_child([&](Layer<T>& layer, const std::string& name) { visit(layer, "heads." + name); });
  return summary;
}

/// Formats with thousands separators: 5933505 -> "5,933,505".
inline std::string with_commas(Index value) {
  std::string text = concat(value);
  for (Index i = static_cast<Index>(text.size()) - 3; i > 0; i -= 3) text.insert(static_cast<std::size_t>(i), ",");
  return text;
}

/// Prints the table.
inline std::ostream& operator<<(std::ostream& stream, const Summary& summary) {
  std::ostringstream out;  // keeps the flags of `stream` unchanged
  std::size_t path = 4, layer = 5;
  for (const SummaryRow& row : summary.rows) {
    path = std::max(path, printable(row.path).size());
    layer = std::max(layer, row.layer.size());
  }
  const auto line = [&](const SummaryRow& row, const std::string& shape) {
    out << std::left << std::setw(static_cast<int>(path) + 2) << printable(row.path)
        << std::setw(static_cast<int>(layer) + 2) << row.layer << std::setw(12) << shape << std::right << std::setw(12)
        << with_commas(row.trainable) << std::setw(9) << with_commas(row.fixed) << std::setw(15)
        << with_commas(row.multiply_adds) << std::setw(12) << with_commas(row.bytes) << '\n';
  };
  out << std::left << std::setw(static_cast<int>(path) + 2) << "path" << std::setw(static_cast<int>(layer) + 2)
      << "layer" << std::setw(12) << "output" << std::right << std::setw(12) << "parameters" << std::setw(9)
      << "buffers" << std::setw(15) << "multiply-adds" << std::setw(12) << "bytes" << '\n';
  for (const SummaryRow& row : summary.rows) line(row, to_string(row.output));
  SummaryRow total = summary.total;
  total.path = "total";
  line(total, "");
  return stream << out.str();
}

}  // namespace hcnn
