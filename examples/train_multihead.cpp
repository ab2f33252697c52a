// Trains a network with heads for fine class, superclass and group on CIFAR-100, CIFAR-10 or the synthetic images,
// evaluates it and writes a report.
//
// Run:    build/release/examples/train_multihead --data cifar-100-binary --recipe best --split 0.9
//         build/release/examples/train_multihead --data synthetic --network compact
// Needs:  CIFAR-100's binary version (tools/run.sh --download), or nothing for the synthetic images.
// Expect: see the table of results in README.md; `--help` lists what a recipe is made of.
#include "examples/common/run_training.hpp"
#include "examples/common/shell_words.hpp"

int main(int argc, char** argv) {
  const examples::Interrupt interrupt;
  examples::TrainingOptions options;
  CLI::App app{"Trains a multi-head CNN, evaluates it and writes a report", "train_multihead"};
  options.command = examples::repeatable_command(argc, argv);
  examples::add_training_options(app, options, examples::networks_of("train_multihead"));
  examples::add_consistency_option(app, options);
  return examples::run_program(app, argc, argv, options.common.threads, [&] {
    return examples::run_training(options, "", "train_multihead", interrupt, [&] { app.parse(argc, argv); });
  });
}
