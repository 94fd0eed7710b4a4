/// @file   stop_signals.hpp
/// @brief  SIGINT, SIGTERM, SIGHUP and SIGUSR1 as requests to stop at the next safe place.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <string>

#include <ctp/core/error.hpp>

namespace examples {

namespace detail {
inline volatile std::sig_atomic_t stop_signal = 0, stop_second = 0;

/// The first signal is noted. SIGINT or SIGTERM more than a second later has its default action: the process ends at
/// once. A terminal that is closed sends SIGHUP twice, and job schedulers repeat their signal; SIGUSR1 is a scheduler's
/// notice that the time is nearly over.
inline void note_stop(int signal) {
  const int error = errno;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  errno = error;
  const auto second = static_cast<std::sig_atomic_t>(now.tv_sec);
  if (stop_signal == 0) {
    stop_second = second;
    stop_signal = signal;
    return;
  }
  if (signal == SIGHUP || signal == SIGUSR1 || second - stop_second < 2) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);  // delivered when this handler returns
}
}  // namespace detail

inline const char* signal_name(int signal) {
  return signal == SIGINT    ? "SIGINT"
         : signal == SIGTERM ? "SIGTERM"
         : signal == SIGHUP  ? "SIGHUP"
         : signal == SIGUSR1 ? "SIGUSR1"
                             : "a signal";
}

/// A stop was requested by a signal.
struct Stopped : ctp::Error {
  int signal;
  explicit Stopped(int which)
      : Error(ctp::ErrorCode::Interrupted, std::string("stopped by ") + signal_name(which)), signal(which) {}
};

/// @brief While an object lives, the four signals are noted. A signal that the program was started with as ignored
/// stays ignored: `nohup`, and SIGINT of a shell's background jobs.
class StopSignals {
 public:
  StopSignals() {
    for (std::size_t i = 0; i < std::size(signals); ++i) {
      struct sigaction noted{};
      noted.sa_handler = detail::note_stop;
      noted.sa_flags = SA_RESTART;  // no read or write fails because of the signal
      sigemptyset(&noted.sa_mask);
      if (::sigaction(signals[i], nullptr, &before_[i]) == 0 && before_[i].sa_handler != SIG_IGN)
        ::sigaction(signals[i], &noted, nullptr);
    }
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals() {
    for (std::size_t i = 0; i < std::size(signals); ++i) ::sigaction(signals[i], &before_[i], nullptr);
  }

  /// The signal that requested the stop, or 0.
  [[nodiscard]] static int requested() { return detail::stop_signal; }
  /// **Errors.** Stopped if a stop was requested.
  static void check() {
    if (requested() != 0) throw Stopped(requested());
  }

 private:
  static constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
  struct sigaction before_[std::size(signals)] = {};
};

/// Ends the process by the default action of the signal.
[[noreturn]] inline void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  std::raise(signal);
  std::_Exit(128 + signal);
}

}  // namespace examples
