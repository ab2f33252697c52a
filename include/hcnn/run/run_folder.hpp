// The folder of one run: created new and never overwritten; every file in it has a fixed name.
#pragma once

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "hcnn/core/check.hpp"
#include "hcnn/io/atomic_file.hpp"
#include "hcnn/io/printable.hpp"
#include "hcnn/run/folder_lock.hpp"

/// Runs on disk: folder, history, metrics, models, plots and report.
namespace hcnn::run {

/// Escapes a name for use in a file name: letters, digits, '_' and '-' stay, every other byte becomes %XX. Level names
/// may come from a file and must not become paths.
inline std::string file_name_part(std::string_view name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string part;
  for (const char character : name) {
    const auto code = static_cast<unsigned char>(character);
    const bool plain = (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z');
    if (plain || character == '_' || character == '-')
      part += character;
    else
      (part += '%') += {kHex[code >> 4], kHex[code & 15]};
  }
  return part;
}

/// Names of the files in a run folder. The constructor does not touch the disk.
class RunFolder {
 public:
  /// @param path of the folder, which need not exist
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  /// Creates the folder `out`, with its parents, or the next free one of "<root>/<program>-001", "-002", ... An empty
  /// folder is used as it is, and so is one that holds only the temporary files of a killed program. Throws Error, a
  /// single line, if anything else is there or the folder cannot be created.
  static RunFolder create(const std::optional<std::filesystem::path>& out, std::string_view program,
                          const std::filesystem::path& root = "runs") {
    if (out) {
      if (!make(*out)) require_new(*out);
      return RunFolder(*out);
    }
    for (int number = last_number(root, program) + 1;; ++number) {
      std::string digits = std::to_string(number);
      digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
      const std::filesystem::path path = root / concat(program, '-', digits);
      if (make(path)) return RunFolder(path);
    }
  }

  /// Throws Error, a single line, if the path exists and is not an empty folder, or if another program is writing to
  /// it. Creates nothing, and removes nothing but temporary files of killed programs.
  static void require_new(const std::filesystem::path& path) {
    const FolderLock lock(path);
    std::error_code error;
    io::remove_temporaries(path);
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error)) &&
        !(std::filesystem::is_directory(path, error) && std::filesystem::is_empty(path, error)))
      refuse(path, "it is there already", "a new folder is needed, or --resume: nothing is overwritten");
  }

  /// Opens the folder of an earlier run. Throws Error if it has no config.json.
  static RunFolder open_existing(const std::filesystem::path& path) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(RunFolder(path).config(), error))
      refuse(path, "it holds no config.json", "the folder of an earlier run is needed");
    return RunFolder(path);
  }

  /// Path of the folder.
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.json"; }         ///< settings the program was run with
  std::filesystem::path history() const { return path_ / "history.csv"; }        ///< a row for each epoch
  std::filesystem::path steps() const { return path_ / "steps.csv"; }            ///< a row for each training step
  std::filesystem::path metrics() const { return path_ / "metrics.json"; }       ///< metrics of the whole run
  std::filesystem::path last() const { return path_ / "last.safetensors"; }      ///< model at the end of training
  std::filesystem::path best() const { return path_ / "best.safetensors"; }      ///< model after the best epoch
  std::filesystem::path resume() const { return path_ / "resume.safetensors"; }  ///< everything needed to resume
  std::filesystem::path curves() const { return path_ / "curves.png"; }          ///< losses, accuracies, rate by epoch
  std::filesystem::path report() const { return path_ / "report.html"; }         ///< everything on one page
  /// Loss over learning rate, from the learning-rate search, as a table.
  std::filesystem::path learning_rates_table() const { return path_ / "learning_rates.csv"; }
  /// Loss over learning rate, from the learning-rate search, as a plot.
  std::filesystem::path learning_rates_picture() const { return path_ / "learning_rates.png"; }
  /// Confusion matrix of a head as a plot.
  std::filesystem::path confusion_picture(std::string_view level) const {
    return of_level("confusion_", level, ".png");
  }
  /// Confusion matrix of a head as a table of counts.
  std::filesystem::path confusion_table(std::string_view level) const { return of_level("confusion_", level, ".csv"); }
  /// Precision, recall and F1 of each class of a head, as a table.
  std::filesystem::path per_class(std::string_view level) const { return of_level("per_class_", level, ".csv"); }

  /// Creates a folder with its parents; false if something of that name exists. Throws Error if it cannot be created.
  static bool make(const std::filesystem::path& path) {
    const auto folder = path.has_filename() ? path : path.parent_path();  // "runs/a/" is "runs/a"
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(folder, error))) return false;
    error.clear();  // a missing path is no error
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
    const bool made = !error && std::filesystem::create_directory(folder, error);
    if (error) refuse(folder, error.message(), "a folder that can be made is needed");
    return made;
  }

 private:
  std::filesystem::path of_level(const char* kind, std::string_view level, const char* ending) const {
    return path_ / (kind + file_name_part(level) + ending);
  }
  [[noreturn]] static void refuse(const std::filesystem::path& path, const std::string& came, const char* expected) {
    fail<Error>(io::printable_path(path), came, expected);
  }
  /// Highest number of a "<program>-<number>" in `root`; 0 if there is none.
  static int last_number(const std::filesystem::path& root, std::string_view program) {
    int last = 0;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(concat(program, '-'))) continue;
      int number = 0;
      const char* end = name.data() + name.size();
      const auto parsed = std::from_chars(name.data() + program.size() + 1, end, number);
      if (parsed.ec == std::errc() && parsed.ptr == end && number < 1'000'000'000) last = std::max(last, number);
    }
    return last;
  }

  std::filesystem::path path_;
};

}  // namespace hcnn::run
