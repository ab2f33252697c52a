// Temperature scaling: calibrates the probabilities of each head with a single number.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/argmax.hpp"
#include "hcnn/core/targets.hpp"
#include "hcnn/metrics/accuracy.hpp"
#include "hcnn/metrics/batch_observer.hpp"
#include "hcnn/metrics/decision_rule.hpp"
#include "hcnn/metrics/prediction.hpp"

namespace hcnn::metrics {

inline constexpr double kLeastTemperature = 1e-3;  ///< smallest temperature
inline constexpr double kMostTemperature = 1e3;    ///< largest temperature

/// Replaces the scores of each named head by z / T: predictions stay the same, probabilities become softmax(z / T),
/// less confident for T > 1.
/// Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599, section 4.2.
class Temperature final : public DecisionRuleOf<Temperature> {
 public:
  /// @param temperatures T of each head, by name. Throws OptionError unless each is in 0.001..1000.
  explicit Temperature(std::map<std::string, double> temperatures) : temperatures_(std::move(temperatures)) {
    for (const auto& [head, temperature] : temperatures_)
      require_option(temperature >= kLeastTemperature && temperature <= kMostTemperature, "Temperature", head.c_str(),
                     temperature, "must be in 0.001..1000");
  }

  std::string name() const override {
    std::string text;
    for (const auto& [head, temperature] : temperatures_)
      text += concat(text.empty() ? "" : ", ", head, ' ', temperature);
    return "temperature(" + text + ")";
  }
  /// Temperature of each head, by name.
  const std::map<std::string, double>& temperatures() const { return temperatures_; }
  /// Divides the scores.
  template <class M>
  void change(Logits<M>& logits) const {
    for (const auto& [head, temperature] : temperatures_)
      for (M& score : logits[head]) score = static_cast<M>(score / temperature);
  }

 private:
  std::map<std::string, double> temperatures_;
};

/// Mean of -log softmax(z / T)_y over the samples that have a label, nats; 0 if none has. Scores (N, K), N labels.
/// Throws as `require_labels`.
template <class M>
double negative_log_likelihood(const Tensor<M>& scores, std::span<const Label> labels, double temperature = 1) {
  require_labels("negative_log_likelihood", scores, labels);
  double sum = 0;
  Index count = 0;
  std::vector<double> z;
  for (Index n = 0; n < scores.count(); ++n) {
    const Label label = labels[static_cast<std::size_t>(n)];
    if (label == kNoLabel) continue;
    z.clear();
    for (const M score : row(scores, n)) z.push_back(static_cast<double>(score) / temperature);
    sum -= log_softmax(std::span<const double>(z))[static_cast<std::size_t>(label)];
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

/// Returns the T in 0.001..1000 with the least negative log-likelihood, to 12 digits. It is convex in b = 1/T, and its
/// slope
///   mean of (sum_k p_k z_k - z_y), p = softmax(b z)
/// rises with b: bisection finds its zero. If the slope never changes sign (every prediction is right, or guessing is
/// best), an end of the range is returned. Scores (N, K), N labels. Throws as `require_labels`, DataError without a
/// labelled sample, NumericError if a labelled sample has a score that is not finite.
template <class M>
double fit_temperature(const Tensor<M>& scores, std::span<const Label> labels) {
  require_labels("fit_temperature", scores, labels);
  Index labelled = 0;
  for (Index n = 0; n < scores.count(); ++n) {
    if (labels[static_cast<std::size_t>(n)] == kNoLabel) continue;
    ++labelled;
    for (const M score : row(scores, n))
      if (!std::isfinite(score))
        fail<NumericError>("fit_temperature", concat("a score of sample ", n, " is ", score), "finite ones are needed");
  }
  if (labelled == 0) fail<DataError>("fit_temperature", "no sample with a label", "at least one is needed");
  const auto slope = [&](double b) {
    double sum = 0;
    std::vector<double> z;
    for (Index n = 0; n < scores.count(); ++n) {
      const Label label = labels[static_cast<std::size_t>(n)];
      if (label == kNoLabel) continue;
      z.clear();
      for (const M score : row(scores, n)) z.push_back(b * static_cast<double>(score));
      const std::vector<double> p = softmax(std::span<const double>(z));
      const std::span<const M> raw = row(scores, n);
      const auto own = static_cast<double>(raw[static_cast<std::size_t>(label)]);
      for (std::size_t k = 0; k < p.size(); ++k) sum += p[k] * (static_cast<double>(raw[k]) - own);
    }
    return sum;
  };
  double low = std::log(1 / kMostTemperature), high = std::log(1 / kLeastTemperature);  // of b
  for (int i = 0; i < 45; ++i) {                                                        // 14 / 2^45 = 4e-13
    const double middle = (low + high) / 2;
    (slope(std::exp(middle)) <= 0 ? low : high) = middle;  // 0: every softmax has underflowed
  }
  return std::clamp(std::exp(-(low + high) / 2), kLeastTemperature, kMostTemperature);
}

/// Collects the logits and labels of an evaluation, usually on the validation part, and fits a temperature to each head
/// named like a level of the targets: `train::evaluate(..., {.observer = &fit})`, then `fit.rule()`. Memory grows with
/// the samples.
class TemperatureFit final : public BatchObserver {
 public:
  /// Adds a batch. Throws as `require_labels`; ShapeError if a head has another number of classes than before.
  void add(const Logits<float>& logits, const Targets& targets) override { add_batch(logits, targets); }
  void add(const Logits<double>& logits, const Targets& targets) override { add_batch(logits, targets); }

  /// Fits a temperature for each head. Throws as `fit_temperature`; DataError if no batch was added.
  Temperature rule() const {
    if (heads_.empty()) fail<DataError>("TemperatureFit", "no batch", "run an evaluation that it observes first");
    std::map<std::string, double> temperatures;
    for (const auto& [name, head] : heads_) temperatures[name] = fit_temperature(scores(head), head.labels);
    return Temperature(std::move(temperatures));
  }
  /// `hcnn::metrics::negative_log_likelihood` of a head's collected samples. Throws DataError for an unknown head.
  double negative_log_likelihood(const std::string& head, double temperature = 1) const {
    const auto entry = heads_.find(head);
    if (entry == heads_.end()) fail<DataError>("TemperatureFit", "no head '" + head + "'", "one that was added");
    return metrics::negative_log_likelihood(scores(entry->second), std::span<const Label>(entry->second.labels),
                                            temperature);
  }

 private:
  struct Head {
    Index classes = 0;
    std::vector<double> scores;
    std::vector<Label> labels;
  };

  template <class M>
  void add_batch(const Logits<M>& logits, const Targets& targets) {
    for (const auto& [name, values] : logits) {
      if (!targets.has(name)) continue;
      const std::vector<Label>& labels = targets[name].labels;
      require_labels("TemperatureFit head '" + name + "'", values, std::span<const Label>(labels));
      Head& head = heads_[name];
      if (head.classes != 0 && head.classes != values.shape().size())
        fail<ShapeError>("TemperatureFit head '" + name + "'", concat(values.shape().size(), " classes"),
                         concat("the batches before had ", head.classes));
      head.classes = values.shape().size();
      head.scores.insert(head.scores.end(), values.begin(), values.end());
      head.labels.insert(head.labels.end(), labels.begin(), labels.end());
    }
  }
  static Tensor<double> scores(const Head& head) {
    Tensor<double> all(static_cast<Index>(head.labels.size()), Shape{.channels = head.classes});
    std::copy(head.scores.begin(), head.scores.end(), all.begin());
    return all;
  }

  std::map<std::string, Head> heads_;
};

}  // namespace hcnn::metrics
