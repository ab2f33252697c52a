// Inputs of megabytes that cost a reader most.
#pragma once

#include <string>
#include <vector>

namespace fuzz {

/// An input and the name of its target.
struct LargeInput {
  std::string target;  ///< as in `Target::name`
  std::string bytes;   ///< the input
};

/// Texts of nothing but separators, headers as long as they may be, names as many as they may be.
std::vector<LargeInput> large_inputs();

}  // namespace fuzz
