// config.json: every setting of a training, out of a program and back into one.
#pragma once

#include <zlib.h>
#include <hcnn/io.hpp>

#include <variant>

#include "examples/common/commit.hpp"
#include "examples/common/folder_images.hpp"
#include "examples/common/resolve.hpp"

namespace examples {

/// One member of config.json and the place of its value in the program.
struct Setting {
  const char* name;
  std::variant<std::string*, double*, Index*, std::uint64_t*, bool*, std::vector<double>*> value;
  double least = 0, most = 1;             ///< of a number
  std::vector<std::string> choices = {};  ///< of a text; empty: any
  bool may_lack = false;                  ///< a config.json without it, of an older version, means the default
};

/// All settings that decide what a training computes, but for the images.
inline std::vector<Setting> training_settings(Recipe& recipe, TrainingOptions& options) {
  return {{"recipe", &recipe.name, 0, 0, kRecipes},
          {"split", &options.split, 0.01, 0.99},
          {"seed", &options.common.seed},
          {"epochs", &recipe.epochs, 1, 100000},
          {"batch", &recipe.batch, 1, 65536},
          {"accumulate", &recipe.accumulate, 1, 65536},
          {"ema", &recipe.ema, 0, 0.999999},
          {"patience", &recipe.patience, 0, 100000},
          {"precision", &options.common.precision, 0, 0, {"fp32", "bf16"}},
          {"network", &recipe.network, 0, 0, models::network_names()},
          {"activation", &recipe.activation, 0, 0, kActivations},
          {"batch_norm", &recipe.batch_norm},
          {"dropout", &recipe.dropout, 0, 0.99},
          {"init", &recipe.init, 0, 0, kInits},
          {"small_heads", &recipe.small_heads},
          {"loss", &recipe.loss, 0, 0, kLosses},
          {"alpha", &recipe.alpha, 0, 1e6},
          {"correct_weight", &recipe.correct_weight, 0, 1e6},
          {"severity_weights", &recipe.severity_weights, 0, 1e6},
          {"head_weights", &recipe.head_weights, 0, 1e6},
          {"label_smoothing", &recipe.label_smoothing, 0, 0.99},
          {"optimizer", &recipe.optimizer, 0, 0, kOptimizers},
          {"nesterov", &recipe.nesterov},
          {"learning_rate", &recipe.learning_rate, 0, 1e300},
          {"weight_decay", &recipe.weight_decay, 0, 1e300},
          {"schedule", &recipe.schedule, 0, 0, kSchedules},
          {"augment", &recipe.augment, 0, 0, kAugmentations},
          {"normalize", &recipe.normalize},
          {"weights", &options.weights},
          {"limit", &options.limit, 0, 1e15},
          {"limit_batches", &options.limit_batches, 0, 1e15},
          {"time_limit", &options.time_limit, 0, 1e9},
          {"dry_run", &options.dry_run}};
}

/// Settings that config.json did not have from the first version on.
inline std::vector<Setting> later_settings(Recipe& recipe, TrainingOptions& options) {
  return {{"clip_norm", &recipe.clip_norm, 0, 1e300},
          {"monitor", &options.monitor},
          {"single_head", &recipe.single_head},
          {"other_learning_rate", &recipe.other_learning_rate, 0, 1e300},
          {"trunk_rate", &recipe.trunk_rate, 0, 1e300},
          {"momentum", &recipe.momentum, 0, 0.999999},
          {"class_weights", &recipe.class_weights, 0, 0, kClassWeights},
          {"warm_up", &recipe.warm_up, 0, 1},
          {"hold", &recipe.hold, 0, 1},
          {"flip", &recipe.flip, 0, 0, kFlips},
          {"erase", &recipe.erase, 0, 1},
          {"mixup", &recipe.mixup, 0, 1e300},
          {"expected_weight", &recipe.expected_weight, 0, 1e6},
          {"hxe_alpha", &recipe.hxe_alpha, 0, 1e6},
          {"beta", &recipe.beta, 0, 1e6},
          {"consistency", &recipe.consistency, 0, 1e300},
          {"trunk", &options.trunk},
          {"classes", &options.classes, 0, 0, kClassParts}};
}

/// These and, of a program that trains on folders of pictures, what becomes of the pictures.
inline std::vector<Setting> settings(Recipe& recipe, TrainingOptions& options) {
  std::vector<Setting> all = training_settings(recipe, options);
  for (Setting& later : later_settings(recipe, options)) {
    later.may_lack = true;
    all.push_back(std::move(later));
  }
  if (!options.folder) return all;
  FolderOptions& folder = *options.folder;
  const std::vector<Setting> more = {{"size", &folder.size},
                                     {"channels", &folder.channels, 1, 3},
                                     {"fit", &folder.fit, 0, 0, {"squash", "crop"}},
                                     {"test", &folder.test},
                                     {"levels", &folder.levels, 0, 0, {}, true},
                                     {"hierarchy", &folder.hierarchy},
                                     {"costs", &folder.costs},
                                     {"skip_bad", &folder.skip_bad}};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

/// The CRC-32 of a file of costs, which tells whether it is still the one that a run began with. Throws FormatError.
inline std::uint32_t costs_checksum(const std::string& path) {
  const std::string text = io::read_file(path);
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

/// Everything needed to repeat the run: the content of config.json.
inline io::Json config_json(Recipe recipe, TrainingOptions options, const std::string& program) {
  const std::string data = options.folder ? "folder" : images_name(options.common.data);
  io::Json json = {{"program", program}, {"data", data}};
  if (options.folder)
    json["data_folder"] = std::filesystem::absolute(options.common.data).string();
  else if (data != "synthetic")
    json["data_folder"] = std::filesystem::absolute(find_cifar100(options.common.data)).string();
  for (const Setting& setting : settings(recipe, options))
    std::visit([&](const auto* value) { json[setting.name] = *value; }, setting.value);
  if (options.folder && !options.folder->costs.empty()) json["costs_crc32"] = costs_checksum(options.folder->costs);
  json["threads"] = thread_count();
  json["isa"] =
      kernels::to_string(options.common.precision == "bf16" ? kernels::isa_for<bfloat16>() : kernels::isa_for<float>());
  json["commit"] = commit();
  if (!options.command.empty()) json["command"] = options.command;
  return json;
}

/// Takes one setting from the object; FormatError where it is missing or illegal.
inline void read_setting(io::JsonObject& object, const Setting& setting) {
  const std::string name = setting.name;
  if (auto* const* text = std::get_if<std::string*>(&setting.value)) {
    **text = object.text(name);
    const auto& choices = setting.choices;
    if (!choices.empty() && std::find(choices.begin(), choices.end(), **text) == choices.end())
      fail<FormatError>(object.where(), name + " = '" + printable(**text) + "'", "see --help for the choices");
  } else if (auto* const* real = std::get_if<double*>(&setting.value)) {
    **real = object.number(name, setting.least, setting.most);
  } else if (auto* const* whole = std::get_if<Index*>(&setting.value)) {
    **whole = object.integer(name, static_cast<Index>(setting.least), static_cast<Index>(setting.most));
  } else if (auto* const* seed = std::get_if<std::uint64_t*>(&setting.value)) {
    const io::Json& value = object.member(name);
    if (!value.is_number_unsigned()) fail<FormatError>(object.where(), name + " is no whole number >= 0", "it must be");
    **seed = value.get<std::uint64_t>();
  } else if (auto* const* flag = std::get_if<bool*>(&setting.value)) {
    **flag = object.boolean(name);
  } else {
    *std::get<std::vector<double>*>(setting.value) = object.numbers(name, 100, setting.least, setting.most);
  }
}

/// Reads the config.json of a run of `program` into the options, data included, and returns its recipe. Throws
/// FormatError, naming file and member, for another program's or whatever is no such file.
inline Recipe read_config(const std::filesystem::path& path, const std::string& program, TrainingOptions& options) {
  const io::Json json = io::read_json(path);
  io::JsonObject object(json, io::printable_path(path));
  if (const std::string other = object.text("program"); other != program)
    fail<FormatError>(object.where(), "a run of " + printable(other), "one of " + program + " is needed");
  Recipe recipe;
  for (const Setting& setting : settings(recipe, options))
    if (!setting.may_lack || json.contains(setting.name)) read_setting(object, setting);
  if (const auto weights = recipe.severity_weights.size(); weights != 3)
    fail<FormatError>(object.where(), concat("severity_weights has ", weights, " entries"), "3 are needed");
  if (recipe.head_weights.empty())
    fail<FormatError>(object.where(), "head_weights has 0 entries", "at least 1 is needed");
  options.recipe = recipe.name;
  const bool synthetic = object.text("data") == "synthetic";
  options.common.data = synthetic ? "synthetic" : json.contains("data_folder") ? object.text("data_folder") : "";
  for (const char* note : {"threads", "isa", "commit"}) object.member(note);
  for (const char* note : {"command", "costs_crc32"})
    if (json.contains(note)) object.member(note);
  object.finish();
  return recipe;
}

/// Throws OptionError, one line, where the command line asks for something else than the run that it resumes.
inline void require_same_settings(const io::Json& run, const io::Json& asked, const TrainingOptions& options) {
  const auto refuse = [](const std::string& name, const io::Json& there, const io::Json& here) {
    fail<OptionError>("--resume", "the command line asks for " + name + " = " + here.dump(),
                      "the run has " + there.dump() + " and keeps it");
  };
  if (run["recipe"] != options.recipe) refuse("recipe", run["recipe"], options.recipe);
  // The file of costs may have been moved: it is known by its content.
  const auto costs = run.find("costs_crc32");
  const bool has_costs = costs != run.end() && asked.contains("costs_crc32");
  if (has_costs)
    if (asked["costs_crc32"] != *costs)
      fail<OptionError>("--resume", printable(asked["costs"].get<std::string>()) + " has changed",
                        "the costs that the run began with are needed");
  // Nor are folders and the hierarchy known by their places; see Training::require_same_pictures.
  const auto may_move = [&](const std::string& name, const io::Json& value) {
    if (name == "costs") return has_costs;
    const auto is_folder = [](const io::Json& test) {
      return test.is_string() && !test_share(test.get<std::string>());
    };
    if (name == "test") return is_folder(value) && is_folder(asked[name]);
    if (name == "hierarchy") return value != "" && asked[name] != "";
    return name == "threads" || name == "isa" || name == "commit" || name == "data_folder" || name == "command";
  };
  for (const auto& [name, value] : run.items())
    if (!may_move(name, value) && asked[name] != value) refuse(name, value, asked[name]);
  Recipe recipe;
  TrainingOptions defaults;
  for (const Setting& setting : later_settings(recipe, defaults))
    std::visit(
        [&](const auto* value) {
          const io::Json there = *value;
          if (!run.contains(setting.name) && asked[setting.name] != there)
            refuse(setting.name, there, asked[setting.name]);
        },
        setting.value);
}

}  // namespace examples
