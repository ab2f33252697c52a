// Ctrl-C and SIGTERM: the first asks the training to stop after its batch, the second ends the program at once.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <stop_token>
#include <thread>

namespace examples {

/// Exit status of a program that was interrupted, as shells have it: 128 + SIGINT.
inline constexpr int kInterrupted = 130;

/// Turns signals into a stop token. Make it first in `main`: threads started before would still die of the signal.
class Interrupt {
 public:
  Interrupt() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([source = source_, signals]() mutable {
      int signal = 0;
      sigwait(&signals, &signal);
      source.request_stop();
      sigwait(&signals, &signal);
      _exit(kInterrupted);
    }).detach();
  }

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
};

}  // namespace examples
