// A program that runs beside this one: its own process group, all its output in a file, ended with its parent.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <hcnn/run.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace examples {

using namespace hcnn;

/// A running program. It has a process group of its own, so that a Ctrl-C reaches it through `send` alone and once, and
/// the system kills it when its parent ends, however that happens.
class ChildProcess {
 public:
  /// Starts `program`, without a shell, in the present folder; what it prints is appended to `log`. To be called from
  /// the main thread: the child ends with the thread that started it. Throws Error where it cannot be started.
  ChildProcess(const std::filesystem::path& program, std::vector<std::string> arguments,
               const std::filesystem::path& log) {
    arguments.insert(arguments.begin(), program.string());
    std::vector<char*> words;
    for (std::string& argument : arguments) words.push_back(argument.data());
    words.push_back(nullptr);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (output < 0) fail<Error>(io::printable_path(log), std::strerror(errno), "a file to write to is needed");
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ == 0) become(program.c_str(), words.data(), output, parent);
    const int error = errno;
    ::close(output);
    if (process_ < 0) fail<Error>(io::printable_path(program), std::strerror(error), "a process could not be made");
  }
  ChildProcess(ChildProcess&& other) noexcept : process_(std::exchange(other.process_, -1)) {}
  ChildProcess& operator=(ChildProcess&& other) noexcept {
    std::swap(process_, other.process_);
    return *this;
  }
  ~ChildProcess() {
    if (process_ < 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }

  /// Sends a signal.
  void send(int signal) const {
    if (process_ > 0) ::kill(process_, signal);
  }

  /// The exit status once it has ended, 128 + N where signal N ended it; nothing as long as it runs.
  std::optional<int> poll() {
    int status = 0;
    if (process_ < 0 || ::waitpid(process_, &status, WNOHANG) != process_) return std::nullopt;
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// Waits for its end and returns that status; nothing where a stop is asked for before.
  std::optional<int> wait(const std::stop_token& stop) {
    for (; !stop.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(20)))
      if (const std::optional<int> status = poll()) return status;
    return std::nullopt;
  }

 private:
  // After fork() in a program with threads only system calls are safe.
  [[noreturn]] static void become(const char* program, char** words, int output, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    const int input = ::open("/dev/null", O_RDONLY);
    ::setpgid(0, 0);
    const bool ready = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent && input >= 0 &&
                       ::dup2(input, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2 &&
                       ::sigprocmask(SIG_SETMASK, &none, nullptr) == 0;
    if (ready) ::execv(program, words);
    ::_exit(127);
  }

  pid_t process_ = -1;
};

}  // namespace examples
