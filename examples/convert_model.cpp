// Rewrites a model file before it is given away: with weights rounded to bfloat16 and, optionally, without its
// record of folders and files.
//
// Run:    build/release/examples/convert_model runs/train_multihead-001/last.safetensors small.safetensors
//         options: --weights bf16|fp32, --without-paths, --force; see --help
// Needs:  a model file of a training program.
// Expect: one line with both sizes: bf16 halves the bytes. evaluate_model shows the effect of the rounding.
#include <hcnn/io.hpp>

#include "examples/common/model_files.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::filesystem::path model, out;
  std::string weights = "bf16";
  bool without_paths = false, force = false;
};

// The notes without the command line and without the names of folders and files in the training run's config.json.
io::Json without_paths(io::Json notes) {
  if (const auto config = notes.find("config"); config != notes.end() && config->is_object())
    for (const char* name : {"data_folder", "test", "hierarchy", "costs", "weights", "trunk", "command"})
      config->erase(name);
  return notes;
}

int convert(const Options& options) {
  examples::require_new_file(options.out, options.model, options.force);
  auto [model, info, has_non_finite] = examples::load_trained<float>(options.model);
  if (options.without_paths) info.notes = without_paths(info.notes);
  exchange::save_model(options.out, model, info, {.bfloat16_weights = options.weights == "bf16"});
  std::cout << io::printable_path(options.out) << ": " << std::filesystem::file_size(options.out) << " bytes of "
            << std::filesystem::file_size(options.model) << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Writes a model file with weights of another type", "convert_model"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("out", options.out, "model file to write")->required();
  app.add_option("--weights", options.weights,
                 "type of the weights, bf16 or fp32; biases and normalisation are always fp32")
      ->check(CLI::IsMember({"bf16", "fp32"}))
      ->capture_default_str();
  app.add_flag("--without-paths", options.without_paths,
               "leave out the training run's folders, files and command line");
  app.add_flag("--force", options.force, "replace an existing file");
  return examples::run_program(app, argc, argv, [&] { return convert(options); });
}
