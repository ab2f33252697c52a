// The command line of train_folder, an argument a line, up to the point where a file would be read: it is refused in
// one line, or its settings are legal and config.json gives them back.
#include <sstream>

#include "examples/common/config.hpp"
#include "examples/common/training_command.hpp"
#include "fuzz/support/target.hpp"

namespace {

using namespace examples;

std::vector<std::string> lines(fuzz::Bytes bytes) {
  std::vector<std::string> arguments;
  std::istringstream text{std::string(bytes)};
  for (std::string line; std::getline(text, line);) arguments.push_back(line.substr(0, line.find('\0')));
  return arguments;
}

// Settings as JSON, without the paths and notes that depend on where the program runs.
io::Json settings_json(Recipe& recipe, TrainingOptions& options) {
  io::Json json;
  for (const Setting& setting : settings(recipe, options))
    std::visit([&](const auto* value) { json[setting.name] = *value; }, setting.value);
  return json;
}

void claim_settings(const TrainingOptions& options) {
  TrainingOptions asked = options;
  if (!asked.folder->validation) asked.split = options.split;
  resolve_folder(asked);
  Recipe recipe = resolve(asked, make_recipe(asked.recipe));
  const io::Json json = settings_json(recipe, asked);
  fuzz::claim(recipe.learning_rate > 0 && std::isfinite(recipe.learning_rate), "a learning rate that is none");
  fuzz::claim(recipe.epochs >= 1 && recipe.batch >= 1, "no epoch or an empty batch");
  for (const auto& [name, value] : json.items())
    fuzz::claim(!value.is_number_float() || (std::isfinite(value.get<double>()) && value.get<double>() >= 0),
                name + " is negative or no number");
  const io::Json read =
      fuzz::must("settings that cannot be read", [&] { return io::parse_json(io::to_text(json), "x"); });
  io::JsonObject object(read, "config.json");
  TrainingOptions back = asked;
  Recipe same;
  for (const Setting& setting : settings(same, back))
    fuzz::must("settings that config.json refuses", [&] {
      read_setting(object, setting);
      return 0;
    });
  fuzz::claim(io::to_text(settings_json(same, back)) == io::to_text(json), "config.json gives other settings back");
}

void run_command_line(fuzz::Bytes bytes) {
  std::vector<std::string> arguments = lines(bytes);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  TrainingCommand command("train_folder");
  const TrainingOptions& options = command.options;
  try {
    command.app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    fuzz::claim(error.get_exit_code() == 0 || std::string_view(error.what()).size() > 0, "an error without a text");
    fuzz::note(false, 0, 1);
    return;
  }
  // A config.json and a run to resume are files: other targets read them.
  if (options.common.resume || !options.config.empty()) return;
  fuzz::checked(std::size_t{1} << 26, [&] {
    claim_settings(options);
    return 0;
  });
}

const fuzz::Registration command_line_target("command_line", run_command_line);

}  // namespace
