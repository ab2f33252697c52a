// Trains a network with heads for fine class, superclass and group on CIFAR-100, CIFAR-10 or the synthetic images,
// evaluates it and writes a report.
//
// Run:    build/release/examples/train_multihead --data cifar-100-binary --recipe best --split 0.9
//         build/release/examples/train_multihead --data synthetic --network compact
// Needs:  CIFAR-100's binary version (tools/run.sh --download), or nothing for the synthetic images.
// Expect: see the table of results in README.md; `--help` lists the settings of each recipe.
#include "examples/common/run_training.hpp"

int main(int argc, char** argv) {
  return examples::run_training("train_multihead", "Trains a multi-head CNN, evaluates it and writes a report", argc,
                                argv);
}
