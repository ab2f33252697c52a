// Searches numeric options of a training program: a grid, random points, or successive halving. Each trial is a
// training run with its own run folder; an interrupted search can be resumed.
//
// Run:    build/release/examples/search_hyperparameters --data cifar-100-binary --method halving --trials 27 --epochs 9
//           --range learning-rate=1e-3:1:log --range dropout=0:0.6 -- --recipe best
//         build/release/examples/search_hyperparameters --data synthetic --program train_severity --method grid
//           --values alpha=0.5,1,2 --values severity-3=3,6 --metric val.ms --epochs 3 -- --loss readme --limit 2000
//         build/release/examples/search_hyperparameters --program train_folder --data photos --method grid
//           --values dropout=0,0.3 --epochs 5
// Needs:  the training programs in its own folder, and the images that they need.
// Expect: trials.csv, search.png and report.html with the best trial and the command that repeats it.
#include "examples/common/search.hpp"

namespace {

using namespace examples;

/// Runs the search given by the options, a new one or a resumed one.
/// @param parse_again applies the command line again over options read from a search.json
template <class Parse>
int run_search(SearchOptions& options, const Interrupt& interrupt, const Parse& parse_again) {
  if (options.jobs > thread_count())
    fail<OptionError>(concat("--jobs ", options.jobs), concat(thread_count(), " threads"),
                      "each trial needs one of its own");
  io::Json there;
  if (options.resume) {
    const std::filesystem::path file = std::filesystem::path(*options.out) / "search.json";
    there = io::read_json(file);
    const std::vector<std::string> passed = std::exchange(options.passed, {});
    read_search(there, io::printable_path(file), options);
    if (!passed.empty()) options.passed = passed;
    parse_again();
  }
  if (options.metric.empty()) options.metric = default_metric(options);
  const std::vector<run::SearchAxis> axes = search_axes(options);
  const std::vector<run::SearchPoint> points = search_points(options, axes);
  const io::Json asked = search_json(options);
  if (options.resume) require_same_search(there, asked, *options.out);
  sibling_program(options.program);  // fails before a folder is made

  const run::RunFolder folder =
      options.resume ? run::RunFolder(*options.out) : run::RunFolder::create(options.out, "search_hyperparameters");
  const run::FolderLock lock(folder.path());
  if (!options.resume || asked != there) io::write_json(folder.path() / "search.json", asked);
  options.data = asked["data"];
  return Search(options, axes, folder.path()).run(points, interrupt);
}

}  // namespace

int main(int argc, char** argv) {
  const Interrupt interrupt;
  SearchOptions options;
  options.passed = take_passed(argc, argv);
  CLI::App app{"Searches numeric options of a training program", "search_hyperparameters"};
  add_search_options(app, options);
  return run_program(app, argc, argv, options.threads,
                     [&] { return run_search(options, interrupt, [&] { app.parse(argc, argv); }); });
}
