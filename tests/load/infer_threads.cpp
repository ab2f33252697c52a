// Eight threads ask one Model and one Predictor for as long as is wanted; every answer must have the bits of one
// thread.
//
//   infer_threads [--seconds S | --minutes M]   default: 2 seconds
//
// Run it from the tsan build for the proof that the threads share nothing. The last line is the figure.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "hcnn/hcnn.hpp"
#include "load/small_network.hpp"

using namespace hcnn;

namespace {

constexpr int kThreads = 8;

bool same_bits(const Logits<float>& a, const Logits<float>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
    return std::equal(one.values.begin(), one.values.end(), other.values.begin(), other.values.end());
  });
}

int serve(double seconds) {
  Model<float> model = testing::load_model();
  const data::Dataset images = data::synthetic({.samples = 12});
  std::vector<Tensor<float>> inputs;  // batches of 1, 2, 3 and 6 pictures
  std::vector<Logits<float>> expected;
  for (const Index batch : {1, 2, 3, 6}) {
    data::BatchLoader<float> loader(images, {.batch = batch, .shuffle = false});
    loader.start(1);
    inputs.push_back(loader.next()->images);
    expected.push_back(model.infer(inputs.back()));
  }
  model.prepare_inference();
  const Predictor<float> predictor{model.clone(), {.threads = 2}};

  std::atomic<long> answers = 0, wrong = 0;
  std::vector<std::thread> threads;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      Logits<float> logits;
      for (std::size_t i = static_cast<std::size_t>(t); std::chrono::steady_clock::now() < end; ++i) {
        const std::size_t which = i % inputs.size();
        predictor.logits(inputs[which], logits);
        if (!same_bits(logits, expected[which])) ++wrong;
        if (!same_bits(std::as_const(model).infer(inputs[which]), expected[which])) ++wrong;
        answers += 2;
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::cout << "R16: " << answers << " answers to " << kThreads << " threads in " << seconds << " s: " << wrong
            << " have other bits than one thread's" << std::endl;
  return wrong == 0 && answers > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 2;
  const std::string option = argc > 1 ? argv[1] : "";
  const bool known = option == "--seconds" || option == "--minutes";
  if (argc != 1 && !(argc == 3 && known)) {
    std::cout << "infer_threads [--seconds S | --minutes M]: 8 threads ask one model; every answer is compared\n";
    return option == "--help" ? 0 : 2;
  }
  if (known) seconds = std::atof(argv[2]) * (option == "--minutes" ? 60 : 1);
  return serve(seconds);
}
