// A training of milliseconds that writes its checkpoints without a pause, for the scripts of this folder.
//
//   tiny_run train FOLDER EPOCHS    begins the run in FOLDER or, where it holds a config.json, goes on
//   tiny_run report FOLDER EPOCHS   the same, then writes the figures, pictures and report of the run
//   tiny_run check FOLDER           reads every file of the run as the library does, and says where it stands
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "hcnn/hcnn.hpp"
#include "hcnn/io.hpp"
#include "hcnn/report.hpp"
#include "hcnn/run.hpp"
#include "train/small_training.hpp"

using namespace hcnn;

namespace {

/// `small_model`, wide enough that writing it takes a while: 0.4 MB, three times as much in resume.safetensors.
Model<float> wide_model() {
  constexpr Index kWide = 1400;
  Model<float> model(
      testing::kSmallImage,
      seq(Conv2d<float>{{.out_channels = 8, .kernel = 3, .padding = 1}}, BatchNorm2d<float>{}, ReLU<float>{},
          MaxPool2d<float>{{.window = 2}}, Flatten<float>{}, Linear<float>{{.out_features = kWide}}, ReLU<float>{}),
      heads(head("fine", Linear<float>{{.out_features = 4}}), head("group", Linear<float>{{.out_features = 2}})));
  init::he_normal(model, Seed{1});
  return model;
}

void begin_or_go_on(const std::filesystem::path& path, Index epochs, bool report) {
  const data::Dataset images = testing::small_images(20), validate = testing::small_images(8, 2);
  Model<float> model = wide_model();
  auto loss = testing::two_heads<float>();
  Adam optimizer{model.parameters(), {}};
  const bool begun = std::filesystem::exists(run::RunFolder(path).config());
  const run::RunFolder folder = begun ? run::RunFolder::open_existing(path) : run::RunFolder::create(path, "tiny_run");
  if (!begun) io::write_json(folder.config(), {{"epochs", epochs}});
  const auto result = train::fit(model, loss, optimizer, images,
                                 {.epochs = epochs,
                                  .batch = 8,
                                  .validate = validate,
                                  .callbacks = {run::checkpoint(path, {}, {.every_seconds = 0, .every_steps = 1})},
                                  .resume = std::filesystem::exists(folder.resume()) ? run::resume(path) : nullptr});
  if (!report) return;
  run::RunSummary summary;
  summary.title = "tiny_run";
  summary.epochs = epochs;
  summary.history = result.history;
  summary.val = train::evaluate(model, loss, validate);
  run::write_results(folder, summary);
}

/// Throws for a file that is not whole.
void check(const std::filesystem::path& path) {
  const run::RunFolder folder(path);
  std::string saved = "nothing saved";
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::filesystem::path& file = entry.path();
    if (file.filename().string().starts_with('.')) continue;  // a temporary file that the kill left behind
    if (file == folder.resume()) {
      const Snapshot snapshot = run::read_snapshot(file);
      Index epoch = 0, step = 0;
      StateVisitor state = StateVisitor::loading(snapshot);
      state.visit("at.epoch", epoch);
      state.visit("at.step", step);
      saved = concat("epoch ", epoch, " step ", step);
    } else if (file.extension() == ".safetensors") {
      if (!io::read_safetensors(file).checksummed) fail<FormatError>(file.string(), "no checksum", "hcnn writes one");
      Model<float> model = wide_model();
      exchange::load_weights(file, model);
    } else if (file.extension() == ".json") {
      io::read_json(file);
    } else if (file.extension() == ".png") {
      io::read_image(file);
    } else if (file == folder.history()) {
      run::read_history(file);
    } else if (file == folder.report()) {
      const std::string page = io::read_file(file);
      if (page.rfind("</html>") == std::string::npos) fail<FormatError>(file.string(), "it ends early", "a whole page");
    } else if (file != folder.steps()) {  // that one grows line by line; the next resumption cuts it to the checkpoint
      io::read_csv(file);
    }
  }
  std::cout << saved << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string task = argc > 1 ? argv[1] : "";
  try {
    if ((task == "train" || task == "report") && argc == 4)
      begin_or_go_on(argv[2], std::atoi(argv[3]), task == "report");
    else if (task == "check" && argc == 3)
      check(argv[2]);
    else
      fail<Error>("tiny_run", "this command line", "train or report FOLDER EPOCHS, or check FOLDER");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "tiny_run: " << error.what() << std::endl;
    return 1;
  }
}
