// Rules of decision on the command line, and the part of the images that a temperature is fitted on.
#pragma once

#include <hcnn/io.hpp>

#include "examples/common/transfer.hpp"

namespace examples {

/// What the command line says of the decision.
struct DecisionOptions {
  std::vector<std::string> rules;  ///< in their order: crm, reweight, reweight-all, marginal
  std::string temperature;         ///< "": none; "fit", or a number for every head
  std::string costs;               ///< file of crm's costs; "": the tree's severities
};

/// Adds `--rule`, `--temperature` and `--costs`.
inline void add_decision_options(CLI::App& app, DecisionOptions& options) {
  app.add_option(
         "--rule", options.rules,
         "decision rule instead of argmax; crm: the class with the least expected severity; reweight: argmax of "
         "p_fine x p_superclass; reweight-all: times the probabilities of all coarser heads; marginal: coarser "
         "levels from summed fine probabilities. Several rules are applied one after another")
      ->check(CLI::IsMember({"crm", "reweight", "reweight-all", "marginal"}));
  app.add_option("--temperature", options.temperature,
                 "divide the logits by this number, 0.001 to 1000, before any rule; 'fit': for each head by the number "
                 "with the least negative log-likelihood on the validation images of the training run");
  app.add_option(
      "--costs", options.costs,
      "CSV file of the costs of mistakes, as for train_folder: the mean cost of a prediction is printed, and "
      "crm uses these costs");
}

/// The config.json of the training whose model file this is; an empty object where the file has none.
inline io::Json config_of(const exchange::ModelInfo& info) {
  const io::Json config = info.notes.is_object() ? info.notes.value("config", io::Json()) : io::Json();
  return config.is_object() ? config : io::Json::object();
}

/// A setting in a config that may be a stranger's; `otherwise` where it has none, or one of another type.
template <class Value>
Value setting(const io::Json& config, const char* name, Value otherwise) {
  const auto found = config.find(name);
  if (found == config.end()) return otherwise;
  if constexpr (std::is_same_v<Value, std::string>)
    return found->is_string() ? found->template get<Value>() : otherwise;
  else if constexpr (std::is_floating_point_v<Value>)
    return found->is_number() ? found->template get<Value>() : otherwise;
  else
    return found->is_number_unsigned() && std::in_range<Value>(found->template get<std::uint64_t>())
               ? found->template get<Value>()
               : otherwise;
}

/// The seed of that training; 1 where it has none.
inline std::uint64_t seed_of(const io::Json& config) { return setting(config, "seed", std::uint64_t{1}); }

/// The images that validated the training whose model file this is, found by its config.
/// @param train the images that it split; none: it is not known which
/// Throws OptionError where they are not known.
inline data::Dataset validation_part(const std::optional<data::Dataset>& train, const exchange::ModelInfo& info) {
  const io::Json config = config_of(info);
  const double split = setting(config, "split", 0.0);
  if (!train || !(split > 0 && split < 1) || !config.contains("seed"))
    fail<OptionError>("--temperature fit", "the model does not say which of these images validated it",
                      "give a number: --temperature 1.5");
  const std::uint64_t seed = seed_of(config);
  return data::stratified_split(limited(*train, setting(config, "limit", Index{0}), seed), split, seed).second;
}

/// The rules that `--rule` names, for a network with these heads.
inline void add_rules(metrics::DecisionRules& rules, const DecisionOptions& options, const Taxonomy& tree,
                      const std::vector<std::string>& heads) {
  const std::string& fine = tree.level_name(0);
  std::vector<std::string> coarser;
  for (Index level = 1; level < tree.levels(); ++level)
    if (std::find(heads.begin(), heads.end(), tree.level_name(level)) != heads.end())
      coarser.push_back(tree.level_name(level));
  for (const std::string& rule : options.rules) {
    if (rule == "crm") {
      rules.add(std::make_shared<metrics::ConditionalRisk>(
          fine, options.costs.empty() ? severity_matrix(tree) : exchange::read_costs(options.costs, tree.classes(0))));
    } else if (rule == "marginal") {
      rules.add(std::make_shared<metrics::Marginalization>(fine, tree));
    } else {
      if (coarser.empty())
        fail<OptionError>("--rule " + rule, "a network with the head '" + heads.front() + "' alone",
                          "one with coarser heads is needed");
      std::vector<std::string> levels = coarser;
      if (rule == "reweight") levels.resize(1);
      rules.add(std::make_shared<metrics::HeadReweighting>(fine, levels, tree));
    }
  }
}

/// The number of `--temperature`, or nothing for "fit". Throws OptionError for anything else.
inline std::optional<double> given_temperature(const std::string& text) {
  if (text == "fit") return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != 0 || !(value >= metrics::kLeastTemperature && value <= metrics::kMostTemperature))
    fail<OptionError>("--temperature", "'" + printable(text) + "'", "a number from 0.001 to 1000, or fit");
  return value;
}

}  // namespace examples
