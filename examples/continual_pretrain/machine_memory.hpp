/// @file   machine_memory.hpp
/// @brief  The memory that this process may use at most.
#pragma once

#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>

namespace pretrain {

/// @brief Main memory and swap space, the limit of the control group, and the limit of the address space: the least of
/// them. **Units.** bytes.
inline std::uint64_t machine_memory() {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max(), swap = 0;
  struct sysinfo facts{};
  if (sysinfo(&facts) == 0) {
    swap = std::uint64_t{facts.totalswap} * facts.mem_unit;
    least = std::uint64_t{facts.totalram} * facts.mem_unit + swap;
  }
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::uint64_t limit = 0;
    if (std::ifstream file(path); file >> limit && limit > 0 && limit < least) least = std::min(least, limit + swap);
  }
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    least = std::min<std::uint64_t>(least, space.rlim_cur);
  return least;
}

/// The largest file that this process may write, bytes.
inline std::uint64_t largest_file() {
  rlimit size{};
  if (getrlimit(RLIMIT_FSIZE, &size) == 0 && size.rlim_cur != RLIM_INFINITY) return size.rlim_cur;
  return std::numeric_limits<std::uint64_t>::max();
}

}  // namespace pretrain
