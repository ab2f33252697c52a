// history.csv: what is read is written and read again.
#include "hcnn/run/history_file.hpp"

#include "fuzz/support/target.hpp"

namespace {

using namespace hcnn;

void run_history(fuzz::Bytes bytes) {
  const auto& path = fuzz::in_memory(bytes);
  const auto history =
      fuzz::checked(2 * io::kCsvBytes + fuzz::allowed(4 * bytes.size()), [&] { return run::read_history(path); });
  if (!history) return;
  const std::string text = io::to_text(run::history_table(*history));
  const auto copy =
      fuzz::must("a history that was written cannot be read", [&] { return run::read_history(fuzz::in_memory(text)); });
  fuzz::claim(io::to_text(run::history_table(copy)) == text, "a history that was written comes back as another one");
}

const fuzz::Registration history_target("history", run_history);

}  // namespace
