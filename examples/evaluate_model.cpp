// Evaluates a model file on the test images: accuracy of every head, severity of the mistakes.
//
// Run:    build/release/examples/evaluate_model runs/train_multihead-001/last.safetensors --data cifar-100-binary
//         build/release/examples/evaluate_model runs/train_folder-001/best.safetensors --data photos/test
// Needs:  a model of a training program, and the images it was trained for; for train_folder's a folder of pictures.
// Expect: the figures under "test" in the run's metrics.json.
#include <hcnn/io.hpp>
#include <hcnn/report.hpp>
#include <hcnn/run.hpp>

#include "examples/common/options.hpp"
#include "examples/common/print.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::string model, data, precision = "fp32";
  std::uint64_t seed = 1;
  Index batch = 128;
  int threads = 0;
  bool flip = false, json = false, csv = false;
};

void print_csv(const metrics::EvaluationResult& result) {
  std::cout << io::csv_line({"level", "samples", "top1", "top5"});
  for (const auto& head : result.heads)
    std::cout << io::csv_line(
        {head.level, concat(result.samples), concat(head.top1.value()), concat(head.top5.value())});
}

// The pictures in the folders of the model's classes, for a model that was trained on such a folder; else the test part
// of the data set.
data::Dataset load_test(const Options& options, const Shape& shape, const exchange::ModelInfo& info) {
  if (info.fit && options.data.empty())
    fail<OptionError>("--data", "none was given", "the model was trained on a folder of pictures: give one");
  if (info.fit && info.taxonomy)
    return data::read_image_folder(options.data, {.height = shape.height,
                                                  .width = shape.width,
                                                  .channels = shape.channels,
                                                  .fit = *info.fit,
                                                  .taxonomy = info.taxonomy})
        .images;
  const examples::Images images = examples::load_images(options.data, options.seed);
  if (info.taxonomy && *info.taxonomy != *images.test.taxonomy())
    fail<DataError>(options.model, "the model's classes are not those of " + images.name,
                    "give the images it was trained for");
  return images.test;
}

template <class T>
int evaluate(const Options& options) {
  auto [model, info, has_non_finite] = exchange::load_model<T>(options.model);
  if (has_non_finite) fail<NumericError>(options.model, "a weight is NaN or infinite", "a trained model is needed");
  const data::Dataset images = load_test(options, model.input_shape(), info);
  losses::LossSum<Master<T>> loss = losses::cross_entropy<Master<T>>(model.heads().name(0));
  const auto result =
      train::evaluate(model, loss, images,
                      {.batch = options.batch, .normalization = {info.mean, info.deviation}, .flip = options.flip})
          .result;
  if (options.json)
    std::cout << io::to_text(run::evaluation_json(result));
  else if (options.csv)
    print_csv(result);
  else
    examples::print_evaluation(std::cout, (info.fit ? options.data : examples::images_name(options.data)) + " test",
                               result);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Evaluates a model file on the test images", "evaluate_model"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  examples::add_data_option(app, options.data);
  app.add_option("--precision", options.precision, "type of activations: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  examples::add_seed_option(app, options.seed, "of the synthetic images");
  app.add_option("--batch", options.batch, "images at a time")
      ->check(CLI::Range(Index{1}, Index{65536}))
      ->capture_default_str();
  examples::add_threads_option(app, options.threads);
  app.add_flag("--flip", options.flip, "average the probabilities of each image and its mirror image");
  auto* json = app.add_flag("--json", options.json, "print JSON with accuracies as fractions, as in metrics.json");
  app.add_flag("--csv", options.csv, "print CSV, a row for each head, accuracies as fractions")->excludes(json);
  return examples::run_program(app, argc, argv, options.threads, [&] {
    return options.precision == "bf16" ? evaluate<bfloat16>(options) : evaluate<float>(options);
  });
}
