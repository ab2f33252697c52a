// Cost tables of three classes: what is read is written and read again, to the last bit.
#include "hcnn/exchange/cost_table.hpp"

#include "fuzz/support/target.hpp"

namespace {

using namespace hcnn;

void run_costs(fuzz::Bytes bytes) {
  static const std::vector<std::string> classes{"cat", "dog", "a \"cow\", brown"};
  const auto& path = fuzz::in_memory(bytes);
  const auto costs = fuzz::checked(io::kCsvBytes + fuzz::allowed(2 * bytes.size()),
                                   [&] { return exchange::read_costs(path, classes); });
  if (!costs) return;
  fuzz::claim(costs->classes() == 3, "costs of another number of classes");
  for (const double cost : costs->values()) fuzz::claim(std::isfinite(cost) && cost >= 0, "a cost that is none");
  for (Label k = 0; k < 3; ++k) fuzz::claim((*costs)(k, k) == 0, "a right prediction that costs");
  const std::string text = io::to_text(exchange::cost_table(*costs, classes));
  const CostMatrix copy = fuzz::must("costs that were written cannot be read",
                                     [&] { return exchange::read_costs(fuzz::in_memory(text), classes); });
  fuzz::claim(copy == *costs, "costs that were written come back as others");
}

const fuzz::Registration costs_target("costs", run_costs);

}  // namespace
