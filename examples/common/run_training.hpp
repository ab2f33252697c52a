// What a training program calls; run_training.cpp is compiled once for all of them.
#pragma once

namespace examples {

/// What `main` of a training program does: reads the command line and runs the training that it asks for, a new one or
/// one that is resumed. Returns the exit status.
/// @param program train_multihead, train_severity or train_folder: says which options and networks there are
int run_training(const char* program, const char* description, int argc, char** argv);

}  // namespace examples
