// Details of an evaluation beyond its metrics: calibration, and which samples were confused with which class.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hcnn/core/logits.hpp"
#include "hcnn/core/targets.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/calibration.hpp"

namespace hcnn::metrics {

/// Results of `Inspection` for one head.
struct HeadInspection {
  std::string level;        ///< name of head and level
  Calibration calibration;  ///< calibration on the labelled samples, except those with a NaN confidence
  /// Indices of the first samples of each mistake (true class, predicted class), ascending.
  std::map<std::pair<Label, Label>, std::vector<Index>> mistakes;
};

/// Follows an evaluation batch by batch. Sample i is the i-th added; with `train::evaluate`, the i-th of its data set.
/// Memory grows with the number of different mistakes, not with the samples.
class Inspection : public BatchObserver {
 public:
  /// @param samples_per_mistake largest number of samples to record for each pair of classes
  explicit Inspection(std::size_t samples_per_mistake = 4) : most_(samples_per_mistake) {}

  /// Adds a batch: every head named like a level of the targets; samples without a label or with a NaN among
  /// their scores are skipped. Throws ShapeError if the numbers of labels and samples differ.
  void add(const Logits<float>& logits, const Targets& targets) override { add_batch(logits, targets); }
  void add(const Logits<double>& logits, const Targets& targets) override { add_batch(logits, targets); }

  /// Number of samples added, with and without labels.
  Index samples() const { return samples_; }
  /// Results of the head, or null.
  const HeadInspection* find(std::string_view level) const {
    for (const HeadInspection& head : heads_)
      if (head.level == level) return &head;
    return nullptr;
  }

 private:
  template <class M>
  void add_batch(const Logits<M>& logits, const Targets& targets) {
    for (const auto& [level, scores] : logits) {
      if (!targets.has(level)) continue;
      const std::vector<Label>& labels = targets[level].labels;
      if (static_cast<Index>(labels.size()) != scores.count())
        fail<ShapeError>("Inspection head '" + level + "'", concat(labels.size(), " labels"),
                         concat("the batch has ", scores.count(), " samples"));
      for (std::size_t n = 0; n < labels.size(); ++n)
        if (labels[n] != kNoLabel)
          add_sample(of(level), row(scores, static_cast<Index>(n)), labels[n], samples_ + static_cast<Index>(n));
    }
    samples_ += logits.count();
  }
  HeadInspection& of(const std::string& level) {
    for (HeadInspection& head : heads_)
      if (head.level == level) return head;
    return heads_.emplace_back(HeadInspection{level, {}, {}});
  }
  template <class M>
  void add_sample(HeadInspection& head, std::span<const M> scores, Label truth, Index sample) const {
    const Label predicted = predicted_class(scores);
    if (predicted == kNoLabel) return;
    if (const double sure = confidence(scores); sure == sure) head.calibration.add(sure, predicted == truth);
    if (predicted == truth) return;
    std::vector<Index>& samples = head.mistakes[{truth, predicted}];
    if (samples.size() < most_) samples.push_back(sample);
  }

  std::size_t most_;
  Index samples_ = 0;
  std::vector<HeadInspection> heads_;
};

}  // namespace hcnn::metrics
