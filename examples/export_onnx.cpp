// Writes a model file as ONNX, for programs that run networks without hcnn: onnxruntime, OpenVINO, a browser ...
//
// Run:    build/release/examples/export_onnx runs/train_multihead-001/best.safetensors model.onnx
//         options: --force, --keep-batch-norm, --normalized-input; see --help
// Needs:  a model file of a training program.
// Expect: one line about the input and one for each output. The input "images" is N x channels x height x width, pixels
//         from 0 to 1; the outputs are logits, N x classes, named after the heads. Overwrites an existing file only
//         with --force.
#include <hcnn/io.hpp>

#include "examples/common/model_files.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::filesystem::path model, out;
  bool force = false, keep_batch_norm = false, normalized_input = false;
};

int export_onnx(const Options& options) {
  examples::require_new_file(options.out, options.model, options.force);
  auto [model, info, has_non_finite] = examples::load_trained<float>(options.model);
  const bool normalizes = !options.normalized_input && !info.normalization.mean.empty();
  exchange::save_onnx(options.out, model, info,
                      {.fold_batch_norm = !options.keep_batch_norm, .normalize = !options.normalized_input});
  const Shape shape = model.input_shape();
  std::cout << "input images: N x " << shape.channels << " x " << shape.height << " x " << shape.width
            << (normalizes                        ? ", normalised by the network\n"
                : info.normalization.mean.empty() ? "\n"
                                                  : ", already normalised\n");
  for (std::size_t h = 0; h < model.heads().size(); ++h)
    std::cout << "output " << printable(model.heads().name(h)) << ": logits, N x " << model.heads().classes(h) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Writes a model file as ONNX", "export_onnx"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("out", options.out, "ONNX file to write")->required();
  app.add_flag("--force", options.force, "replace an existing file");
  app.add_flag("--keep-batch-norm", options.keep_batch_norm,
               "write batch normalisation as separate nodes instead of folding it into the preceding weights");
  app.add_flag("--normalized-input", options.normalized_input,
               "expect normalised input: the caller subtracts the mean and divides by the standard deviation");
  return examples::run_program(app, argc, argv, [&] { return export_onnx(options); });
}
