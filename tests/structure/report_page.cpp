// Writes two run folders with made-up results, hostile names among them, and their comparison: report_page FOLDER.
// report_in_browser.py opens FOLDER/first/report.html and FOLDER/compare.html in a browser.
#include <cmath>
#include <iostream>

#include "hcnn/run.hpp"

using namespace hcnn;

namespace {

// Three levels; names that would be markup, end the page's script or break quotes.
Taxonomy hostile_tree() {
  return Taxonomy({{"fine",
                    {"zebra", "<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>",
                     "\"quoted\" & 'more'", "ant", "bee", "oak", "elm"},
                    {0, 0, 1, 1, 2, 2, 3, 3}},
                   {"superclass", {"<b>striped</b>", "markup", "insects", "trees"}, {0, 0, 0, 1}},
                   {"group", {"animals", "plants"}, {}}});
}

constexpr Index kSamples = 800;

data::Dataset noise_images(const Taxonomy& tree) {
  const Shape shape{.height = 32, .width = 32, .channels = 3};
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(kSamples * shape.size()));
  RandomStream random(Seed{1}, hash_name("pixels"));
  for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(256 * random.uniform());
  std::vector<Label> labels;
  for (Index n = 0; n < kSamples; ++n) labels.push_back(static_cast<Label>(n % 8));
  return data::Dataset(shape, std::move(pixels), tree, std::move(labels));
}

// Sample n is of class n % 8. Classes are right but for every fifth sample of a class, taken for the next class, and
// every seventh, taken for class 0.
void measure(run::RunSummary& run, const Taxonomy& tree) {
  Logits<float> logits;
  Targets targets;
  for (Index level = 0; level < tree.levels(); ++level) {
    const Index classes = tree.class_count(level);
    Tensor<float>& scores = logits.resize(tree.level_name(level), kSamples, classes);
    std::fill(scores.begin(), scores.end(), 0.0F);
    for (Index n = 0; n < kSamples; ++n) {
      const auto truth = static_cast<Label>(n % 8);
      const Index turn = n / 8;
      const Label answer = turn % 5 == 0 ? (truth + 1) % 8 : turn % 7 == 0 ? 0 : truth;
      scores[n * classes + tree.ancestor(answer, 0, level)] = static_cast<float>(turn % 11) / 2;
      targets.level(tree.level_name(level)).labels.push_back(tree.ancestor(truth, 0, level));
    }
  }
  metrics::Evaluator<float> evaluator(tree);
  evaluator.add(logits, targets);
  run.test = run.val = run.train = evaluator.result();
  run.inspection.emplace().add(logits, targets);
}

run::RunSummary made_up_run() {
  const Taxonomy tree = hostile_tree();
  run::RunSummary run{.title = "made-up run </script><script>alert(3)</script>"};
  run.config = {{"program", "report_page"}, {"optimizer", "<i>adam</i>"}, {"seed", 1}};
  run.network = "none";
  run.epochs = 40;
  run.seconds = 12;
  for (Index epoch = 1; epoch <= 40; ++epoch) {
    const auto t = static_cast<double>(epoch);
    metrics::EpochRecord record{.epoch = epoch, .learning_rate = 0.1 * std::pow(0.8, t)};
    record.set("train.loss", 4 / t);
    record.set("train.fine.top1", 1 - 1 / t);
    record.set("train.hd1", 2 / t);
    record.set("val.loss", 4 / t + 0.5);
    record.set("val.fine.top1", 0.8 - 0.8 / t);
    record.set("val.hd1", 2.5 / t);
    run.history.add(record);
  }
  run.taxonomy = tree;
  run.images = noise_images(tree);
  measure(run, tree);
  return run;
}

void write_run(const run::RunFolder& folder, const run::RunSummary& run) {
  run::RunFolder::make(folder.path());
  io::write_json(folder.config(), run.config);
  run::write_history(folder.history(), run.history);
  run::write_results(folder, run);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: report_page FOLDER\n";
    return 2;
  }
  try {
    const std::filesystem::path folder = argv[1], first = folder / "first", second = folder / "<b>second";
    run::RunSummary run = made_up_run();
    write_run(run::RunFolder(first), run);
    run.config["seed"] = 2;
    write_run(run::RunFolder(second), run);
    run::write_comparison(folder / "compare.html", run::read_runs({first, second}));
  } catch (const std::exception& error) {
    std::cerr << "report_page: " << printable(error.what(), 1000) << '\n';
    return 1;
  }
  return 0;
}
