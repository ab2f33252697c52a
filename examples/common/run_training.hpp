// What a training program calls; run_training.cpp is compiled once for all of them.
#pragma once

#include <functional>
#include <string>

#include "examples/common/interrupt.hpp"
#include "examples/common/training_options.hpp"

namespace examples {

/// Runs the training that the options ask for, a new one or one that is resumed; returns the exit status.
/// @param network of a program of single heads, in place of its recipes' networks; "": each its own, with all heads
/// @param parse_again puts the command line over options that came from a config.json
int run_training(TrainingOptions& options, const std::string& network, const std::string& program,
                 const Interrupt& interrupt, const std::function<void()>& parse_again);

}  // namespace examples
