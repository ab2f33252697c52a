// Copies the results of an evaluation into history columns.
#pragma once

#include <algorithm>
#include <string>

#include "hcnn/losses/loss_sum.hpp"
#include "hcnn/metrics/evaluator.hpp"
#include "hcnn/metrics/history.hpp"

namespace hcnn::train {

/// Copies an evaluation into history columns: "val.loss", "val.loss.<term>", "val.fine.top1", "val.hd1",
/// "val.severity.0", ... A second term of the same name is "val.loss.<term> 2". Accuracies are fractions from 0 to 1.
template <class M>
void record_evaluation(metrics::EpochRecord& record, const std::string& part, const losses::LossValue<M>& loss,
                       const metrics::EvaluationResult& result) {
  record.set(part + ".loss", static_cast<double>(loss.total));
  if (loss.parts.size() > 1)
    for (std::size_t i = 0; i < loss.parts.size(); ++i) {
      const std::string& name = loss.parts[i].name;
      const auto same = std::count_if(loss.parts.begin(), loss.parts.begin() + static_cast<std::ptrdiff_t>(i),
                                      [&](const auto& term) { return term.name == name; });
      record.set(part + ".loss." + name + (same > 0 ? concat(' ', same + 1) : ""),
                 static_cast<double>(loss.parts[i].value));
    }
  for (const auto& head : result.heads) {
    record.set(part + '.' + head.level + ".top1", head.top1.value());
    record.set(part + '.' + head.level + ".top5", head.top5.value());
    record.set(part + '.' + head.level + ".macro_f1", head.confusion.macro_f1());
  }
  if (result.severity.total() == 0) return;
  record.set(part + ".hd1", result.severity.hd1());
  record.set(part + ".ms", result.severity.ms());
  for (std::size_t s = 0; s < result.severity.counts().size(); ++s)
    record.set(concat(part, ".severity.", s), static_cast<double>(result.severity.counts()[s]));
}

}  // namespace hcnn::train
