// One side of tests/reference/training_parity: trains the multi-head network and writes start weights, batches, losses.
#include <CLI/CLI.hpp>
#include <fstream>
#include <hcnn/hcnn.hpp>
#include <hcnn/io.hpp>
#include <iomanip>
#include <iostream>

using namespace hcnn;

namespace {

struct Options {
  std::string data, out, network = "multihead";
  Index steps = 200, batch = 128, every = 20;
  std::uint64_t seed = 1;
};

// Values or gradients of all parameters, under PyTorch's names and in its layouts.
template <class Source>
void write_parameters(const std::string& path, Model<float>& model, const Source& source) {
  std::vector<io::TensorToWrite> tensors;
  std::vector<std::vector<float>> values;
  values.reserve(model.state().size());
  for (const Param<float>* param : model.parameters()) {
    auto& file_order = values.emplace_back();
    for (Index i = 0; i < param->size(); ++i) file_order.push_back(source(*param)[param->memory_index(i)]);
    tensors.push_back({param->name, "F32", param->dims, std::as_bytes(std::span(file_order))});
  }
  io::write_safetensors(path, tensors, {});
}

int run(const Options& options) {
  auto network = models::multi_head_cnn_options(options.network);
  network.dropout = 0;
  Model<float> model = models::multi_head_cnn<float>(network);
  init::he_normal(model, Seed{options.seed});

  losses::LossSum<float> loss = losses::cross_entropy("fine");
  for (const char* head : {"superclass", "group"})
    if (options.network != "severity") loss = loss + losses::cross_entropy(head);
  Adam optimizer{model.parameters(), {.learning_rate = 1e-3}};
  data::BatchLoader<float> loader(data::load_cifar100(options.data, data::Part::train),
                                  {.batch = options.batch, .seed = options.seed, .drop_last = true});
  std::ofstream batches(options.out + "/batches.bin", std::ios::binary), losses(options.out + "/hcnn_losses.txt");
  losses << std::setprecision(9);
  Logits<float> gradients;
  const auto file = [&](const char* what, Index step) { return concat(options.out, "/", what, step, ".safetensors"); };
  loader.start(1);
  for (Index step = 0; step < options.steps; ++step) {
    const data::Batch<float>* batch = loader.next();
    if (!batch) {
      loader.start(2 + static_cast<std::uint64_t>(step));
      batch = loader.next();
    }
    for (const float value : batch->images) batches.put(static_cast<char>(std::lround(value * 255)));
    for (const char* level : {"fine", "superclass", "group"})
      for (const Label label : batch->targets[level].labels) batches.put(static_cast<char>(label));
    const bool keep = step % options.every == 0;
    if (keep) write_parameters(file("weights", step), model, [](const auto& param) { return param.value(); });
    losses << loss.evaluate(model.forward(batch->images, {}), batch->targets, gradients).total << '\n';
    model.backward(gradients);
    if (keep) write_parameters(file("gradients", step), model, [](const auto& param) { return param.grad(); });
    optimizer.step();
  }
  std::cout << "hcnn trained " << options.steps << " steps on " << kernels::to_string(kernels::isa_for<float>())
            << '\n';
  return batches && losses ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Trains without dropout and writes what another framework needs to repeat it", "training_parity"};
  app.add_option("--data", options.data, "folder of CIFAR-100")->required();
  app.add_option("--out", options.out, "existing folder for the files")->required();
  app.add_option("--network", options.network, "multihead, severity or compact")->capture_default_str();
  app.add_option("--steps", options.steps)->capture_default_str();
  app.add_option("--batch", options.batch, "images")->capture_default_str();
  app.add_option("--every", options.every, "steps from one file of weights and gradients to the next")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::cerr << "training_parity: " << error.what() << '\n';
    return 1;
  }
}
