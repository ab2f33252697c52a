// What a network predicts for each sample of an evaluation, as a table.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/data/dataset.hpp"
#include "hcnn/io/csv.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/prediction.hpp"

namespace hcnn::run {

/// Prediction of one head for one sample.
struct Prediction {
  Label label = kNoLabel;  ///< predicted class; kNoLabel if one of the scores is NaN
  double probability = 0;  ///< its softmax probability, 0..1; NaN if there is no prediction
};

/// Observer of an evaluation that records the predictions of one head. Entry i belongs to the i-th sample added; with
/// `train::evaluate`, to the i-th of its data set.
class PredictionLog : public metrics::BatchObserver {
 public:
  /// @param head name of the head
  explicit PredictionLog(std::string head) : head_(std::move(head)) {}

  /// Adds a batch. Throws DataError for a head that the logits lack.
  void add(const Logits<float>& logits, const Targets&) override { add_batch(logits); }
  void add(const Logits<double>& logits, const Targets&) override { add_batch(logits); }

  /// Name of the head.
  const std::string& head() const { return head_; }
  /// Predictions so far.
  const std::vector<Prediction>& predictions() const { return predictions_; }

 private:
  template <class M>
  void add_batch(const Logits<M>& logits) {
    const Tensor<M>& scores = logits[head_];
    for (Index n = 0; n < scores.count(); ++n) {
      const std::span<const M> z = row(scores, n);
      const Label best = predicted_class(z);
      predictions_.push_back({best, best == kNoLabel ? std::numeric_limits<double>::quiet_NaN()
                                                     : metrics::softmax(z)[static_cast<std::size_t>(best)]});
    }
  }

  std::string head_;
  std::vector<Prediction> predictions_;
};

/// A row per sample: "image" (its file, else its number in the data set that was first built), "true" (empty without a
/// label), "predicted", "probability" (0..1; empty if `probabilities` is false) and, with a label tree, "severity" of
/// the mistake (0: none). The last three are empty for a sample with a NaN among its scores. Classes are names if there
/// is a tree that has the head's level, else numbers. Throws DataError if the data set lacks the head's level.
/// @param images the samples that were evaluated, in this order
/// @param files name of each sample's file, by `Dataset::id`; empty: unknown
inline io::CsvTable predictions_table(const PredictionLog& log, const data::Dataset& images,
                                      const std::vector<std::string>& files = {}, bool probabilities = true) {
  const Index level = images.level_index(log.head());
  const Taxonomy* tree = images.taxonomy() && images.taxonomy()->has_level(log.head()) ? images.taxonomy() : nullptr;
  const auto class_text = [&](Label label) {
    if (label == kNoLabel) return std::string();
    return tree ? tree->class_name(log.head(), label) : concat(label);
  };
  io::CsvTable table{{"image", "true", "predicted", "probability"}, {}};
  if (tree) table.header.push_back("severity");
  for (Index i = 0; i < static_cast<Index>(log.predictions().size()); ++i) {
    const auto& [predicted, probability] = log.predictions()[static_cast<std::size_t>(i)];
    const Label truth = images.label(level, i);
    const auto id = static_cast<std::size_t>(images.id(i));
    table.rows.push_back({id < files.size() ? files[id] : concat(id), class_text(truth), class_text(predicted),
                          probabilities && predicted != kNoLabel ? io::exact_text(probability) : ""});
    if (tree)
      table.rows.back().push_back(truth == kNoLabel || predicted == kNoLabel
                                      ? ""
                                      : concat(tree->severity(truth, predicted, tree->level_index(log.head()))));
  }
  return table;
}

}  // namespace hcnn::run
