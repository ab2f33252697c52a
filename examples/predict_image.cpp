// Classifies images: the likeliest classes of each, with superclass and group.
//
// Run:    build/release/examples/predict_image photo.png
//         build/release/examples/predict_image runs/train_multihead-001/last.safetensors picture.png folder
//         options: --top, --flip, --json, --csv, --threads; see --help
// Needs:  PNG, JPEG or PPM files, or folders of them; optionally a model file of a training program before them,
//         otherwise the network in pretrained/ is used, which knows CIFAR-100's 100 classes. Images are converted to
//         the network's input as its training images were: scaled, cropped if trained so, in grey for 1 channel.
// Expect: five lines per image, each with a class and its probability, then the likeliest class of every other head; a
//         file that is not an image gets one line on standard error, and the exit status is then 1.
#include <hcnn/io.hpp>

#include <iomanip>

#include "examples/common/model_files.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::vector<std::string> files;
  std::string model = HCNN_PRETRAINED;
  int threads = 0;
  Index top = 5;
  bool flip = false, json = false, csv = false;
};

// Probabilities of one head.
struct HeadPrediction {
  std::string head;
  std::vector<double> probabilities;
};

// Probabilities of every head; with `flip`, their means over the image and its mirror image.
std::vector<HeadPrediction> predict(const Model<float>& model, Tensor<float>& sample, bool flip) {
  Logits<float> logits = model.infer(sample);
  if (flip) {
    data::mirror(sample.data(), sample.shape());
    train::average_probabilities(logits, model.infer(sample));
  }
  std::vector<HeadPrediction> predictions;
  for (const auto& [head, scores] : logits) predictions.push_back({head, metrics::softmax(row(scores, 0))});
  return predictions;
}

// False if it cannot be determined, e.g. for a cycle of links: reading the file reports the error.
bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// The images of a folder and its subfolders, sorted; for a file, the file itself.
std::vector<std::string> pictures(const std::string& path) {
  if (!is_folder(path)) return {path};
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
    if (data::has_picture_name(entry.path()) && entry.is_regular_file()) found.push_back(entry.path().string());
  if (found.empty()) fail<FormatError>(path, "no pictures in the folder", "files *.png, *.jpg, *.jpeg or *.ppm");
  std::sort(found.begin(), found.end());
  return found;
}

// Takes the model off the list if the list starts with one: the first of several entries, unless it is a folder or
// named like an image file. Throws OptionError for a model without images or after them.
void take_model(Options& options) {
  std::vector<std::string>& files = options.files;
  if (files.size() > 1 && !data::has_picture_name(files.front()) && !is_folder(files.front())) {
    options.model = files.front();
    files.erase(files.begin());
  }
  for (const std::string& file : files)
    if (file.ends_with(".safetensors")) fail<OptionError>(file, "a model", "it comes first, and pictures behind it");
}

// Class names of a label at its level and all coarser ones, finest first.
std::vector<std::string> names(const Taxonomy& taxonomy, Index level, Label label) {
  std::vector<std::string> list;
  for (Index above = level; above < taxonomy.levels(); ++above)
    list.push_back(taxonomy.class_name(above, taxonomy.ancestor(label, level, above)));
  return list;
}

// Writes predictions as text, JSON or CSV.
class Printer {
 public:
  Printer(const Options& options, const Taxonomy& taxonomy, const std::string& head)
      : options_(options), taxonomy_(taxonomy), level_(taxonomy.level_index(head)) {
    if (!options_.csv) return;
    std::vector<std::string> header{"picture", "rank", "probability"};
    for (Index level = level_; level < taxonomy_.levels(); ++level) header.push_back(taxonomy_.level_name(level));
    std::cout << io::csv_line(header);
  }

  void print(const std::string& path, const std::vector<HeadPrediction>& predictions) {
    const auto& probabilities = predictions.front().probabilities;
    io::Json list = io::Json::array();
    if (!options_.csv && !options_.json) std::cout << printable(path) << '\n';
    int rank = 0;
    for (const Label label : metrics::likeliest(std::span<const double>(probabilities), options_.top)) {
      const double probability = probabilities[static_cast<std::size_t>(label)];
      const std::vector<std::string> classes = names(taxonomy_, level_, label);
      if (options_.csv) {
        std::vector<std::string> fields{path, concat(++rank), concat(probability)};
        fields.insert(fields.end(), classes.begin(), classes.end());
        std::cout << io::csv_line(fields);
      } else if (options_.json) {
        io::Json entry = {{"probability", probability}};
        for (std::size_t i = 0; i < classes.size(); ++i)
          entry[taxonomy_.level_name(level_ + static_cast<Index>(i))] = classes[i];
        list.push_back(entry);
      } else {
        print_line(probability, classes);
      }
    }
    const io::Json heads = other_heads(predictions);
    if (options_.json) {
      json_.push_back({{"picture", path}, {"predictions", list}, {"heads", heads}});
    } else if (!options_.csv) {
      for (const auto& [head, best] : heads.items())
        std::cout << "  head " << printable(head) << ": " << printable(best["class"].get<std::string>()) << ' '
                  << decimal(100 * best["probability"].get<double>(), 2) << " %\n";
    }
  }

  void finish() const {
    if (options_.json) std::cout << io::to_text(json_);
  }

 private:
  static void print_line(double probability, const std::vector<std::string>& classes) {
    std::cout << std::setw(9) << decimal(100 * probability, 2) << " %  " << printable(classes[0]);
    for (std::size_t i = 1; i < classes.size(); ++i) std::cout << (i == 1 ? "  (" : ", ") << printable(classes[i]);
    std::cout << (classes.size() > 1 ? ")\n" : "\n");
  }

  // The likeliest class of each head after the first.
  io::Json other_heads(const std::vector<HeadPrediction>& predictions) const {
    io::Json heads = io::Json::object();
    for (std::size_t h = 1; h < predictions.size(); ++h) {
      const auto& [head, probabilities] = predictions[h];
      const Label best = metrics::likeliest(std::span<const double>(probabilities), 1)[0];
      heads[head] = {{"class", names(taxonomy_, taxonomy_.level_index(head), best)[0]},
                     {"probability", probabilities[static_cast<std::size_t>(best)]}};
    }
    return heads;
  }

  const Options& options_;
  const Taxonomy& taxonomy_;
  Index level_;
  io::Json json_ = io::Json::array();
};

int classify(const Options& options) {
  auto [model, info, has_non_finite] = examples::load_trained<float>(options.model);
  if (!info.taxonomy)
    fail<FormatError>(options.model, "no class names in the file", "a model of a training program is needed");
  if (const Index channels = model.input_shape().channels; channels != 1 && channels != 3)
    fail<ShapeError>(options.model, to_string(model.input_shape()) + " input",
                     "1 or 3 channels are needed for pictures");
  std::vector<std::string> paths;
  for (const std::string& path : options.files)
    for (std::string& picture : pictures(path)) paths.push_back(std::move(picture));
  model.prepare_inference();
  Printer printer(options, *info.taxonomy, model.heads().name(0));
  int status = 0;
  for (const std::string& path : paths) {
    try {
      Tensor<float> sample = exchange::picture_tensor(io::read_image(path), model.input_shape(), info);
      printer.print(path, predict(model, sample, options.flip));
    } catch (const Error& error) {  // the other images may be good
      std::cerr << "predict_image: " << printable(error.what(), 8192) << '\n';
      status = 1;
    }
  }
  printer.finish();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Classifies pictures with a model file", "predict_image"};
  app.add_option("files", options.files,
                 "PNG, JPEG or PPM files, or folders of them; before them a .safetensors file written by a training "
                 "program [default: the network for CIFAR-100's 100 classes in " HCNN_PRETRAINED "]")
      ->required();
  app.add_option("--top", options.top, "classes to show")->check(CLI::Range(1, 100))->capture_default_str();
  app.add_flag("--flip", options.flip, "average the probabilities of each image and its mirror image");
  auto* json = app.add_flag("--json", options.json, "print JSON, probabilities from 0 to 1");
  app.add_flag("--csv", options.csv, "print CSV, one row per class shown")->excludes(json);
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] {
    take_model(options);
    return classify(options);
  });
}
