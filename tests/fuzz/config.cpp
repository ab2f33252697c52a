// config.json of a run: it is refused in one line, or its settings are those of a command line.
#include "examples/common/config.hpp"

#include "fuzz/support/target.hpp"

namespace {

using namespace examples;

void run_config(fuzz::Bytes bytes) {
  const auto& path = fuzz::in_memory(bytes);
  TrainingOptions options;
  auto recipe = fuzz::checked(io::kJsonBytes + fuzz::allowed(2 * bytes.size()),
                              [&] { return read_config(path, "train_multihead", options); });
  if (!recipe) return;
  fuzz::claim(recipe->epochs >= 1 && recipe->batch >= 1, "no epoch or an empty batch");
  fuzz::claim(std::isfinite(recipe->learning_rate) && recipe->learning_rate >= 0, "a learning rate that is none");
  io::Json json = io::parse_json(bytes, "x");
  for (const Setting& setting : settings(*recipe, options)) {
    if (setting.may_lack && !json.contains(setting.name)) continue;
    std::visit([&](const auto* value) { fuzz::claim(json[setting.name] == io::Json(*value), "another setting"); },
               setting.value);
  }
}

const fuzz::Registration config_target("config", run_config);

}  // namespace
