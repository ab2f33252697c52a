// Trains a network on a folder of your own images, evaluates it and writes a report; predict_image then classifies
// new images.
//
// Run:    build/release/examples/train_folder photos
//         build/release/examples/predict_image runs/train_folder-001/best.safetensors new.jpg
// Needs:  photos/cat/*.jpg, photos/dog/*.jpg ...: a folder for each class. Nested folders, photos/pet/cat and
//         photos/field/cow, define a label tree, and so does `--hierarchy FILE`. draw_conveyor draws a folder for a
//         trial.
// Takes:  about two minutes for the 2,400 images of draw_conveyor, 10 epochs on 2 cores.
// Expect: a head for each level of the tree; accuracies, confusion matrices and, with `--costs FILE`, the cost of the
//         mistakes.
#include "examples/common/run_training.hpp"

int main(int argc, char** argv) {
  return examples::run_training(
      "train_folder", "Trains on a folder of pictures, evaluates the network and writes a report", argc, argv);
}
