// Ctrl-C, SIGTERM and SIGHUP, that of a lost terminal: the first asks the training to stop after its batch, another one
// ends the program at once.
#pragma once

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
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
    struct sigaction hangup {};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);  // nohup: to be ignored
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread([source = source_, first = signal_, signals]() mutable {
      int signal = 0;
      sigwait(&signals, &signal);
      *first = signal;
      source.request_stop();
      // What ends a group of processes may reach a program twice at once: `timeout` signals it and its group.
      const auto begin = std::chrono::steady_clock::now();
      do {
        sigwait(&signals, &signal);
      } while (std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
      _exit(128 + signal);
    }).detach();
  }

  std::stop_token token() const { return source_.get_token(); }
  /// Exit status after a stop, as shells have it: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
  int exit_status() const { return 128 + *signal_; }

 private:
  std::stop_source source_;
  std::shared_ptr<std::atomic<int>> signal_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace examples
