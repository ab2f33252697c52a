// Trains a network with the fine head alone on CIFAR-100, CIFAR-10 or the synthetic images: plain cross-entropy, or one
// of seven losses that know how bad a mistake is (`--loss`).
//
// Run:    build/release/examples/train_severity --data cifar-100-binary --loss readme --split 0.9
// Needs:  CIFAR-100's binary version (tools/run.sh --download), or `--data synthetic`.
// Expect: compare accuracy, HD@1 and MS with `--loss ce`, the control with the same seed and split.
#include "examples/common/run_training.hpp"
#include "examples/common/shell_words.hpp"

int main(int argc, char** argv) {
  const examples::Interrupt interrupt;
  examples::TrainingOptions options;
  CLI::App app{"Trains a single-head CNN with a severity-aware loss, evaluates it and writes a report",
               "train_severity"};
  options.command = examples::repeatable_command(argc, argv);
  examples::add_training_options(app, options, examples::networks_of("train_severity"));
  examples::add_severity_options(app, options.losses);
  return examples::run_program(app, argc, argv, options.common.threads, [&] {
    return examples::run_training(options, "severity", "train_severity", interrupt, [&] { app.parse(argc, argv); });
  });
}
