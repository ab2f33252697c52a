// Ctrl-C and SIGTERM: the first asks the training to stop after its batch, the second ends the program at once.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stop_token>
#include <thread>

namespace examples {

/// Turns signals into a stop token. Make it first in `main`: threads started before would still die of the signal.
class Interrupt {
 public:
  Interrupt() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([source = source_, first = signal_, signals]() mutable {
      int signal = 0;
      sigwait(&signals, &signal);
      *first = signal;
      source.request_stop();
      sigwait(&signals, &signal);
      _exit(128 + signal);
    }).detach();
  }

  std::stop_token token() const { return source_.get_token(); }
  /// Exit status after a stop, as shells have it: 130 for Ctrl-C, 143 for SIGTERM.
  int exit_status() const { return 128 + *signal_; }

 private:
  std::stop_source source_;
  std::shared_ptr<std::atomic<int>> signal_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace examples
