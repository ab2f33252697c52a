// resume.safetensors: what is read is written and read again, and what it is asked for is there or refused. Once as it
// is, once with its checksum put right.
#include "fuzz/support/checksum.hpp"
#include "hcnn/run/snapshot_file.hpp"

namespace {

using namespace hcnn;

// State of every kind, as a training has it.
struct State {
  std::int64_t step = 0;
  double loss = 0;
  bool unsaved = false;
  std::string monitor;
  std::vector<float> weights = std::vector<float>(4);
  std::vector<double> losses;
  std::vector<std::string> columns;

  void visit_state(StateVisitor& state) {
    state.visit("step", step);
    state.visit("loss", loss);
    state.visit("unsaved", unsaved);
    state.visit("monitor", monitor);
    state.visit("weights", std::span(weights));
    state.visit("losses", losses);
    state.visit("columns", columns);
    state.expect("seed", 1);
  }
};

void read(fuzz::Bytes bytes) {
  const auto& path = fuzz::in_memory(bytes);
  const auto snapshot = fuzz::checked(fuzz::allowed(bytes.size()), [&] { return run::read_snapshot(path); });
  if (!snapshot) return;
  fuzz::claim(io::read_safetensors(path).checksummed, "a checkpoint without a checksum");
  const auto again = fuzz::scratch("resume.safetensors");
  fuzz::must("a checkpoint that was read cannot be written", [&] {
    run::write_snapshot(again, *snapshot);
    return 0;
  });
  const Snapshot copy =
      fuzz::must("a checkpoint that was written cannot be read", [&] { return run::read_snapshot(again); });
  fuzz::claim(copy.values.size() == snapshot->values.size(), "a checkpoint comes back with another number of values");
  for (const auto& [name, values] : snapshot->values) {
    const auto twin = copy.values.find(name);
    fuzz::claim(twin != copy.values.end() && twin->second.index() == values.index(),
                "a value comes back as another kind");
  }
  fuzz::checked(fuzz::allowed(bytes.size()), [&] {
    State state;
    StateVisitor visitor = StateVisitor::loading(*snapshot);
    visitor.visit("training", state);
    visitor.finish();
    return state.step;
  });
}

void run_checkpoint(fuzz::Bytes bytes) {
  read(bytes);
  read(fuzz::with_right_checksum(bytes));
}

const fuzz::Registration checkpoint_target("checkpoint", run_checkpoint);

}  // namespace
