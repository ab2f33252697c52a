// The smallest program that uses a trained network: no training, no image files, no command-line library. With
// `cmake --preset aarch64` it is built statically for a board: one file to copy there.
//
// Run:    build/release/examples/embedded_inference runs/train_multihead-001/last.safetensors pictures.npy
// Needs:  a model file of a training program, and images as a numpy float32 array (N, H, W, C) of values from 0 to 1.
// Expect: a line for each image with the likeliest class of every head, then time per image and peak memory.
#include <hcnn/hcnn.hpp>

#include <sys/resource.h>

#include <chrono>
#include <hcnn/exchange/model_file.hpp>
#include <hcnn/io/npy.hpp>
#include <iostream>

using namespace hcnn;

namespace {

// The class's name if the file has names, else its number.
std::string class_name(const exchange::ModelInfo& info, const std::string& head, Label label) {
  if (!info.taxonomy || !info.taxonomy->has_level(head)) return concat("class ", label);
  return printable(info.taxonomy->class_name(head, label));
}

void classify(const char* model_file, const char* pictures_file) {
  exchange::LoadedModel<float> loaded = exchange::load_model(model_file);
  if (loaded.has_non_finite) fail<NumericError>(model_file, "a weight is NaN or infinite", "a trained model is needed");
  const exchange::ModelInfo info = std::move(loaded.info);
  const Predictor predictor{std::move(loaded.model)};
  Tensor<float> pictures = io::load_npy(pictures_file);
  if (pictures.shape() != predictor.input_shape())
    fail<ShapeError>(pictures_file, concat("pictures of ", to_string(pictures.shape())),
                     concat("the network takes ", to_string(predictor.input_shape())));

  Tensor<float> image(1, predictor.input_shape());  // one at a time, as from a camera
  Logits<float> logits;
  std::chrono::duration<double, std::milli> busy{};
  for (Index n = 0; n < pictures.count(); ++n) {
    std::copy_n(pictures.data() + n * image.size(), image.size(), image.data());
    const auto start = std::chrono::steady_clock::now();
    info.normalization.apply(image.data(), image.shape());
    predictor.logits(image, logits);
    busy += std::chrono::steady_clock::now() - start;
    std::cout << n << ':';
    for (const auto& [head, values] : logits)
      std::cout << ' ' << head << " = " << class_name(info, head, argmax(row(values, 0)));
    std::cout << '\n';
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << busy.count() / static_cast<double>(pictures.count()) << " ms per picture, peak memory "
            << usage.ru_maxrss / 1024 << " MiB\n";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: embedded_inference MODEL.safetensors PICTURES.npy\n";
    return 2;
  }
  try {
    classify(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::cerr << "embedded_inference: " << error.what() << '\n';
    return 1;
  }
}
