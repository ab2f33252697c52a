// Where the time of a training step goes: forward and backward of each block of the multi-head network on its own and
// the optimizer, and beside their sum the whole step, with the loss.
//
// Run:   build/release/benchmarks/bench_layers [--precision fp32|bf16] [--batch 128] [--threads 2]
// Needs: an idle machine.
// Takes: about 20 seconds. Medians. GFLOP/s counts two per multiply-add of the definition, three times for a training
//        step (forward, data gradient, weight gradient; the first block has no data gradient): Winograd's algorithm
//        needs a quarter of them and can pass the peak of the processor. Shares are of the sum.
#include <CLI/CLI.hpp>
#include <hcnn/hcnn.hpp>
#include <iomanip>
#include <iostream>

#include "benchmarks/training_step.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;
using namespace benchmarks;

namespace {

struct Options {
  std::string precision = "fp32";
  Index batch = 128, steps = 9;
  int threads = 0;
};

template <class Call>
double median_ms(Index repeats, Call&& call) {
  return 1e3 * timed(repeats, call).median;
}

struct Row {
  std::string name;
  double forward_ms, backward_ms, gflop;
};

// Forward and backward of one block, as the network runs it.
template <class T>
Row time_block(const std::string& name, Sequential<T> block, const Shape& input, bool wants_dx,
               const Options& options) {
  const Shape output = block.setup(input);
  ParamList<Master<T>> params;
  block.attach("block", params);
  init::he_normal(params, Seed{1});
  const Tensor<T> x = random_images<T>(options.batch, input);
  Tensor<T> y(options.batch, output), dx(options.batch, input);
  Workspace workspace;
  Row row{name, 0, 0, 0};
  const auto forward = [&] {
    workspace.reset();
    block.forward(x, y, {}, workspace);
  };
  row.forward_ms = median_ms(options.steps, forward);
  row.backward_ms = median_ms(options.steps,
                              [&] {
                                forward();
                                const WorkspaceScope scope(workspace);
                                const TensorView<T> dy = workspace.tensor<T>(options.batch, output);
                                std::copy_n(y.data(), y.size(), dy.data);
                                block.backward(x, y, dy, wants_dx ? dx.view() : TensorView<T>{}, workspace);
                              }) -
                    row.forward_ms;
  row.gflop = 2e-9 * (wants_dx ? 3 : 2) * static_cast<double>(options.batch * block.multiply_adds());
  return row;
}

template <class T>
std::vector<Row> time_blocks(const Options& options) {
  const auto conv = [](Index channels) { return Conv2d<T>{{.out_channels = channels, .kernel = 3, .padding = 1}}; };
  const auto linear = [](Index features) { return Linear<T>{{.out_features = features}}; };
  std::vector<Row> rows;
  Shape shape{32, 32, 3};
  for (const Index channels : {64, 128, 256}) {
    const Shape middle{shape.height, shape.width, channels};
    const auto name = [&](Index inputs) { return concat(inputs, "->", channels, '@', shape.height); };
    rows.push_back(time_block<T>("conv, norm, ReLU " + name(shape.channels),
                                 seq(conv(channels), BatchNorm2d<T>{}, ReLU<T>{}), shape, shape.channels > 3, options));
    rows.push_back(time_block<T>("conv, norm, ReLU, pool " + name(channels),
                                 seq(conv(channels), BatchNorm2d<T>{}, ReLU<T>{}, MaxPool2d<T>{{.window = 2}}), middle,
                                 true, options));
    shape = {shape.height / 2, shape.width / 2, channels};
  }
  rows.push_back(time_block<T>("linear, ReLU, dropout 4096->1024", seq(linear(1024), ReLU<T>{}, Dropout<T>{}),
                               {.channels = 4096}, true, options));
  rows.push_back(time_block<T>("linear, ReLU, dropout 1024->512", seq(linear(512), ReLU<T>{}, Dropout<T>{}),
                               {.channels = 1024}, true, options));
  rows.push_back(time_block<T>("heads 512->129", seq(linear(129)), {.channels = 512}, true, options));
  return rows;
}

// The optimizer alone, then the whole step.
template <class T>
std::pair<double, double> time_step(const Options& options) {
  auto model = make_network<T>("multihead");
  TrainingStep<T> step(model, options.batch);
  const double whole = median_ms(options.steps, step);
  return {median_ms(options.steps, [&] { step.optimizer().step(); }), whole};
}

void print(const std::vector<Row>& rows, double optimizer, double step) {
  double sum = optimizer;
  for (const Row& row : rows) sum += row.forward_ms + row.backward_ms;
  std::cout << std::fixed << "| block | forward ms | backward ms | share | GFLOP/s |\n|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    const double ms = row.forward_ms + row.backward_ms;
    std::cout << "| " << row.name << std::setprecision(2) << " | " << row.forward_ms << " | " << row.backward_ms
              << std::setprecision(0) << " | " << 100 * ms / sum << " % | " << 1e3 * row.gflop / ms << " |\n";
  }
  std::cout << std::setprecision(2) << "| Adam | | " << optimizer << std::setprecision(0) << " | "
            << 100 * optimizer / sum << " % | |\n"
            << std::setprecision(2) << "| sum | | " << sum << " | 100 % | |\n| whole step | | " << step << " | | |\n";
}

template <class T>
int run(const Options& options) {
  std::cout << options.precision << " on " << kernels::to_string(kernels::isa_for<T>()) << ", batch " << options.batch
            << ", " << thread_count() << " threads\n\n";
  const auto rows = time_blocks<T>(options);
  const auto [optimizer, step] = time_step<T>(options);
  print(rows, optimizer, step);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Shows where the time of a training step goes", "bench_layers"};
  add_precision_option(app, options.precision);
  add_batch_option(app, options.batch);
  add_steps_option(app, options.steps, "timed calls, after one untimed");
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] {
    return options.precision == "bf16" ? run<bfloat16>(options) : run<float>(options);
  });
}
