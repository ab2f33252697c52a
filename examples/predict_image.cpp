// Classifies pictures with a model file: the five likeliest classes, each with superclass and group.
//
// Run:    build/release/examples/predict_image runs/train_multihead-001/last.safetensors photo.png
// Needs:  a model that train_multihead or train_severity wrote; PNG, JPEG or PPM pictures of any size.
// Expect: five lines a picture with probabilities that sum to at most 100 %.
#include <hcnn/io.hpp>

#include <iomanip>

#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::string model;
  std::vector<std::string> images;
  int threads = 0;
  Index top = 5;
};

/// The picture as one input sample of the network: resized, scaled to [0, 1], normalised.
Tensor<float> load_sample(const std::string& path, const Shape& shape, const data::Normalization& normalization) {
  const io::Image image = io::resize(io::read_image(path), shape.width, shape.height);
  Tensor<float> sample(1, shape);
  for (Index i = 0; i < sample.size(); ++i)
    sample[i] = static_cast<float>(image.pixels[static_cast<std::size_t>(i)]) / 255.0f;
  normalization.apply(sample.data(), shape);
  return sample;
}

/// "apple  (fruit_and_vegetables, plants)" for class `label` of level `level`.
std::string describe(const Taxonomy& taxonomy, Index level, Label label) {
  std::string text = taxonomy.classes(level)[static_cast<std::size_t>(label)];
  for (Index above = level + 1; above < taxonomy.levels(); ++above)
    text += (above == level + 1 ? "  (" : ", ") +
            taxonomy.classes(above)[static_cast<std::size_t>(taxonomy.ancestor(label, level, above))];
  return level + 1 < taxonomy.levels() ? text + ')' : text;
}

int run(const Options& options) {
  auto [model, info, has_non_finite] = exchange::load_model<float>(options.model);
  if (has_non_finite) fail<NumericError>(options.model, "a weight is NaN or infinite", "a trained model is needed");
  if (!info.taxonomy)
    fail<FormatError>(options.model, "no class names in the file", "a model of a training program is needed");
  if (model.input_shape().channels != 3)
    fail<ShapeError>(options.model, to_string(model.input_shape()) + " input", "3 channels are needed for pictures");
  const std::string& head = model.heads().name(0);
  const Index level = info.taxonomy->level_index(head);
  for (const std::string& path : options.images) {
    const Tensor<float> sample = load_sample(path, model.input_shape(), {info.mean, info.deviation});
    const Tensor<float> logits = model.infer(sample, head);
    const std::vector<double> probabilities = metrics::softmax(row(logits, 0));
    std::cout << path << '\n';
    for (const Label label : metrics::likeliest(row(logits, 0), options.top))
      std::cout << std::setw(9) << train::fixed(100 * probabilities[static_cast<std::size_t>(label)], 2) << " %  "
                << describe(*info.taxonomy, level, label) << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Classifies pictures with a model file", "predict_image"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("images", options.images, "PNG, JPEG or PPM files")->required();
  app.add_option("--top", options.top, "classes to show")->check(CLI::Range(1, 100))->capture_default_str();
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] { return run(options); });
}
