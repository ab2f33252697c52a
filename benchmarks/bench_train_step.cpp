// Times one training step and one inference pass of a network on random images, as a user's program would run them.
//
// Run:   build/release/benchmarks/bench_train_step --network multihead --precision fp32 --batch 128 --threads 2 --json
// Needs: an idle machine. Compare only figures of one run on one machine, alternating the programs.
// Takes: a few seconds. Prints the median of the steps, images per second, and the memory before the network was built
//        and at its peak (of the process, MiB). A step: forward, the heads' cross-entropies, backward, Adam.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <hcnn/hcnn.hpp>
#include <iomanip>
#include <iostream>
#include <optional>

using namespace hcnn;

namespace {

struct Options {
  std::string network = "multihead", precision = "fp32";
  Index batch = 128, steps = 9;
  int threads = 0;
  bool json = false;
};

struct Timing {
  double median, p10, p90;  // seconds
};

// One untimed call, then the distribution of the timed ones.
template <class Step>
Timing timed(Index steps, const Step& step) {
  step();
  std::vector<double> seconds;
  for (Index i = 0; i < steps; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    step();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) {
    return seconds[static_cast<std::size_t>(share * static_cast<double>(steps - 1) + 0.5)];
  };
  return {seconds[seconds.size() / 2], at(0.1), at(0.9)};
}

long peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

std::string decimals(double value, int digits) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(digits) << value;
  return out.str();
}

template <class T>
int run(const Options& options) {
  using M = Master<T>;
  const long baseline = peak_rss_mib();
  auto model = models::multi_head_cnn<T>(models::multi_head_cnn_options(options.network));
  init::he_normal(model, Seed{0});
  std::optional<losses::LossSum<M>> loss;
  Targets targets;
  RandomStream random(Seed{0}, hash_name("bench_train_step"));
  for (std::size_t h = 0; h < model.heads().size(); ++h) {
    const std::string& head = model.heads().name(h);
    loss = loss ? *loss + losses::cross_entropy<M>(head) : losses::cross_entropy<M>(head);
    for (Index n = 0; n < options.batch; ++n)
      targets.level(head).labels.push_back(
          static_cast<Label>(random.below(static_cast<std::uint32_t>(model.heads().classes(h)))));
  }
  Adam<M> optimizer{model.parameters(), {.learning_rate = 1e-3}};
  Tensor<T> x(options.batch, model.input_shape());
  for (T& value : x) value = T(static_cast<float>(random.uniform()));

  Logits<M> gradients;
  std::uint64_t epoch = 0;
  const Timing train = timed(options.steps, [&] {
    loss->evaluate(model.forward(x, {.epoch = ++epoch}), targets, gradients);
    model.backward(gradients);
    optimizer.step();
  });
  const long peak = peak_rss_mib();
  model.prepare_inference();
  Logits<M> logits;
  Workspace workspace;
  const Timing inference = timed(options.steps, [&] { model.infer(x, logits, workspace); });

  const auto per_second = [&](double seconds) { return decimals(static_cast<double>(options.batch) / seconds, 1); };
  const char* isa = kernels::to_string(kernels::active_isa());
  if (options.json)
    std::cout << R"({"peer": "hcnn", "network": ")" << options.network << R"(", "precision": ")" << options.precision
              << R"(", "layout": "channels_last", "batch": )" << options.batch << ", \"threads\": " << thread_count()
              << ", \"parameters\": " << model.parameter_count() << ", \"train_step_s\": " << decimals(train.median, 5)
              << ", \"train_images_per_s\": " << per_second(train.median)
              << ", \"inference_s\": " << decimals(inference.median, 5)
              << ", \"inference_images_per_s\": " << per_second(inference.median)
              << ", \"baseline_rss_mib\": " << baseline << ", \"peak_rss_mib\": " << peak << R"(, "isa": ")" << isa
              << "\"}\n";
  else
    std::cout << options.network << ' ' << options.precision << " on " << isa << ", batch " << options.batch << ", "
              << thread_count() << " threads\n"
              << "training step " << decimals(1e3 * train.median, 1) << " ms (p10 " << decimals(1e3 * train.p10, 1)
              << ", p90 " << decimals(1e3 * train.p90, 1) << "): " << per_second(train.median) << " images/s\n"
              << "inference     " << decimals(1e3 * inference.median, 1) << " ms (p10 "
              << decimals(1e3 * inference.p10, 1) << ", p90 " << decimals(1e3 * inference.p90, 1)
              << "): " << per_second(inference.median) << " images/s\n"
              << "memory        " << peak - baseline << " MiB above the " << baseline << " MiB before the network\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Times a training step and an inference pass", "bench_train_step"};
  app.add_option("--network", options.network, "multihead, severity or compact")
      ->check(CLI::IsMember({"multihead", "severity", "compact"}))
      ->capture_default_str();
  app.add_option("--precision", options.precision, "fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  app.add_option("--batch", options.batch, "images")->check(CLI::Range(Index{1}, Index{65536}))->capture_default_str();
  app.add_option("--steps", options.steps, "timed steps, after one untimed")
      ->check(CLI::Range(Index{1}, Index{100000}))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "0: OMP_NUM_THREADS or all cores")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_flag("--json", options.json, "one JSON line");
  CLI11_PARSE(app, argc, argv);
  try {
    if (options.threads > 0) set_thread_count(options.threads);
    return options.precision == "bf16" ? run<bfloat16>(options) : run<float>(options);
  } catch (const std::exception& error) {
    std::cerr << "bench_train_step: " << error.what() << '\n';
    return 1;
  }
}
