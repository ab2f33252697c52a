// Fine-tuning: a trained network's trunk under new heads, for a task with few images. First only the heads are
// trained, on a frozen trunk; then everything, the trunk with a third of the learning rate.
//
// Run:    build/release/examples/train_multihead --data synthetic --network compact --epochs 4 --out runs/base
//         build/release/examples/fine_tune runs/base/last.safetensors
//         options: --images, --epochs, --seed, --threads, --out; see --help
// Needs:  a model file of a training program, for 32x32 images. The new task is synthetic: put your own into
//         `new_task`.
// Takes:  about 10 seconds on 2 cores.
// Expect: on 100 images, after the same 8 epochs, about 88 % of the marks and 90 % of the colours right, against 70 %
//         and 53 % from fresh weights.
#include <hcnn/io.hpp>

#include "examples/common/model_files.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::string model;
  std::optional<std::string> out;
  Index images = 100, epochs = 4;
  std::uint64_t seed = 1;
  int threads = 0;
};

// Images with labels that the trained network has never seen: the kind of mark, and the colour of the ground.
data::Dataset new_task(Index samples, data::Part part) {
  const data::Dataset drawn = data::synthetic({.samples = samples, .seed = 7, .part = part});
  std::vector<float> pixels(static_cast<std::size_t>(drawn.size() * drawn.shape().size()));
  std::vector<Label> marks, colours;
  for (Index i = 0; i < drawn.size(); ++i) {
    drawn.copy_image(i, pixels.data() + i * drawn.shape().size());
    marks.push_back(drawn.label(0, i) % 5);
    colours.push_back(drawn.label(drawn.level_index("group"), i));
  }
  return data::Dataset{drawn.shape(), std::move(pixels), {{"mark", 5, marks}, {"colour", 9, colours}}};
}

class FineTuning {
 public:
  FineTuning(const Options& options, data::Normalization normalization)
      : options_(options),
        normalization_(std::move(normalization)),
        train_set_(new_task(options.images, data::Part::train)),
        test_set_(new_task(500, data::Part::test)) {}

  const data::Dataset& train_set() const { return train_set_; }

  /// @param trunk factor on the learning rate of the trunk; 0: it is frozen
  void train(Model<float>& model, double trunk, Index epochs) {
    // The heads alone are a convex problem, which tolerates a rate that would destroy a trained trunk.
    Adam<float> optimizer{ParamList<float>{}, {.learning_rate = trunk == 0 ? 2e-2 : 2e-3}};
    // All of the trunk frozen: `fit` runs it in evaluation mode and skips its backward pass.
    optimizer.add_group({.params = model.parameters("trunk."), .learning_rate_scale = trunk, .frozen = trunk == 0});
    optimizer.add_group({.params = model.parameters("heads.")});
    train::fit(model, loss_, optimizer, train_set_,
               {.epochs = epochs,
                .batch = 32,
                .seed = options_.seed,
                .augment = {data::pad_crop(2), data::horizontal_flip()},
                .normalization = normalization_,
                .schedule = schedules::one_cycle()});
  }

  void report(const char* what, Model<float>& model) {
    const auto result = train::evaluate(model, loss_, test_set_, {.normalization = normalization_});
    std::cout << what;
    for (const auto& head : result.heads)
      std::cout << "  " << printable(head.level) << ' ' << decimal(100 * head.top1.value(), 1) << " %";
    std::cout << std::endl;
  }

 private:
  const Options& options_;
  data::Normalization normalization_;
  data::Dataset train_set_, test_set_;
  losses::LossSum<float> loss_ = losses::cross_entropy("mark") + losses::cross_entropy("colour");
};

int run(const Options& options) {
  if (options.out && std::filesystem::exists(*options.out))
    fail<Error>(*options.out, "it is there already", "a new file is needed: nothing is overwritten");
  auto [trained, info, has_non_finite] = examples::load_trained<float>(options.model);

  FineTuning task(options, info.normalization);
  models::NetworkOptions network = exchange::network_from_json(info.network, options.model);
  models::heads_of(network) = {{"mark", 5}, {"colour", 9}};
  if (models::input_of(network) != task.train_set().shape())
    fail<ShapeError>(options.model, "a network for pictures " + to_string(models::input_of(network)),
                     to_string(task.train_set().shape()) + " are drawn here");

  Model<float> fresh = models::make_network(network);
  init::he_normal(fresh, Seed{options.seed});
  Model<float> tuned =
      trained.with_heads(heads(head("mark", Linear{{.out_features = 5}}), head("colour", Linear{{.out_features = 9}})));
  init::he_normal(tuned.parameters("heads."), Seed{options.seed});

  task.train(fresh, 1, 2 * options.epochs);
  task.report("from fresh weights:", fresh);
  task.train(tuned, 0, options.epochs);
  task.report("heads on a frozen trunk:", tuned);
  task.train(tuned, 0.3, options.epochs);
  task.report("then all of it:", tuned);

  if (!options.out) return 0;
  exchange::save_model(*options.out, tuned,
                       {.network = exchange::network_json(network, "fine_tune"), .normalization = info.normalization});
  std::cout << "model: " << *options.out << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Trains new heads on a trained trunk, then all of it", "fine_tune"};
  app.add_option("model", options.model, "a .safetensors file written by a training program")->required();
  app.add_option("--images", options.images, "training images of the new task")
      ->check(CLI::Range(Index{32}, Index{100000}))
      ->capture_default_str();
  app.add_option("--epochs", options.epochs, "epochs with a frozen trunk, and then as many with the whole network")
      ->check(CLI::Range(Index{1}, Index{1000}))
      ->capture_default_str();
  app.add_option("--out", options.out, "model file to write; it must not exist [default: none is written]");
  examples::add_seed_option(app, options.seed, "seed of new weights, shuffling and dropout");
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] { return run(options); });
}
