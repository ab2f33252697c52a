// How much of the training step's speed is left in an epoch: reading, shuffling, crop and flip, normalisation and the
// running figures come on top of the step.
//
// Run:   build/release/benchmarks/bench_epoch --data DIR [--precision bf16] [--rounds 3]
// Needs: an idle machine; CIFAR-100, or --data synthetic.
// Takes: a minute or two a round. A round: an epoch over 90 % of the training images, without validation and
//        checkpoints, between two series of bare steps (as bench_train_step runs them) on random images. Prints the
//        images per second of both and their ratio.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <hcnn/hcnn.hpp>
#include <iomanip>
#include <iostream>

#include "benchmarks/training_step.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;
using namespace benchmarks;

namespace {

struct Options {
  std::string data, network = "multihead", precision = "fp32";
  Index batch = 128, steps = 80, rounds = 3;
  int threads = 0;
};

// Bare steps before and after each epoch, so that a machine whose speed drifts favours neither.
template <class T>
class Rounds : public train::Callback<T> {
 public:
  Rounds(TrainingStep<T>& step, const Options& options) : step_(step), options_(options) { before_ = bare(); }

  void on_epoch_end(train::FitState<T>& state, metrics::EpochRecord&) override {
    const double epoch = static_cast<double>(state.images) / state.seconds;
    const double after = bare(), step = (before_ + after) / 2;
    std::cout << "round " << state.epoch << ": epoch " << epoch << " images/s, bare step " << step
              << " images/s, ratio " << std::setprecision(3) << epoch / step << std::setprecision(0) << std::endl;
    before_ = after;
    ratios_.push_back(epoch / step);
  }

  double median_ratio() {
    std::sort(ratios_.begin(), ratios_.end());
    return ratios_[ratios_.size() / 2];
  }

 private:
  double bare() { return static_cast<double>(options_.batch) / timed(options_.steps, step_).median; }

  TrainingStep<T>& step_;
  const Options& options_;
  double before_ = 0;
  std::vector<double> ratios_;
};

template <class T>
int run(const Options& options) {
  const auto images = examples::load_images(options.data, 1);
  const auto [train_set, rest] = data::stratified_split(images.train, 0.9, /*seed=*/1);
  std::cout << options.network << ' ' << options.precision << " on " << kernels::to_string(kernels::isa_for<T>())
            << ", batch " << options.batch << ", " << thread_count() << " threads, " << images.name << ": "
            << train_set.size() << " images, crop and flip\n"
            << std::fixed << std::setprecision(0);
  auto bare_model = make_network<T>(options.network), model = make_network<T>(options.network);
  TrainingStep<T> step(bare_model, options.batch);
  const auto rounds = std::make_shared<Rounds<T>>(step, options);
  auto loss = make_loss(model);
  Adam<Master<T>> optimizer{model.parameters(), {.learning_rate = 1e-3}};
  train::fit(model, loss, optimizer, train_set,
             {.epochs = options.rounds,
              .batch = options.batch,
              .augment = {data::pad_crop(4), data::horizontal_flip()},
              .normalization = data::measure_normalization(train_set),
              .callbacks = {rounds}});
  std::cout << "an epoch runs at " << std::setprecision(1) << 100 * rounds->median_ratio()
            << " % of the bare step's images/s (median)\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares an epoch of training with the bare training step", "bench_epoch"};
  examples::add_data_option(app, options.data);
  add_network_option(app, options.network);
  add_precision_option(app, options.precision);
  add_batch_option(app, options.batch, 4096);
  add_steps_option(app, options.steps, "bare steps before and after each epoch");
  app.add_option("--rounds", options.rounds, "epochs")->check(CLI::Range(Index{1}, Index{1000}))->capture_default_str();
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] {
    return options.precision == "bf16" ? run<bfloat16>(options) : run<float>(options);
  });
}
