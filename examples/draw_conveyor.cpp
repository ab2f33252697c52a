// Draws images of parts on a conveyor belt for trying train_folder: 5 kinds of parts, each intact, cracked, chipped or
// rusty, with random position, rotation, lighting and noise, plus a label tree and a table of mistake costs. Shipping a
// cracked part as an intact one costs 20 times as much as throwing a good one away.
//
// Run:    build/release/examples/draw_conveyor --out conveyor
//         build/release/examples/train_folder conveyor/train --test conveyor/test --hierarchy conveyor/hierarchy.csv
//             --costs conveyor/costs.csv --size 48 --epochs 10
//         build/release/examples/predict_image runs/train_folder-001/best.safetensors conveyor/test/gear_cracked
// Needs:  nothing.
// Takes:  seconds to draw, about two minutes to train on 2 cores.
// Expect: conveyor/train/bolt_cracked/1001.png and so on, 20 folders each in train and test; about 91 % of the test
//         images in the right class of 20, all in the right kind, at a mean cost of about 0.35.
#include <hcnn/io.hpp>

#include <fstream>

#include "examples/common/conveyor.hpp"
#include "examples/common/options.hpp"

using namespace hcnn;

namespace {

struct Options {
  std::string out;
  Index train = 120, test = 40, size = 64;
  std::uint64_t seed = 1;
  int threads = 0;
};

// Draws `count` images of every class into folders of `out`/`part`.
void draw_part(const Options& options, const std::string& part, Index count) {
  const Taxonomy tree = examples::conveyor_taxonomy();
  const std::filesystem::path folder = std::filesystem::path(options.out) / part;
  for (const std::string& name : tree.classes(0)) std::filesystem::create_directories(folder / name);
  parallel_for(tree.class_count(0) * count, [&](Index i) {
    const auto label = static_cast<Label>(i / count);
    const std::string png =
        io::encode_png(examples::conveyor_picture(label, options.size, part, i % count, options.seed));
    const std::string number = std::to_string(1000 + i % count + 1);
    const auto path = folder / tree.class_name(0, label) / (number + ".png");
    std::ofstream file(path, std::ios::binary);  // not io::write_file: thousands of files need not each be made durable
    file << png;
    if (!file.flush()) fail<Error>(path.string(), "cannot be written", "a writable folder with free space is needed");
  });
}

int draw(const Options& options) {
  if (std::filesystem::exists(std::filesystem::symlink_status(options.out)))
    fail<Error>(io::printable_path(options.out), "it is there already",
                "a new folder is needed: nothing is overwritten");
  draw_part(options, "train", options.train);
  draw_part(options, "test", options.test);
  const std::filesystem::path out = options.out;
  const Taxonomy tree = examples::conveyor_taxonomy();
  io::write_csv(out / "hierarchy.csv", exchange::taxonomy_table(tree));
  io::write_csv(out / "costs.csv", exchange::cost_table(examples::conveyor_costs(), tree.classes(0)));
  std::cout << tree.class_count(0) << " classes: " << tree.class_count(0) * options.train << " pictures in "
            << (out / "train").string() << ", " << tree.class_count(0) * options.test << " in "
            << (out / "test").string() << "; hierarchy.csv and costs.csv beside them" << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Draws parts on a conveyor belt: pictures for train_folder", "draw_conveyor"};
  app.add_option("--out", options.out, "folder to write; it must not exist")->required();
  app.add_option("--train", options.train, "training images of each class")
      ->check(CLI::Range(Index{1}, Index{9000}))
      ->capture_default_str();
  app.add_option("--test", options.test, "test images of each class")
      ->check(CLI::Range(Index{1}, Index{9000}))
      ->capture_default_str();
  app.add_option("--size", options.size, "side of the images, pixels")
      ->check(CLI::Range(Index{16}, Index{1024}))
      ->capture_default_str();
  examples::add_seed_option(app, options.seed, "seed of everything random");
  examples::add_threads_option(app, options.threads);
  return examples::run_program(app, argc, argv, options.threads, [&] { return draw(options); });
}
