// Trains a network with only the fine head on CIFAR-100, CIFAR-10 or the synthetic images: with plain cross-entropy
// or one of seven losses that take the severity of a mistake into account (`--loss`).
//
// Run:    build/release/examples/train_severity --data cifar-100-binary --loss readme --split 0.9
// Needs:  CIFAR-100's binary version (tools/run.sh --download), or `--data synthetic`.
// Expect: compare accuracy, HD@1 and MS with `--loss ce`, the control with the same seed and split.
#include "examples/common/run_training.hpp"

int main(int argc, char** argv) {
  return examples::run_training("train_severity",
                                "Trains a single-head CNN with a severity-aware loss, evaluates it and writes a report",
                                argc, argv);
}
