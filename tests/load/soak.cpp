// Trains for a long time with a checkpoint every few seconds: memory must not grow after the warm-up, nor steps get
// slower.
//
//   soak [--minutes M] [--every SECONDS] [--drift R] [--images N] [--folder DIR]
//
//   --minutes   1; the published figure takes 30
//   --every     2: seconds between checkpoints
//   --drift     1.1: largest median step time of the last third as a multiple of the first third's; give more where
//               other programs use the machine
//   --images    6000: pictures an epoch; fewer for a short run, whose first sixth must see a whole epoch
//   --folder    where the run folder is made; it is removed at the end
//
// Of the resident memory, the most in the last third may exceed the most in the first third, whose first half is left
// out as warm-up, by 1 MiB and the history's rows: 8 KiB for each epoch. The last line is the figure.
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "hcnn/hcnn.hpp"
#include "hcnn/run.hpp"
#include "io/temporary_folder.hpp"
#include "load/small_network.hpp"

using namespace hcnn;

namespace {

/// Resident memory of this process in bytes.
double resident() {
  std::ifstream file("/proc/self/statm");
  double total = 0, pages = 0;
  file >> total >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

/// Durations, counted in steps of 1 %: memory that does not grow with their number.
class Durations {
 public:
  void add(double seconds) {
    const double bucket = std::log(seconds / 1e-6) / std::log(1.01);
    ++counts_[static_cast<std::size_t>(std::clamp(bucket, 0.0, static_cast<double>(counts_.size() - 1)))];
    ++total_;
  }
  long total() const { return total_; }
  /// Seconds.
  double median() const {
    long below = 0;
    std::size_t bucket = 0;
    while (below + counts_[bucket] <= total_ / 2) below += counts_[bucket++];
    return 1e-6 * std::pow(1.01, static_cast<double>(bucket) + 0.5);
  }

 private:
  std::array<long, 2000> counts_{};  // up to 400 s
  long total_ = 0;
};

/// Takes the time of every step and looks at the memory; thirds of the whole time apart.
struct Meter : train::Callback<float> {
  explicit Meter(double whole_time) : whole(whole_time) {}

  void on_train_begin(train::FitState<float>&) override { before = 0; }
  void on_step_end(train::FitState<float>& state) override {
    const double now = clock.seconds();
    const auto third = static_cast<std::size_t>(std::min(2.0, 3 * now / whole));
    if (state.step > 1) steps[third].add(now - before);  // the first follows a validation
    before = now;
    if (now < whole / 6) return;
    memory[third] = std::max(memory[third], resident());
    if (third == 0) epochs_before = state.epoch;
    epochs = state.epoch;
  }
  void on_snapshot(train::FitState<float>&, const Snapshot&) override { ++checkpoints; }

  double whole, before = 0;
  train::Stopwatch clock;
  std::array<Durations, 3> steps;
  std::array<double, 3> memory{};
  Index epochs = 0, epochs_before = 0;
  long checkpoints = 0;
};

int soak(double minutes, double every, double drift, Index pictures, const std::filesystem::path& folder) {
  Model<float> model = testing::load_model();
  auto loss = losses::cross_entropy("fine") + losses::cross_entropy("superclass") + losses::cross_entropy("group");
  Adam optimizer{model.parameters(), {}};
  const data::Dataset images = data::synthetic({.samples = pictures}),
                      validate = data::synthetic({.samples = 64, .seed = 2});
  const auto meter = std::make_shared<Meter>(60 * minutes);
  train::fit(model, loss, optimizer, images,
             {.epochs = 1'000'000,
              .batch = 32,
              .validate = validate,
              .augment = {data::pad_crop(4), data::horizontal_flip()},
              .prefetch = data::Prefetch::background,
              .callbacks = {meter, train::time_limit(60 * minutes),
                            run::checkpoint(folder / "run", {}, {.every_seconds = every})}});
  const double growth = meter->memory[2] - meter->memory[0];
  const double allowed = 1048576 + 8192 * static_cast<double>(meter->epochs - meter->epochs_before);
  const double first = meter->steps[0].median(), last = meter->steps[2].median();
  const bool held = meter->memory[0] > 0 && meter->memory[2] > 0 && growth <= allowed && last <= drift * first;
  std::cout << "load: " << minutes << " minutes of training, " << meter->checkpoints << " checkpoints, "
            << meter->steps[0].total() + meter->steps[1].total() + meter->steps[2].total() << " steps, "
            << meter->epochs << " epochs: memory " << meter->memory[0] / 1048576 << " MiB, then " << growth / 1048576
            << " MiB more (allowed " << allowed / 1048576 << "); median step " << 1e3 * first
            << " ms in the first third, " << 1e3 * last << " ms in the last, " << last / first
            << " times as much (allowed " << drift << ")" << (held ? "" : ": FAILED") << std::endl;
  return held ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  double minutes = 1, every = 2, drift = 1.1;
  Index pictures = 6000;
  const io_test::TemporaryFolder temporary;
  std::filesystem::path folder = temporary.path();
  for (int i = 1; i < argc; i += 2) {
    const std::string option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (value != nullptr && option == "--minutes")
      minutes = std::atof(value);
    else if (value != nullptr && option == "--every")
      every = std::atof(value);
    else if (value != nullptr && option == "--drift")
      drift = std::atof(value);
    else if (value != nullptr && option == "--images")
      pictures = std::atol(value);
    else if (value != nullptr && option == "--folder")
      folder = value;
    else {
      std::cout << "soak [--minutes 1] [--every 2] [--drift 1.1] [--images 6000] [--folder DIR]: trains with a "
                   "checkpoint every few "
                   "seconds; memory must not grow nor steps get slower\n";
      return option == "--help" ? 0 : 2;
    }
  }
  try {
    return soak(minutes, every, drift, pictures, folder);
  } catch (const std::exception& error) {
    std::cerr << "soak: " << error.what() << std::endl;
    return 1;
  }
}
