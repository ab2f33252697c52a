// Tables on the terminal.
#pragma once

#include <hcnn/run.hpp>
#include <iomanip>
#include <optional>
#include <ostream>
#include <string>

namespace examples {

using namespace hcnn;

/// Accuracy and macro F1 of each head, severity counts, HD@1 and MS of one part and, with costs, their average, as
/// lines of text.
inline void print_evaluation(std::ostream& out, const std::string& part, const metrics::EvaluationResult& result,
                             const std::optional<CostMatrix>& costs = std::nullopt) {
  out << part << " (" << result.samples << " images)\n";
  for (const auto& head : result.heads) {
    out << "  " << std::left << std::setw(12) << printable(head.level) << std::right << " top-1 " << std::setw(8)
        << run::percent(head.top1.value());
    if (head.confusion.classes() > 5) out << "   top-5 " << std::setw(8) << run::percent(head.top5.value());
    out << "   macro F1 " << decimal(head.confusion.macro_f1(), 4) << '\n';
  }
  if (costs) out << "  mean cost    " << decimal(metrics::mean_cost(result.heads.front().confusion, *costs), 4) << '\n';
  if (result.severity.total() == 0) return;
  out << "  severity    ";
  for (std::size_t s = 0; s < result.severity.counts().size(); ++s)
    out << ' ' << s << ": " << result.severity.counts()[s];
  out << "   HD@1 " << decimal(result.severity.hd1(), 4) << "   MS " << decimal(result.severity.ms(), 4) << '\n';
}

}  // namespace examples
