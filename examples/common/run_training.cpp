// The training of every training program, compiled once for all of them: for float and for bfloat16.
#include "examples/common/run_training.hpp"

#include "examples/common/interrupt.hpp"
#include "examples/common/shell_words.hpp"
#include "examples/common/training.hpp"
#include "examples/common/training_command.hpp"

namespace examples {

namespace {

// The settings of a config.json, into `options` too; `parse_again` puts the command line over them.
Recipe recipe_of(const std::filesystem::path& file, const std::string& program, TrainingOptions& options,
                 const std::function<void()>& parse_again) {
  const bool resume = options.common.resume;
  const Recipe recipe = read_config(file, program, options);
  options.dry_run = resume && options.dry_run;
  const std::string weights = std::exchange(options.weights, {}), trunk = std::exchange(options.trunk, {});
  parse_again();
  if (options.weights.empty() && options.trunk.empty()) {  // they exclude each other: what is given replaces both
    options.weights = weights;
    options.trunk = trunk;
  }
  if (options.recipe != recipe.name && !resume)
    fail<OptionError>("--recipe", options.recipe, "--config says " + recipe.name + ": single options override it");
  return recipe;
}

// The settings of the recipe that the command line names.
Recipe recipe_of(const std::string& program, TrainingOptions& options) {
  if (options.common.data == "synthetic" && !options.folder) use_synthetic_defaults(options);
  Recipe recipe = make_recipe(options.recipe);
  if (program == "train_severity") {
    recipe.network = "severity";
    recipe.single_head = true;
  }
  return recipe;
}

// Runs what the options ask for; returns the exit status.
int run_parsed(TrainingOptions& options, const std::string& program, const Interrupt& interrupt,
               const std::function<void()>& parse_again) {
  const bool resume = options.common.resume;
  const std::filesystem::path file =
      resume ? run::RunFolder::open_existing(*options.common.out).config() : std::filesystem::path(options.config);
  Recipe recipe = file.empty() ? recipe_of(program, options) : recipe_of(file, program, options, parse_again);
  if (options.folder) resolve_folder(options);
  recipe = resolve(options, recipe);
  if (options.find_learning_rate && options.dry_run)
    fail<OptionError>("--find-learning-rate", "with --dry-run", "it takes a hundred steps: leave one of them out");
  if (options.find_learning_rate && (recipe.mixup > 0 || recipe.accumulate > 1 || recipe.clip_norm > 0))
    fail<OptionError>("--find-learning-rate", "with --mixup, --accumulate or --clip-norm",
                      "it tries steps of single batches of plain images: leave them out");
  io::Json config = config_json(recipe, options, program);
  if (resume) {
    const io::Json run = io::read_json(file);
    require_same_settings(run, config, options);
    const io::Json asked = std::exchange(config, run);
    for (const char* place : {"data_folder", "test", "hierarchy", "costs"})  // they may have moved
      if (asked.contains(place)) config[place] = asked[place];
  }
  if (options.print_config) {
    std::cout << io::to_text(config);
    return 0;
  }
  if (!resume && options.common.out) run::RunFolder::require_new(*options.common.out);  // before images are read
  if (options.dry_run) {  // after config.json, which holds what a real run is asked for
    recipe.epochs = 1;
    options.limit_batches = 2;
  }
  if (options.common.precision == "bf16") return Training<bfloat16>(options, recipe, program, config).run(interrupt);
  return Training<float>(options, recipe, program, config).run(interrupt);
}

}  // namespace

int run_training(const char* program, const char* description, int argc, char** argv) {
  const Interrupt interrupt;
  TrainingCommand command(program, description);
  command.options.command = repeatable_command(argc, argv);
  return run_program(command.app, argc, argv, command.options.common.threads, [&] {
    return run_parsed(command.options, program, interrupt, [&] { command.app.parse(argc, argv); });
  });
}

}  // namespace examples
