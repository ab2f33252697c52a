// What a snapshot records about the training run it belongs to.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "hcnn/core/snapshot.hpp"
#include "hcnn/data/fingerprint.hpp"
#include "hcnn/layers/summary.hpp"
#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/train/fit_options.hpp"

namespace hcnn::train {

/// True for the snapshot of a run with nothing left to do: every epoch is done, or a callback ended it.
[[gnu::cold]] inline bool finished(const Snapshot& snapshot) {
  bool finished = false;
  StateVisitor::loading(snapshot).visit("finished", finished);
  return finished;
}

/// Layers with options and output shapes: they must agree for the parameters to mean the same.
template <class T>
[[gnu::cold]] std::vector<std::string> network_lines(Model<T>& model) {
  std::vector<std::string> lines = {"input " + to_string(model.input_shape())};
  for (const SummaryRow& row : summary(model).rows)
    lines.push_back(row.path + ' ' + row.layer + " -> " + to_string(row.output));
  return lines;
}

/// E.g. "5000 samples of 32x32x3, content 1234": differs if a pixel, a label or the order does.
[[gnu::cold]] inline std::string dataset_line(const std::optional<data::Dataset>& dataset) {
  if (!dataset) return "none";
  return concat(dataset->size(), " samples of ", to_string(dataset->shape()), ", content ",
                data::fingerprint(*dataset));
}

/// Describes everything that determines how training continues, except its state, the optimizer and the options of
/// losses, augmentations and schedule. On a mismatch, loading throws FormatError naming both lines. Slow: reads all
/// images.
template <class T>
[[gnu::cold]] std::vector<std::string> training_lines(Model<T>& model, const losses::LossSum<Master<T>>& loss,
                                                      const data::Dataset& dataset, const FitOptions<T>& options) {
  std::vector<std::string> lines = network_lines(model);
  const auto line = [&](const char* what, const auto& value) { lines.push_back(concat(what, ' ', value)); };
  line("activations", std::is_same_v<T, float> ? "float32" : std::is_same_v<T, double> ? "float64" : "bfloat16");
  for (std::size_t i = 0; i < loss.size(); ++i) line("loss", concat(loss.weight(i), ' ', loss.name(i)));
  line("epochs", options.epochs);
  line("batch", options.batch);
  line("accumulate", options.accumulate);
  line("limit_batches", options.limit_batches);
  if (options.drop_last) line("drop_last", true);  // snapshots of before this option have no such line
  line("seed", options.seed);
  line("images to train on:", dataset_line(dataset));
  line("images to validate:", dataset_line(options.validate));
  for (const auto& augmentation : options.augment) line("augmentation", augmentation->name());
  if (options.mix) line("mix", options.mix->name());
  for (const float mean : options.normalization.mean) line("normalization mean", mean);
  for (const float deviation : options.normalization.deviation) line("normalization deviation", deviation);
  line("schedule", options.schedule.name());
  line("monitor", options.monitor);
  line("clip_norm", options.clip_norm);
  return lines;
}

}  // namespace hcnn::train
