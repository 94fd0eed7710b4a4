/// @file   passive_waiting.hpp
/// @brief  Threads of OpenMP that sleep while they wait: the default of all programs.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace examples {

namespace detail {

/// The content of a file of /proc; nullopt if it cannot be read.
inline std::optional<std::string> read_process_file(const char* path) {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  std::string content;
  std::array<char, 4096> part{};
  ssize_t done = 0;
  while ((done = ::read(file, part.data(), part.size())) > 0 || (done < 0 && errno == EINTR))
    if (done > 0) content.append(part.data(), static_cast<std::size_t>(done));
  (void)::close(file);
  if (done < 0) return std::nullopt;
  return content;
}

/// The path of the running program; empty if the system does not tell it.
inline std::string own_path() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<std::size_t>(length) == path.size()) return "";
  return {path.data(), static_cast<std::size_t>(length)};
}

}  // namespace detail

/// @brief Lets the threads of OpenMP sleep while they wait, unless the environment says how they wait.
///
/// By default these threads compute nothing for some milliseconds before they sleep, which takes the processor from
/// other programs. libgomp reads OMP_WAIT_POLICY while the program is loaded, so this function sets the variable and
/// starts the program again: in the same process, with the same arguments and files. Call it first. Where the system
/// does not permit the second start, the program goes on as it is.
inline void wait_passively() {
#ifdef _OPENMP
  for (const char* policy : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"})
    if (std::getenv(policy) != nullptr) return;
  const std::string path = detail::own_path();
  std::optional<std::string> words = detail::read_process_file("/proc/self/cmdline");
  if (path.empty() || !words || words->empty() || words->back() != '\0') return;
  std::vector<char*> arguments;
  for (std::size_t i = 0; i < words->size(); i = words->find('\0', i) + 1) arguments.push_back(words->data() + i);
  arguments.push_back(nullptr);
  if (::setenv("OMP_WAIT_POLICY", "passive", 1) == 0) (void)::execv(path.c_str(), arguments.data());
#endif
}

}  // namespace examples
