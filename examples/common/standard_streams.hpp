/// @file   standard_streams.hpp
/// @brief  Standard input, output and error of all programs: held open, and checked at the end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace examples {

namespace detail {
inline bool& output_was_closed() {
  static bool closed = false;
  return closed;
}
}  // namespace detail

/// @brief Prepares the process before any file is opened.
///
/// A descriptor 0, 1 or 2 that is closed is opened on /dev/null, so that no file gets its number. A closed standard
/// output is opened for reading only: what is printed counts as not delivered (see finish_standard_output()). A closed
/// pipe and a file at its size limit become errors of the writing call, not signals that end the process.
inline void hold_standard_streams() {
  for (int file = STDIN_FILENO; file <= STDERR_FILENO; ++file) {
    if (::fcntl(file, F_GETFD) >= 0 || errno != EBADF) continue;
    if (file == STDOUT_FILENO) detail::output_was_closed() = true;
    (void)::open("/dev/null", file == STDERR_FILENO ? O_WRONLY : O_RDONLY);  // takes the lowest number that is free
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

/// For a program whose result lies in files: what is printed to a standard output that was closed at the start is
/// dropped and does not count as lost.
inline void printed_text_is_optional() {
  if (!detail::output_was_closed()) return;
  const int file = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)::dup2(file, STDOUT_FILENO);
  (void)::close(file);
}

/// @brief Flushes standard output and checks its descriptor. Returns false, after one line on standard error, if any
/// part of the output did not reach the system. Nothing may be printed after this call.
inline bool finish_standard_output(const char* program) {
  errno = 0;
  int problem = std::fflush(stdout) == 0 ? 0 : errno;
  bool complete = problem == 0 && std::ferror(stdout) == 0;
  // Closing a copy reports what only close() reports, such as a quota of a network file system. stdout itself stays
  // open: objects that are destroyed at the end of the process flush it.
  const int copy = ::dup(STDOUT_FILENO);
  if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) {
    complete = false;
    if (problem == 0) problem = errno;
  }
  if (complete) return true;
  std::fprintf(stderr, "%s: standard output: expected to print everything, found %s; a part of the output is lost\n",
               program, problem != 0 ? std::strerror(problem) : "an error of an earlier line");
  return false;
}

}  // namespace examples
