// Times one training step and one inference pass of a network on random images, as a user's program would run them.
//
// Run:   build/release/benchmarks/bench_train_step --network multihead --precision fp32 --batch 128 --threads 2 --json
// Needs: an idle machine. Compare only figures of one run on one machine, alternating the programs: compare_pytorch.py.
// Takes: a few seconds. Prints the median of the steps, images per second, and the memory before the network was built
//        and at its peak (of the process, MiB). A step: forward, the heads' cross-entropies, backward, Adam. First the
//        network's logits are checked against the portable path's; a difference ends the program.
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <hcnn/hcnn.hpp>
#include <iostream>

#include "benchmarks/training_step.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;
using namespace benchmarks;

namespace {

struct Options {
  std::string network = "multihead", precision = "fp32";
  Index batch = 128, steps = 9;
  int threads = 0;
  bool json = false, inference_only = false;
};

struct Result {
  Timing train, inference;
  Index parameters = 0;
  long baseline = 0, peak = 0;  // MiB
  const char* isa = "";
};

// MiB that a line of this process's status says, "VmRSS:" or "VmHWM:", the most so far. getrusage would not do: the
// most that it knows of is at the beginning that of the program which started this one.
long resident_mib(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (long kib = 0; word == name && status >> kib) return kib / 1024;
  fail<Error>("/proc/self/status", "no line " + name, "Linux is needed to measure memory");
}

// Logits of two images on the instruction set in use against the portable path's, in evaluation mode. The largest
// difference, relative to the largest logit, is a few roundings of T.
template <class T>
void check(const Options& options) {
  const Model<T> model = make_network<T>(options.network);
  const kernels::Isa isa = kernels::active_isa();
  const Tensor<T> x = random_images<T>(2, model.input_shape());
  const std::string head = model.heads().name(0);
  const auto logits = model.infer(x, head);
  kernels::limit_isa(kernels::Isa::portable);
  const auto expected = model.infer(x, head);
  kernels::limit_isa(isa);
  double largest = 0, difference = 0;
  for (Index i = 0; i < logits.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    difference = std::max(difference, std::abs(static_cast<double>(logits[i]) - static_cast<double>(expected[i])));
  }
  const double bound = std::is_same_v<T, bfloat16> ? 0.05 : 1e-4;
  if (!(difference <= bound * largest))
    fail<NumericError>(concat("check on ", kernels::to_string(isa)), concat("logits differ by ", difference / largest),
                       concat("at most ", bound, " of the largest logit is expected"));
}

// Runs `check` in a process of its own, so that its memory does not count.
template <class T>
void check_apart(const Options& options) {
  const pid_t child = fork();
  if (child == 0) {
    try {
      check<T>(options);
      _exit(0);
    } catch (const std::exception& error) {
      std::cerr << "bench_train_step: " << error.what() << '\n';
      _exit(1);
    }
  }
  int status = 1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
    fail<Error>("check", "failed", "the kernels must agree with the portable path before they are timed");
}

template <class T>
Result measure(const Options& options) {
  check_apart<T>(options);
  Result result;
  result.isa = kernels::to_string(kernels::isa_for<T>());
  result.baseline = resident_mib("VmRSS:");
  auto model = make_network<T>(options.network);
  result.parameters = model.parameter_count();
  if (!options.inference_only) result.train = timed(options.steps, TrainingStep<T>(model, options.batch));
  result.peak = resident_mib("VmHWM:");
  model.prepare_inference();
  const Tensor<T> x = random_images<T>(options.batch, model.input_shape());
  Logits<Master<T>> logits;
  Workspace workspace;
  result.inference = timed(options.steps, [&] { model.infer(x, logits, workspace); });
  return result;
}

std::string per_second(const Options& options, const Timing& timing) {
  return decimal(static_cast<double>(options.batch) / timing.median, 1);
}

void print_json(const Options& options, const Result& result) {
  std::cout << R"({"peer": "hcnn", "network": ")" << options.network << R"(", "precision": ")" << options.precision
            << R"(", "layout": "channels_last", "batch": )" << options.batch << ", \"threads\": " << thread_count()
            << ", \"parameters\": " << result.parameters;
  if (!options.inference_only)
    std::cout << ", \"train_step_s\": " << decimal(result.train.median, 5)
              << ", \"train_images_per_s\": " << per_second(options, result.train);
  std::cout << ", \"inference_s\": " << decimal(result.inference.median, 5)
            << ", \"inference_images_per_s\": " << per_second(options, result.inference)
            << ", \"baseline_rss_mib\": " << result.baseline << ", \"peak_rss_mib\": " << result.peak << R"(, "isa": ")"
            << result.isa << "\"}\n";
}

void print_line(const char* name, const Options& options, const Timing& timing) {
  std::cout << name << decimal(1e3 * timing.median, 2) << " ms (p10 " << decimal(1e3 * timing.p10, 2) << ", p90 "
            << decimal(1e3 * timing.p90, 2) << "): " << per_second(options, timing) << " images/s\n";
}

void print_text(const Options& options, const Result& result) {
  std::cout << options.network << ' ' << options.precision << " on " << result.isa << ", batch " << options.batch
            << ", " << thread_count() << " threads\n";
  if (!options.inference_only) print_line("training step ", options, result.train);
  print_line("inference     ", options, result.inference);
  std::cout << "memory        " << result.peak - result.baseline << " MiB above the " << result.baseline
            << " MiB before the network\n";
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Times a training step and an inference pass", "bench_train_step"};
  add_network_option(app, options.network);
  add_precision_option(app, options.precision);
  add_batch_option(app, options.batch);
  add_steps_option(app, options.steps, "timed steps, after one untimed");
  examples::add_threads_option(app, options.threads);
  app.add_flag("--inference-only", options.inference_only, "leave out the training step, for the latency of batch 1");
  app.add_flag("--json", options.json, "one JSON line");
  return examples::run_program(app, argc, argv, options.threads, [&] {
    const Result result = options.precision == "bf16" ? measure<bfloat16>(options) : measure<float>(options);
    options.json ? print_json(options, result) : print_text(options, result);
    return 0;
  });
}
