// Options that every program shares, and where data sets are looked for.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <hcnn/hcnn.hpp>
#include <iostream>
#include <optional>
#include <string>

namespace examples {

using namespace hcnn;

/// `--data`, `--out`, `--seed`, `--epochs`, `--batch`, `--threads`, `--precision`.
struct CommonOptions {
  std::string data;                ///< a folder, "synthetic", or "" to look around
  std::optional<std::string> out;  ///< run folder
  std::uint64_t seed = 1;
  std::optional<Index> epochs;  ///< else the recipe's
  std::optional<Index> batch;   ///< samples; else the recipe's
  int threads = 0;              ///< 0: all cores
  std::string precision = "fp32";
};

inline void add_data_option(CLI::App& app, std::string& data) {
  app.add_option("--data", data,
                 "folder with CIFAR-100's train.bin and test.bin, or 'synthetic' for the built-in images "
                 "[default: $HCNN_CIFAR100_DIR, then data/cifar-100-binary]");
}

inline void add_threads_option(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "threads; 0: OMP_NUM_THREADS or all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

/// Adds the shared options of a program that trains.
inline void add_common_options(CLI::App& app, CommonOptions& options) {
  add_data_option(app, options.data);
  app.add_option("--out", options.out, "run folder, must not exist yet [default: runs/<program>-NNN]");
  app.add_option("--seed", options.seed, "of weights, split, shuffling, augmentation and dropout")
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "passes over the training images [default: the recipe's]")
      ->check(CLI::Range(Index{1}, Index{100000}));
  app.add_option("--batch", options.batch, "images a step [default: the recipe's]")
      ->check(CLI::Range(Index{1}, Index{65536}));
  add_threads_option(app, options.threads);
  app.add_option("--precision", options.precision, "type of activations: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
}

/// Folder of CIFAR-100: the one given, else $HCNN_CIFAR100_DIR, else data/cifar-100-binary. Throws FormatError where
/// there is none.
inline std::filesystem::path find_cifar100(const std::string& given) {
  if (!given.empty()) return given;
  if (const char* folder = std::getenv("HCNN_CIFAR100_DIR")) return folder;
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
  std::string name;  ///< "CIFAR-100" or "synthetic"
};

inline constexpr Index kSyntheticTrain = 10000;  ///< images
inline constexpr Index kSyntheticTest = 2000;    ///< images

/// Loads CIFAR-100, or draws the synthetic images of the seed.
inline Images load_images(const std::string& data, std::uint64_t seed) {
  if (data == "synthetic")
    return {data::synthetic({.samples = kSyntheticTrain, .seed = seed, .part = data::Part::train}),
            data::synthetic({.samples = kSyntheticTest, .seed = seed, .part = data::Part::test}), "synthetic"};
  const std::filesystem::path folder = find_cifar100(data);
  return {data::load_cifar100(folder, data::Part::train), data::load_cifar100(folder, data::Part::test), "CIFAR-100"};
}

/// Runs a program: parses, applies `--threads`, and turns every error into one line and an exit status of 1.
template <class Body>
int run_program(CLI::App& app, int argc, char** argv, const int& threads, const Body& body) {
  try {
    app.parse(argc, argv);
    if (threads > 0) set_thread_count(threads);
    return body();
  } catch (const CLI::Success& request) {
    return app.exit(request);  // --help
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << "; see --help\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << app.get_name() << ": " << error.what() << '\n';
    return 1;
  }
}

}  // namespace examples
