// What the benchmarks of whole training steps share: their options, a network with start weights, random images, a loss
// with random labels, one step, and the distribution of its times.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <hcnn/hcnn.hpp>
#include <optional>
#include <string>
#include <vector>

namespace benchmarks {

using namespace hcnn;

/// `--network`: a name for `make_network`.
inline void add_network_option(CLI::App& app, std::string& network) {
  app.add_option("--network", network, "multihead, severity or compact")
      ->check(CLI::IsMember({"multihead", "severity", "compact"}))
      ->capture_default_str();
}

/// `--precision`: "fp32" or "bf16".
inline void add_precision_option(CLI::App& app, std::string& precision) {
  app.add_option("--precision", precision, "fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
}

/// `--batch`: 1 to `most` images.
inline void add_batch_option(CLI::App& app, Index& batch, Index most = 65536) {
  app.add_option("--batch", batch, "images")->check(CLI::Range(Index{1}, most))->capture_default_str();
}

/// `--steps`: how many of what `text` says.
inline void add_steps_option(CLI::App& app, Index& steps, const char* text) {
  app.add_option("--steps", steps, text)->check(CLI::Range(Index{1}, Index{100000}))->capture_default_str();
}

/// Distribution of a repeated call's time, in seconds.
struct Timing {
  double median = 0, p10 = 0, p90 = 0;
};

/// Times of `repeats` calls after an untimed one.
template <class Call>
Timing timed(Index repeats, Call&& call) {
  call();
  std::vector<double> seconds;
  for (Index i = 0; i < repeats; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double share) {
    return seconds[static_cast<std::size_t>(share * static_cast<double>(repeats - 1) + 0.5)];
  };
  return {seconds[seconds.size() / 2], at(0.1), at(0.9)};
}

/// Images with pixels uniform in 0..1: (N, H, W, C).
template <class T>
Tensor<T> random_images(Index count, const Shape& shape) {
  RandomStream random(Seed{0}, hash_name("benchmark images"));
  Tensor<T> x(count, shape);
  for (T& value : x) value = T(static_cast<float>(random.uniform()));
  return x;
}

/// One of the named networks with start weights.
template <class T>
Model<T> make_network(const std::string& name) {
  auto model = models::multi_head_cnn<T>(models::multi_head_cnn_options(name));
  init::he_normal(model, Seed{0});
  return model;
}

/// The sum of every head's cross-entropy.
template <class T>
losses::LossSum<Master<T>> make_loss(const Model<T>& model) {
  std::optional<losses::LossSum<Master<T>>> loss;
  for (std::size_t h = 0; h < model.heads().size(); ++h) {
    const std::string& head = model.heads().name(h);
    loss = loss ? *loss + losses::cross_entropy<Master<T>>(head) : losses::cross_entropy<Master<T>>(head);
  }
  return *loss;
}

/// A training step on one batch of random images and labels: forward, the heads' cross-entropies, backward, Adam.
template <class T>
class TrainingStep {
 public:
  TrainingStep(Model<T>& model, Index batch)
      : model_(model), loss_(make_loss(model)), images_(random_images<T>(batch, model.input_shape())) {
    RandomStream random(Seed{0}, hash_name("benchmark labels"));
    for (std::size_t h = 0; h < model.heads().size(); ++h) {
      const auto classes = static_cast<std::uint32_t>(model.heads().classes(h));
      auto& labels = targets_.level(model.heads().name(h)).labels;
      for (Index n = 0; n < batch; ++n) labels.push_back(static_cast<Label>(random.below(classes)));
    }
  }

  Adam<Master<T>>& optimizer() { return optimizer_; }

  void operator()() {
    loss_.evaluate(model_.forward(images_, {.epoch = ++step_}), targets_, gradients_);
    model_.backward(gradients_);
    optimizer_.step();
  }

 private:
  Model<T>& model_;
  losses::LossSum<Master<T>> loss_;
  Tensor<T> images_;
  Targets targets_;
  Logits<Master<T>> gradients_;
  Adam<Master<T>> optimizer_{model_.parameters(), {.learning_rate = 1e-3}};
  std::uint64_t step_ = 0;
};

}  // namespace benchmarks
