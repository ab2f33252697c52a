// Writes the results of the learning-rate search to disk.
#pragma once

#include <charconv>
#include <cmath>
#include <string>

#include "hcnn/io/csv.hpp"
#include "hcnn/io/image.hpp"
#include "hcnn/report/plot.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/train/learning_rate_finder.hpp"

namespace hcnn::run {

/// A suggested learning rate with two significant digits, e.g. "0.0052".
inline std::string rate_text(double rate) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, rate, std::chars_format::general, 2).ptr};
}

/// Writes learning_rates.csv (learning_rate, loss, smoothed: nats per sample) and learning_rates.png. Errors are those
/// of `io::write_file`.
inline void write_learning_rates(const RunFolder& folder, const train::LearningRates& found) {
  io::CsvTable table{{"learning_rate", "loss", "smoothed"}, {}};
  report::Series loss{.name = "loss of the batch", .colour = 1, .dashed = true};
  report::Series smoothed{.name = "smoothed"};
  for (const auto& step : found.steps) {
    table.rows.push_back({number_text(step.learning_rate), number_text(step.loss), number_text(step.smoothed)});
    loss.values.push_back(step.loss);
    smoothed.values.push_back(step.smoothed);
  }
  io::write_csv(folder.learning_rates_table(), table);
  if (found.steps.size() < 2) return;  // the loss diverged at once: there is no curve
  const double first = std::log10(found.steps[0].learning_rate);
  loss.first = smoothed.first = first;
  loss.step = smoothed.step = std::log10(found.steps[1].learning_rate) - first;
  const std::string suggestion = std::isnan(found.suggestion) ? "no clear fall" : "try " + rate_text(found.suggestion);
  io::write_png(folder.learning_rates_picture(), report::curves({{.title = "Loss over the learning rate: " + suggestion,
                                                                  .y_label = "nats per sample",
                                                                  .series = {loss, smoothed},
                                                                  .x_label = "learning rate, power of ten"}}));
}

}  // namespace hcnn::run
