// A training on a folder of your own pictures: its options, and the images they ask for.
#pragma once

#include <hcnn/io.hpp>
#include <hcnn/run/search_space.hpp>

#include <cmath>

#include "examples/common/training_options.hpp"

namespace examples {

/// Height and width from "64" or, width first, "64x48". Throws OptionError for anything else.
inline std::pair<Index, Index> parse_size(const std::string& text) {
  const auto whole = [&](std::string_view digits) {
    const bool legal =
        !digits.empty() && digits.size() <= 4 && digits.find_first_not_of("0123456789") == std::string_view::npos;
    const Index value = legal ? std::stol(std::string(digits)) : 0;
    if (value < 8 || value > 1024)
      fail<OptionError>("--size", "'" + text + "'", "SIDE or WIDTHxHEIGHT is expected, 8 to 1024 pixels each");
    return value;
  };
  const auto mark = text.find('x');
  if (mark == std::string::npos) return {whole(text), whole(text)};
  return {whole(std::string_view(text).substr(mark + 1)), whole(std::string_view(text).substr(0, mark))};
}

/// The share that the text of `--test` is, if it is a number. Throws OptionError for one outside 0..1.
inline std::optional<double> test_share(const std::string& text) {
  char* end = nullptr;
  const double share = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != 0) return std::nullopt;
  if (!(share > 0 && share < 1)) fail<OptionError>("--test", text, "a share above 0 and below 1, or a folder");
  return share;
}

/// Adds the options of a program that trains on a folder of pictures, whose recipe is "small" unless told otherwise.
inline void add_folder_options(CLI::App& app, TrainingOptions& options) {
  options.recipe = "small";
  options.monitor = "";  // the finest level, whatever it is called
  FolderOptions& folder = options.folder.emplace();
  app.add_option(
      "folder", options.common.data,
      "images (PNG, JPEG, PPM) in one folder per class; nested folders are the levels of the label tree. Not "
      "given with --resume and --config");
  app.add_option("--size", folder.size, "SIDE or WIDTHxHEIGHT in pixels, to which every image is scaled")
      ->capture_default_str();
  app.add_option("--channels", folder.channels, "3: colour; 1: grey")
      ->check(CLI::IsMember({1, 3}))
      ->capture_default_str();
  app.add_option("--fit", folder.fit,
                 "for images of other proportions: squash scales width and height separately, crop cuts off the sides")
      ->check(CLI::IsMember({"squash", "crop"}))
      ->capture_default_str();
  app.add_option("--test", folder.test, "fraction of the images that is kept as test set, or a folder of test images")
      ->capture_default_str();
  app.add_option("--validation", folder.validation,
                 "fraction of the other images used as validation set [default: 0.2]")
      ->check(between(0.01, 0.99));
  app.add_option(
      "--levels", folder.levels,
      "names of the levels of nested folders, finest first, e.g. part,kind [default: fine,superclass,group]");
  app.add_option("--hierarchy", folder.hierarchy,
                 "CSV or JSON file with the parents of the classes, for folders that are not nested");
  app.add_option("--costs", folder.costs,
                 "CSV file with the cost of each mistake, a row per true class, a column per predicted class: "
                 "measured in the report, and S of --loss report, readme, expected and soft-labels");
  app.add_flag("--skip-bad", folder.skip_bad, "list files that are not images and continue without them");
}

/// Makes the paths that the command line gave absolute, so that a run can be resumed from anywhere, and takes
/// `--validation`. Throws OptionError for what is missing or does not fit together, before any file is read.
inline void resolve_folder(TrainingOptions& options) {
  FolderOptions& folder = *options.folder;
  if (options.common.data.empty())
    fail<OptionError>("folder", "none was given", "a folder of pictures is needed; see --help");
  parse_size(folder.size);
  const auto resolved = [](const std::string& path) { return std::filesystem::absolute(path).string(); };
  if (folder.test.empty()) fail<OptionError>("--test", "''", "a share above 0 and below 1, or a folder");
  if (!test_share(folder.test)) folder.test = resolved(folder.test);
  if (!folder.levels.empty() && !folder.hierarchy.empty())
    fail<OptionError>("--levels", "with --hierarchy", "the file has the names of the levels");
  if (!folder.hierarchy.empty()) folder.hierarchy = resolved(folder.hierarchy);
  if (!folder.costs.empty()) folder.costs = resolved(folder.costs);
  if (folder.validation) options.split = 1 - *folder.validation;
  if (!folder.costs.empty() && (options.losses.severity_1 || options.losses.severity_2 || options.losses.severity_3))
    fail<OptionError>("--costs", "with --severity-1, -2 or -3", "they are two ways to say what mistakes cost");
}

/// Throws OptionError where train and test folders lie side by side: they would be taken for a level of the tree.
inline void refuse_parts(const std::filesystem::path& folder) {
  for (const char* test : {"test", "val", "valid", "validation"})
    if (std::filesystem::is_directory(folder / "train") && std::filesystem::is_directory(folder / test))
      fail<OptionError>(io::printable_path(folder), concat("folders train and ", test, " in it"),
                        concat("give ", (folder / "train").string(), " --test ", (folder / test).string()));
}

/// Reads a folder and names what was skipped on standard error.
inline data::ImageFolder read_folder(const std::filesystem::path& path, const data::ImageFolderOptions& options) {
  data::ImageFolder folder = data::read_image_folder(path, options);
  for (const std::string& line : folder.skipped) std::cerr << "skipped: " << printable(line, 8192) << '\n';
  return folder;
}

/// Throws OptionError where one of both folders lies in the other, or is the other: what is trained on is no test.
inline void refuse_same(const std::filesystem::path& train, const std::filesystem::path& test) {
  const auto inside = [](const std::filesystem::path& part, const std::filesystem::path& whole) {
    const auto relative =
        std::filesystem::weakly_canonical(part).lexically_relative(std::filesystem::weakly_canonical(whole));
    return !relative.empty() && *relative.begin() != "..";
  };
  if (inside(test, train) || inside(train, test))
    fail<OptionError>("--test", io::printable_path(test) + " and the pictures to train on are in one folder",
                      "pictures that are not trained on are needed, or a share such as 0.2");
}

/// Throws OptionError for the weight of a severity that the tree does not have: it would change nothing.
inline void require_severities(const TrainingOptions& options, const Taxonomy& taxonomy) {
  for (const auto& [severity, given] :
       {std::pair{2, options.losses.severity_2.has_value()}, {3, options.losses.severity_3.has_value()}})
    if (given && severity > taxonomy.levels())
      fail<OptionError>(concat("--severity-", severity), concat("a tree of ", taxonomy.levels(), " levels"),
                        concat("its greatest severity is ", taxonomy.levels()));
}

/// Throws OptionError for a level named like a figure: metrics.json has both side by side.
inline void require_level_names(const Taxonomy& taxonomy) {
  for (const char* taken :
       {"samples", "loss", "from_fine", "severity", "agreement", "calibration", "intervals", "mean_cost", "all"})
    if (taxonomy.has_level(taken))
      fail<OptionError>("levels", concat("one is named '", taken, "'"), "a figure has that name: choose another");
}

/// Reads the pictures that the options ask for. Throws FormatError, naming the file, and OptionError.
inline Images load_folder(const TrainingOptions& options) {
  const FolderOptions& asked = *options.folder;
  const std::filesystem::path path = options.common.data;
  refuse_parts(path);
  const auto [height, width] = parse_size(asked.size);
  data::ImageFolderOptions how{.height = height,
                               .width = width,
                               .channels = asked.channels,
                               .fit = io::parse_fit(asked.fit, "--fit"),
                               .skip_bad = asked.skip_bad};
  if (!asked.hierarchy.empty()) how.taxonomy = exchange::read_taxonomy(asked.hierarchy);
  if (!asked.levels.empty()) how.levels = run::split_text(asked.levels, ',');
  const data::Dataset all = read_folder(path, how).images;
  how.taxonomy = *all.taxonomy();
  how.levels.clear();
  require_level_names(*how.taxonomy);
  if (how.taxonomy->class_count(0) < 2)
    fail<DataError>(io::printable_path(path), "a single class", "two or more are needed");
  std::optional<CostMatrix> costs;
  if (!asked.costs.empty()) costs = exchange::read_costs(asked.costs, how.taxonomy->classes(0));
  const std::string name = path.has_filename() ? path.filename().string() : path.parent_path().filename().string();
  if (const auto share = test_share(asked.test)) {
    auto [rest, test] = data::stratified_split(all, 1 - *share, options.common.seed);
    if (test.size() == 0 || rest.size() == 0)
      fail<OptionError>("--test", concat(*share, " of ", all.size(), " pictures"), "some to test and some to train on");
    return {std::move(rest), std::move(test), name, std::move(costs)};
  }
  refuse_same(path, asked.test);
  return {all, read_folder(asked.test, how).images, name, std::move(costs)};
}

}  // namespace examples
