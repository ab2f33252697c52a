// Options that every program shares, and where data sets are looked for.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <hcnn/hcnn.hpp>
#include <hcnn/io/printable.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace examples {

using namespace hcnn;

/// Where data is, and `--out`, `--resume`, `--seed`, `--epochs`, `--batch`, `--threads`, `--precision`.
struct CommonOptions {
  std::string data;                ///< a folder, "synthetic", or "" to look around
  std::optional<std::string> out;  ///< run folder; else the next free one of runs/<program>-NNN
  bool resume = false;             ///< continue the run in `out`
  std::uint64_t seed = 1;          ///< of all that is random
  std::optional<Index> epochs;     ///< else the recipe's
  std::optional<Index> batch;      ///< samples; else the recipe's
  int threads = 0;                 ///< 0: all cores
  std::string precision = "fp32";  ///< or "bf16"
};

/// The number that the text is, in decimal digits, or NaN. (CLI11 also takes hexadecimal ones.)
inline double number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : std::nan("");
}

/// Accepts whole numbers from 0 to 2^64 - 1; CLI11 takes larger ones for the largest.
inline CLI::Validator whole_from_zero() {
  const auto check = [](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size()
               ? ""
               : "Value " + text + " is not a whole number from 0 to 2^64 - 1";
  };
  return CLI::Validator(check, "0 or more");
}

/// Accepts numbers of 0 or more, or those above 0, but not infinity, which "1e999" is too. CLI11's own checks let
/// infinity pass and print the 309 digits of the largest double.
inline CLI::Validator from_zero(bool zero_itself = true) {
  const std::string range = zero_itself ? "0 or more" : "above 0";
  const auto check = [zero_itself, range](const std::string& text) {
    const double value = number_of(text);
    const bool legal = std::isfinite(value) && (value > 0 || (zero_itself && value == 0));
    return legal ? "" : "Value " + text + " is not " + range;
  };
  return CLI::Validator(check, range);
}

/// Accepts numbers from `least` to `most`; CLI11's own check lets "nan" pass.
inline CLI::Validator between(double least, double most) {
  const std::string range = concat(least, " to ", most);
  const auto check = [least, most, range](const std::string& text) {
    const double value = number_of(text);
    return value >= least && value <= most ? "" : "Value " + text + " is not in the range " + range;
  };
  return CLI::Validator(check, range);
}

/// `--data`.
inline void add_data_option(CLI::App& app, std::string& data) {
  app.add_option("--data", data,
                 "folder with CIFAR-100's train.bin and test.bin or CIFAR-10's data_batch_1.bin to test_batch.bin, or "
                 "'synthetic' for the built-in images "
                 "[default: $HCNN_CIFAR100_DIR, then data/cifar-100-binary]");
}

/// `--seed`, 0 or more.
inline void add_seed_option(CLI::App& app, std::uint64_t& seed, const char* text) {
  app.add_option("--seed", seed, text)->check(whole_from_zero())->capture_default_str();
}

/// `--threads`.
inline void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "threads; 0: OMP_NUM_THREADS or all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

/// Adds the shared options of a program that trains.
inline void add_common_options(CLI::App& app, CommonOptions& options) {
  auto* out = app.add_option("--out", options.out,
                             "run folder; it must not exist, except with --resume [default: runs/<program>-NNN]");
  app.add_flag("--resume", options.resume,
               "continue the run in --out from its last checkpoint, to the same bits; all options come from its "
               "config.json, only the folder of the data, --threads and --checkpoint-every may change")
      ->needs(out);
  add_seed_option(app, options.seed, "seed of weights, split, shuffling, augmentation and dropout");
  app.add_option("--epochs", options.epochs, "number of epochs [default: the recipe's; 6 for the synthetic images]")
      ->check(CLI::Range(Index{1}, Index{100000}));
  app.add_option("--batch", options.batch, "images per batch [default: the recipe's]")
      ->check(CLI::Range(Index{1}, Index{65536}));
  add_threads_option(app, options.threads);
  app.add_option("--precision", options.precision, "type of the activations: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
}

/// Folder of CIFAR-100: the one given, else $HCNN_CIFAR100_DIR, else data/cifar-100-binary. Throws FormatError where
/// there is none.
inline std::filesystem::path find_cifar100(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* folder = std::getenv("HCNN_CIFAR100_DIR"); folder && *folder) return folder;
  const std::filesystem::path local = "data/cifar-100-binary";
  if (std::filesystem::exists(local)) return local;
  fail<FormatError>(
      "--data", "no CIFAR-100 found",
      "give --data DIR, set HCNN_CIFAR100_DIR, or use --data synthetic (tools/run.sh --download fetches it)");
}

/// Training and test images.
struct Images {
  data::Dataset train;
  data::Dataset test;
  std::string name;                      ///< "CIFAR-100", "CIFAR-10", "synthetic" or that of a folder
  std::optional<CostMatrix> costs = {};  ///< of the finest level's mistakes, where they are known
};

/// True for the folder of CIFAR-10's binary version.
inline bool holds_cifar10(const std::filesystem::path& folder) {
  return std::filesystem::exists(folder / "data_batch_1.bin");
}

/// What config.json calls the images of `--data`.
inline std::string images_name(const std::string& data) {
  return data == "synthetic" ? "synthetic" : holds_cifar10(find_cifar100(data)) ? "CIFAR-10" : "CIFAR-100";
}

inline constexpr Index kSyntheticTrain = 10000;  ///< images
inline constexpr Index kSyntheticTest = 2000;    ///< images

/// Loads CIFAR-100 or CIFAR-10, or draws the synthetic images of the seed.
inline Images load_images(const std::string& data, std::uint64_t seed) {
  if (data == "synthetic")
    return {data::synthetic({.samples = kSyntheticTrain, .seed = seed, .part = data::Part::train}),
            data::synthetic({.samples = kSyntheticTest, .seed = seed, .part = data::Part::test}), images_name(data)};
  const std::filesystem::path folder = find_cifar100(data);
  if (holds_cifar10(folder))
    return {data::load_cifar10(folder, data::Part::train), data::load_cifar10(folder, data::Part::test), "CIFAR-10"};
  return {data::load_cifar100(folder, data::Part::train), data::load_cifar100(folder, data::Part::test),
          images_name(data)};
}

/// Runs a program: parses, applies `--threads`, and turns every error into one line, whatever a file's name holds. Exit
/// status: 2 for a wrong command line, 1 for any other error, else what the body returns.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const int& threads, const Body& body) {
  const auto complain = [&](const std::exception& error, const char* hint, int status) {
    std::cerr << app.get_name() << ": " << printable(error.what(), 8192) << hint << '\n';
    return status;
  };
  try {
    app.parse(argc, argv);
    if (threads > 0) set_thread_count(threads);
    kernels::active_isa();  // refuses a wrong HCNN_ISA before anything is read or written
    return body();
  } catch (const CLI::Success& request) {
    return app.exit(request);          // --help
  } catch (const CLI::ExtrasError&) {  // whose own text has the words in reverse order
    std::string words;
    for (const std::string& word : app.remaining()) words += ' ' + word;
    return complain(OptionError("not expected:" + words), "; see --help", 2);
  } catch (const CLI::ParseError& error) {
    return complain(error, "; see --help", 2);
  } catch (const std::exception& error) {
    return complain(error, "", 1);
  }
}
/// The same for a program that has no `--threads`.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const Body& body) {
  const int threads = 0;
  return run_program(app, argc, argv, threads, body);
}

/// What stands behind "--" on the command line, for another program; `argc` becomes the number of words before it.
inline std::vector<std::string> take_passed(int& argc, char** argv) {
  char** const end = argv + argc;
  char** const dashes = std::find_if(argv, end, [](const char* word) { return std::string_view(word) == "--"; });
  argc = static_cast<int>(dashes - argv);
  return dashes == end ? std::vector<std::string>{} : std::vector<std::string>(dashes + 1, end);
}

}  // namespace examples
