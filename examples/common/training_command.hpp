// The command line of a training program, for itself and for the programs that start it.
#pragma once

#include <algorithm>

#include "examples/common/folder_images.hpp"
#include "examples/common/resolve.hpp"

namespace examples {

/// The command line of a training program: which options it has.
struct TrainingCommand {
  /// @param program train_multihead, train_severity or train_folder
  explicit TrainingCommand(const std::string& program, const std::string& description = {})
      : app(description, program) {
    if (program == "train_folder") add_folder_options(app, options);
    add_training_options(app, options, networks_of(program));
    if (program != "train_severity") add_consistency_option(app, options);
    if (program != "train_multihead") add_severity_options(app, options.losses);
  }
  /// Throws OptionError, one line that begins with `where`, for arguments that the program would refuse or that ask for
  /// something else than a training.
  /// @param synthetic the images will be the built-in ones, which have defaults of their own
  void require_legal(std::vector<std::string> arguments, const std::string& where, bool synthetic) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
      app.parse(std::move(arguments));
      if (options.config.empty()) {
        if (options.folder)
          resolve_folder(options);
        else if (synthetic)
          use_synthetic_defaults(options);
        resolve(options, make_recipe(options.recipe));
      }
    } catch (const CLI::Error& error) {
      fail<OptionError>(where, error.what(), "see " + app.get_name() + " --help");
    } catch (const Error& error) {
      throw OptionError(where + ": " + error.what());
    }
    if (options.common.out || options.common.resume || options.common.threads != 0)
      fail<OptionError>(where, "--out, --resume or --threads", "each training is given its own");
    if (options.find_learning_rate || options.print_config)
      fail<OptionError>(where, "--find-learning-rate or --print-config", "a training is needed");
  }

  CLI::App app;
  TrainingOptions options;
};

}  // namespace examples
