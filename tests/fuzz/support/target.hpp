// What every fuzz target is made of: a name, a function of the bytes, and claims that hold for all of them.
//
// A target is one file of tests/fuzz. With libFuzzer it is a program of its own; without, all of them are one program
// that replays the kept corpus (replay.cpp).
#pragma once

#include <cstddef>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/support/heap.hpp"
#include "hcnn/core/check.hpp"

namespace fuzz {

/// The input, never to be trusted.
using Bytes = std::string_view;

/// A target and what came of its inputs.
struct Target {
  std::string name;                ///< also of its folder in tests/fuzz/corpus
  void (*run)(Bytes);              ///< returns, or ends the program where a claim does not hold
  std::size_t accepted = 0;        ///< inputs, or parts of them, that a reader took
  std::size_t refused = 0;         ///< inputs, or parts of them, that a reader refused
  std::optional<bool> taken = {};  ///< whether every reader took the last input; empty if none has read it
  double fullest = 0;              ///< largest share of the allowed heap memory that a reader used
  std::size_t fullest_size = 0;    ///< bytes of the input that did
};

/// All targets of this program.
std::vector<Target>& targets();

/// `const Registration registration("npy", run);` makes a file a target.
struct Registration {
  Registration(const char* name, void (*run)(Bytes)) { targets().push_back({name, run}); }
};

/// Runs a target on an input; all counts go to it.
void run(Target& target, Bytes bytes);

/// Ends the program with one line unless `holds`: what a fuzzer calls a crash.
void claim(bool holds, std::string_view what);

/// Counts an input that was read or refused, and claims that its heap memory stayed within `most` bytes.
void note(bool accepted, std::size_t peak, std::size_t most);

/// Claims that the text of an error is one line for a terminal: not empty, without control characters.
void claim_one_line(std::string_view text);

/// What an input of this size may allocate: twice its bytes and 1 MiB.
inline std::size_t allowed(std::size_t bytes) { return 2 * bytes + (std::size_t{1} << 20); }

/// Product of the extents and the bytes of a value; claims that it does not overflow.
template <class Dims>
std::size_t product(const Dims& dims, std::size_t value_bytes) {
  bool empty = value_bytes == 0, fits = true;
  for (const auto extent : dims) empty = empty || extent == 0;
  std::size_t bytes = empty ? 0 : value_bytes;
  for (const auto extent : dims)
    fits = fits && !__builtin_mul_overflow(bytes, static_cast<std::size_t>(extent), &bytes);
  claim(fits, "extents whose product overflows");
  return bytes;
}

/// Runs a reader. Claims that it throws nothing but hcnn's errors of one line, and that the heap never holds more than
/// `most` bytes for it. Returns what it returns, or nothing where it refused.
template <class Read>
auto checked(std::size_t most, const Read& read) -> std::optional<decltype(read())> {
  const HeapWatch heap;
  try {
    std::optional<decltype(read())> value(read());
    note(true, heap.peak(), most);
    return value;
  } catch (const hcnn::Error& error) {
    note(false, heap.peak(), most);
    claim_one_line(error.what());
  } catch (const std::exception& error) {
    claim(false, hcnn::concat("an exception that is none of hcnn's: ", error.what()));
  }
  return std::nullopt;
}

/// Runs something that must not fail: writing what was read, reading it again.
template <class Task>
auto must(const char* what, const Task& task) -> decltype(task()) {
  try {
    return task();
  } catch (const std::exception& error) {
    claim(false, hcnn::concat(what, ": ", error.what()));
    throw;
  }
}

/// Path of a file in memory with these bytes. There is one such file: the next call replaces its content.
const std::filesystem::path& in_memory(Bytes bytes);

/// Path in an empty folder of this process, in memory where the system offers that; removed at the end.
std::filesystem::path scratch(const std::string& name);

}  // namespace fuzz
