// A data set from a folder of image files: a folder is a class, nested folders are the levels of the label tree.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hcnn/core/parallel.hpp"
#include "hcnn/data/dataset.hpp"
#include "hcnn/data/folder_classes.hpp"
#include "hcnn/io/image_reader.hpp"
#include "hcnn/io/picture_fit.hpp"

namespace hcnn::data {

/// Options of `read_image_folder`.
struct ImageFolderOptions {
  Index height = 32;                      ///< height of the images, pixels, 1 to 4096
  Index width = 32;                       ///< width of the images, pixels, 1 to 4096
  Index channels = 3;                     ///< 3: red, green, blue; 1: grey
  io::Fit fit = io::Fit::squash;          ///< how images of other proportions are fitted
  bool skip_bad = false;                  ///< skip files that are not images; else they are an error
  std::vector<std::string> levels = {};   ///< names of the levels, fine to coarse; empty: `default_level_names`
  std::optional<Taxonomy> taxonomy = {};  ///< the classes; none: classes and tree come from the folders
};

/// Result of `read_image_folder`.
struct ImageFolder {
  Dataset images;                    ///< images with labels at every level, and the label tree
  std::vector<std::string> files;    ///< path of each sample's file, from the folder down: "bolt/cracked/17.png"
  std::vector<std::string> skipped;  ///< a line for each skipped file, naming it
};

/// Pixels of images that are read together, and an error message for each that cannot be read.
struct PictureBatch {
  std::vector<std::uint8_t> pixels;   ///< N, H, W, C; 0 for a bad image
  std::vector<std::string> problems;  ///< one for each image; "" if it is good
};

/// Reads image files on all threads.
inline PictureBatch read_pictures(const std::vector<std::filesystem::path>& paths, const Shape& shape, io::Fit fit) {
  PictureBatch batch{std::vector<std::uint8_t>(paths.size() * static_cast<std::size_t>(shape.size())),
                     std::vector<std::string>(paths.size())};
  parallel_for(static_cast<Index>(paths.size()), [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    try {
      const auto bytes = io::input_bytes(io::read_image(paths[at]), shape, fit);
      std::copy(bytes.begin(), bytes.end(), batch.pixels.begin() + i * shape.size());
    } catch (const Error& error) {
      batch.problems[at] = error.what();
    }
  });
  return batch;
}

/// Throws OptionError for options outside their range.
inline void check_options(const ImageFolderOptions& options) {
  constexpr Index kMost = 4096;
  for (const auto& [name, extent] : {std::pair{"height", options.height}, {"width", options.width}})
    require_option(extent >= 1 && extent <= kMost, "read_image_folder", name, extent, "must be 1 to 4096");
  require_option(options.channels == 1 || options.channels == 3, "read_image_folder", "channels", options.channels,
                 "must be 3 (red, green, blue) or 1 (grey)");
  if (options.taxonomy && !options.levels.empty())
    fail<OptionError>("read_image_folder", "names of levels beside a hierarchy", "the hierarchy has names");
}

/// The tree of the class folders, or the one that the options give.
inline Taxonomy folder_taxonomy(const std::filesystem::path& folder, const std::vector<ClassFolder>& classes,
                                const ImageFolderOptions& options) {
  if (options.taxonomy) return *options.taxonomy;
  const std::size_t depth = classes.front().path.size();
  if (!options.levels.empty() && options.levels.size() != depth)
    fail<OptionError>("read_image_folder", concat(options.levels.size(), " names of levels"),
                      concat(io::printable_path(folder), " has class folders ", depth, " deep"));
  std::vector<ClassPath> paths;
  for (const ClassFolder& each : classes) paths.push_back(each.path);
  return taxonomy_from_paths(options.levels.empty() ? default_level_names(depth) : options.levels, std::move(paths));
}

/// Removes the bad images from `batch`, `files` and `labels` and returns their error messages. Throws FormatError if
/// there are any and `skip` is false, and if a class has no image left.
inline std::vector<std::string> drop_bad(PictureBatch& batch, std::vector<std::string>& files,
                                         std::vector<Label>& labels, const Taxonomy& taxonomy, bool skip) {
  std::vector<std::string> lines;
  for (const std::string& problem : batch.problems)
    if (!problem.empty()) lines.push_back(problem);
  if (lines.empty()) return lines;
  if (!skip) throw FormatError(lines.size() == 1 ? lines[0] : concat(lines[0], " (", lines.size(), " files are bad)"));
  const auto each = static_cast<Index>(batch.pixels.size() / files.size());
  std::vector<Index> left(static_cast<std::size_t>(taxonomy.class_count(0)));
  std::size_t kept = 0;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!batch.problems[i].empty()) continue;
    ++left[static_cast<std::size_t>(labels[i])];
    if (kept != i) {
      const auto from = batch.pixels.begin() + static_cast<Index>(i) * each;
      std::copy(from, from + each, batch.pixels.begin() + static_cast<Index>(kept) * each);
      files[kept] = std::move(files[i]);
      labels[kept] = labels[i];
    }
    ++kept;
  }
  if (const auto none = std::find(left.begin(), left.end(), Index{0}); none != left.end())
    fail<FormatError>("class '" + printable(taxonomy.classes(0)[static_cast<std::size_t>(none - left.begin())]) + "'",
                      "every file is bad", "it needs an image at least; of all bad files the first is " + lines[0]);
  batch.pixels.resize(kept * static_cast<std::size_t>(each));
  files.resize(kept);
  labels.resize(kept);
  return lines;
}

/// Reads all image files (PNG, JPEG, PPM, told apart by content) in the class folders, see `find_class_folders`, as
/// images of one shape, see `io::input_bytes`. Samples are sorted by the names of their folders and files, byte by
/// byte, so that neither the order on disk nor the requested size matters. With `options.taxonomy`, folders must be
/// named like its finest classes or nested as it is, and every class needs one. Throws FormatError for a folder that
/// holds no such data set and for a bad image, naming it; OptionError for options out of range. Holds all images in
/// memory, one byte for each of the (N, H, W, C) values.
inline ImageFolder read_image_folder(const std::filesystem::path& folder, const ImageFolderOptions& options = {}) {
  check_options(options);
  const std::vector<ClassFolder> classes = find_class_folders(folder);
  const Taxonomy taxonomy = folder_taxonomy(folder, classes, options);
  const std::vector<Label> labels_of = folder_labels(folder, classes, taxonomy);
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> files;
  std::vector<Label> labels;
  for (std::size_t k = 0; k < classes.size(); ++k)
    for (const std::string& file : classes[k].files) {
      files.push_back(to_string(classes[k].path) + '/' + file);
      paths.push_back(folder / files.back());
      labels.push_back(labels_of[k]);
    }
  const Shape shape{options.height, options.width, options.channels};
  PictureBatch batch = read_pictures(paths, shape, options.fit);
  std::vector<std::string> skipped = drop_bad(batch, files, labels, taxonomy, options.skip_bad);
  return {Dataset(shape, std::move(batch.pixels), taxonomy, std::move(labels)), std::move(files), std::move(skipped)};
}

}  // namespace hcnn::data
