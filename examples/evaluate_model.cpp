// Evaluates a model file on the test images: accuracy of every head, severity of the mistakes, each with its interval,
// and calibration; for the network alone or with decision rules that need no training.
//
// Run:    build/release/examples/evaluate_model runs/train_multihead-001/last.safetensors --data cifar-100-binary
//         build/release/examples/evaluate_model runs/train_severity-001/last.safetensors --temperature fit --rule crm
//         build/release/examples/evaluate_model runs/train_folder-001/best.safetensors
//         build/release/examples/evaluate_model runs/train_folder-001/best.safetensors --data more_photos
// Needs:  a model of a training program, and the images it was trained for; for train_folder's models, the images held
//         out for its test, or another folder with the same classes.
// Expect: the metrics under "test" in the run's metrics.json; with --rule crm a lower HD@1 and MS at about the same
//         accuracy.
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/decision_options.hpp"
#include "examples/common/folder_images.hpp"
#include "examples/common/model_files.hpp"
#include "examples/common/print.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::string model, data, precision = "fp32", predictions;
  examples::DecisionOptions decision;
  std::optional<std::uint64_t> seed;
  Index batch = 128;
  int threads = 0;
  bool flip = false, json = false, csv = false;
};

void print_csv(const metrics::EvaluationResult& result) {
  std::cout << io::csv_line({"level", "samples", "top1", "top5", "balanced_accuracy", "macro_f1"});
  for (const auto& head : result.heads)
    std::cout << io::csv_line({head.level, concat(result.samples), concat(head.top1.value()), concat(head.top5.value()),
                               concat(head.confusion.balanced_accuracy()), concat(head.confusion.macro_f1())});
}

// The test images, their name, and the images used for training and validation, if known.
struct Loaded {
  data::Dataset test;
  std::string name;
  std::optional<data::Dataset> train = {};
  std::vector<std::string> files = {};  // of the test images, by their identity
};

// For a model of train_folder: its test images (held out from its own folder, or those of its test folder), or all
// images of another folder.
Loaded load_folder(const Options& options, const Shape& shape, const exchange::ModelInfo& info) {
  const io::Json config = examples::config_of(info);
  const auto note = [&](const char* name) {
    const auto value = config.find(name);
    return value != config.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  const std::string own = note("data_folder"), test = note("test");
  if (options.data.empty() && own.empty())
    fail<OptionError>("--data", "none was given", "the model does not say which folder it was trained on: give one");
  const std::string folder = options.data.empty() ? own : options.data;
  data::ImageFolderOptions how{.height = shape.height,
                               .width = shape.width,
                               .channels = shape.channels,
                               .fit = *info.fit,
                               .taxonomy = info.taxonomy};
  how.skip_bad = config.value("skip_bad", io::Json(false)) == true;
  std::error_code ignored;
  if (own.empty() || !std::filesystem::equivalent(folder, own, ignored)) {
    data::ImageFolder read = examples::read_folder(folder, how);
    Loaded all{std::move(read.images), folder, std::nullopt, std::move(read.files)};
    std::cerr << "evaluate_model: note: all pictures in " << printable(folder)
              << " are measured; of those that the model was trained on the figures are too good\n";
    return all;
  }
  data::ImageFolder all = examples::read_folder(folder, how);
  if (const auto share = examples::test_share(test)) {
    auto [rest, kept] = data::stratified_split(all.images, 1 - *share, examples::seed_of(config));
    if (const auto there = info.notes.find("test_fingerprint");
        there != info.notes.end() && *there != data::fingerprint(kept))
      fail<DataError>(io::printable_path(folder), "other pictures than those of the training",
                      "which of them it was tested on is no longer known: give a folder of others by --data");
    return {std::move(kept), "kept for the test of " + folder, std::move(rest), std::move(all.files)};
  }
  if (!options.data.empty() || test.empty()) {
    std::cerr << "evaluate_model: note: all pictures in " << printable(folder)
              << " are measured; the model was trained on them: the figures are too good\n";
    return {std::move(all.images), folder, std::nullopt, std::move(all.files)};
  }
  data::ImageFolder tested = examples::read_folder(test, how);
  return {std::move(tested.images), test, std::move(all.images), std::move(tested.files)};
}

// The images selected by the options, with the classes that the model was trained on.
Loaded load(const Options& options, const Shape& shape, const exchange::ModelInfo& info) {
  if (info.fit && info.taxonomy) return load_folder(options, shape, info);
  const examples::Images images =
      examples::load_images(options.data, options.seed.value_or(examples::seed_of(examples::config_of(info))));
  const std::string classes = examples::setting(examples::config_of(info), "classes", std::string("all"));
  if (classes != "all" && classes != "base" && classes != "novel")
    fail<FormatError>(options.model, "classes '" + printable(classes) + "'", "all, base and novel are known");
  Loaded loaded{examples::with_classes(images.test, classes), examples::images_name(options.data) + " test",
                examples::with_classes(images.train, classes)};
  if (info.taxonomy && *info.taxonomy != *loaded.test.taxonomy())
    fail<DataError>(options.model, "the model's classes are not those of " + images.name,
                    "give the images it was trained for");
  return loaded;
}

template <class T>
class Evaluation {
 public:
  explicit Evaluation(const Options& options) : options_(options), loaded_(examples::load_trained<T>(options.model)) {}

  int run() {
    if (!options_.predictions.empty() && std::filesystem::exists(options_.predictions))
      fail<Error>(io::printable_path(options_.predictions), "it exists already",
                  "a new file is needed: nothing is overwritten");
    const Loaded images = load(options_, loaded_.model.input_shape(), loaded_.info);
    const metrics::DecisionRules rules = make_rules(images);
    metrics::Inspection inspection;
    const Taxonomy* tree = images.test.taxonomy();
    metrics::Outcomes outcomes(tree, metrics::usual_ranks(tree ? tree->class_count(0) : 1));
    std::optional<CostMatrix> costs;
    if (!options_.decision.costs.empty() && tree)
      costs = exchange::read_costs(options_.decision.costs, tree->classes(0));
    run::PredictionLog log(loaded_.model.heads().name(0));
    metrics::BatchObservers observers({&inspection, &outcomes, &log});
    const metrics::EvaluationResult result = measure(images.test, rules.empty() ? nullptr : &rules, &observers);
    if (options_.json)
      print_json(result, rules, inspection, outcomes, costs);
    else if (options_.csv)
      print_csv(result);
    else
      print(images.name, result, rules, inspection, outcomes, costs);
    if (!options_.predictions.empty())
      io::write_csv(options_.predictions,
                    run::predictions_table(log, images.test, images.files, rules.gives_probabilities()));
    return 0;
  }

 private:
  metrics::EvaluationResult measure(const data::Dataset& images, const metrics::DecisionRule* rule,
                                    metrics::BatchObserver* observer) {
    return train::evaluate(loaded_.model, images,
                           {.batch = options_.batch,
                            .normalization = loaded_.info.normalization,
                            .flip = options_.flip,
                            .rule = rule,
                            .observer = observer});
  }

  metrics::DecisionRules make_rules(const Loaded& images) {
    metrics::DecisionRules rules;
    std::vector<std::string> heads;
    for (std::size_t h = 0; h < loaded_.model.heads().size(); ++h) heads.push_back(loaded_.model.heads().name(h));
    if (!options_.decision.temperature.empty()) {
      std::map<std::string, double> temperatures;
      if (const auto given = examples::given_temperature(options_.decision.temperature)) {
        for (const std::string& head : heads) temperatures[head] = *given;
      } else {
        metrics::TemperatureFit fit;
        measure(examples::validation_part(images.train, loaded_.info), nullptr, &fit);
        temperatures = fit.rule().temperatures();
      }
      rules.add(std::make_shared<metrics::Temperature>(std::move(temperatures)));
    }
    if (!options_.decision.rules.empty() && !images.test.taxonomy())
      fail<OptionError>("--rule", "images without a label tree", "one is needed");
    if (images.test.taxonomy()) examples::add_rules(rules, options_.decision, *images.test.taxonomy(), heads);
    return rules;
  }

  void print_json(const metrics::EvaluationResult& result, const metrics::DecisionRules& rules,
                  const metrics::Inspection& inspection, const metrics::Outcomes& outcomes,
                  const std::optional<CostMatrix>& costs) const {
    io::Json json = run::evaluation_json(result);
    if (costs) json["mean_cost"] = metrics::mean_cost(result.heads.front().confusion, *costs);
    run::add_outcomes(json, outcomes);
    for (const auto& head : result.heads)
      if (const auto* inspected = inspection.find(head.level); inspected && rules.gives_probabilities())
        json["calibration"][head.level] = inspected->calibration.expected_error();
    if (!rules.empty()) json["rule"] = rules.name();
    std::cout << io::to_text(json);
  }

  void print(const std::string& images, const metrics::EvaluationResult& result, const metrics::DecisionRules& rules,
             const metrics::Inspection& inspection, const metrics::Outcomes& outcomes,
             const std::optional<CostMatrix>& costs) const {
    if (!rules.empty()) std::cout << "rule: " << rules.name() << '\n';
    examples::print_evaluation(std::cout, printable(images), result, costs);
    std::cout << "95 % intervals, by drawing the images anew:\n";
    for (const auto& [name, value, interval] : run::figure_texts(outcomes))
      std::cout << "  " << std::left << std::setw(36) << name << std::right << std::setw(9) << value << "   "
                << interval << '\n';
    for (const auto& head : result.heads)
      if (const auto* inspected = inspection.find(head.level); inspected && rules.gives_probabilities())
        std::cout << "  expected calibration error, " << head.level << ": "
                  << decimal(inspected->calibration.expected_error(), 4) << '\n';
  }

  const Options& options_;
  exchange::LoadedModel<T> loaded_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Evaluates a model file on the test images", "evaluate_model"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("--data", options.data,
                 "folder of the images, as for the training program; 'synthetic' for the built-in ones [default: "
                 "$HCNN_CIFAR100_DIR, then data/cifar-100-binary; for a model of train_folder its test images]");
  app.add_option("--precision", options.precision, "type of the activations: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "seed of the synthetic images [default: that of the training run]")
      ->check(examples::from_zero());
  app.add_option("--batch", options.batch, "images per batch")
      ->check(CLI::Range(Index{1}, Index{65536}))
      ->capture_default_str();
  examples::add_threads_option(app, options.threads);
  examples::add_decision_options(app, options.decision);
  app.add_flag("--flip", options.flip, "average the probabilities of each image and its mirror image");
  app.add_option("--predictions", options.predictions,
                 "CSV file to write: for each image the true and the predicted class of the finest head, its "
                 "probability, and the severity of the mistake");
  auto* json = app.add_flag("--json", options.json, "print JSON with accuracies as fractions, as in metrics.json");
  app.add_flag("--csv", options.csv, "print CSV, one row per head, accuracies as fractions")->excludes(json);
  return examples::run_program(app, argc, argv, options.threads, [&] {
    if (!options.decision.temperature.empty()) examples::given_temperature(options.decision.temperature);
    return options.precision == "bf16" ? Evaluation<bfloat16>(options).run() : Evaluation<float>(options).run();
  });
}
