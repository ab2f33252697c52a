// Trainings as processes of their own, a few at a time: what searches and experiments are made of.
#pragma once

#include <chrono>
#include <thread>

#include "examples/common/child_process.hpp"
#include "examples/common/interrupt.hpp"
#include "examples/common/shell_words.hpp"

namespace examples {

/// A training in a process of its own.
struct ChildTraining {
  std::string program;                 ///< train_multihead or train_severity
  std::vector<std::string> arguments;  ///< all but --out, --resume and --threads
  run::RunFolder folder;               ///< of the run
  std::filesystem::path log = {};      ///< takes what the program prints
};

/// A program in the folder of this one; Error where there is none.
inline std::filesystem::path sibling_program(const std::string& name) {
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
  if (!std::filesystem::exists(path))
    fail<Error>(io::printable_path(path), "no such file", "the training program must lie beside this one");
  return path;
}

/// Continues the training where its run folder has begun, else begins it. One that was begun with other arguments is
/// refused by the program itself.
inline ChildProcess start_training(const ChildTraining& training, int threads) {
  const run::RunFolder& folder = training.folder;
  std::vector<std::string> arguments = training.arguments;
  if (std::filesystem::exists(folder.config())) {
    const auto config = std::find(arguments.begin(), arguments.end(), "--config");
    if (config != arguments.end()) arguments.erase(config, std::min(config + 2, arguments.end()));  // it has its own
    std::erase_if(arguments, [](const std::string& word) { return word.starts_with("--config="); });
    arguments.push_back("--resume");
  }
  arguments.insert(arguments.end(), {"--out", folder.path().string(), "--threads", std::to_string(threads)});
  return ChildProcess(sibling_program(training.program), arguments, training.log);
}

/// Runs the trainings in their order, `jobs` at a time. False where it was interrupted: then those that run are asked
/// to save and end, and no other begins.
/// @param threads of each training  @param ended called with the position and the exit status of each one that ended
template <class Ended>
bool run_trainings(const std::vector<ChildTraining>& trainings, std::size_t jobs, int threads,
                   const Interrupt& interrupt, const Ended& ended) {
  struct Running {
    std::size_t position;
    ChildProcess process;
  };
  std::vector<Running> running;
  std::size_t next = 0;
  bool stopping = false;
  while (true) {
    if (!stopping && interrupt.token().stop_requested()) {
      stopping = true;
      for (const Running& each : running) each.process.send(interrupt.exit_status() - 128);
    }
    for (; !stopping && next < trainings.size() && running.size() < jobs; ++next)
      running.push_back({next, start_training(trainings[next], threads)});
    if (running.empty()) return !stopping;
    std::erase_if(running, [&](Running& each) {
      const std::optional<int> status = each.process.poll();
      if (status && (*status == 0 || !stopping)) ended(each.position, *status);
      return status.has_value();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

/// Why a training failed: the last line that it printed, which is its error, and its exit status.
inline std::string failure_reason(const ChildTraining& training, int status) {
  if (status > 128) return concat("signal ", status - 128);
  std::string last;
  for (const std::string& line : run::split_text(io::read_file(training.log, std::uint64_t{1} << 30), '\n'))
    if (!line.empty()) last = line;
  const std::string number = concat("status ", status);
  return last.empty() ? number : number + ", " + printable(last, 300);
}

}  // namespace examples
