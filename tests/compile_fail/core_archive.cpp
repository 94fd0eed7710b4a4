// expect-error: \[ctp\.core\.archive\]
#include <cstdint>
#include <string>
#include <vector>

#include <ctp/core/archive.hpp>

/// Counts the numbers of a State.
struct Counter {
  std::size_t numbers = 0;

  void operator()(const std::string&, double) { ++numbers; }
#ifndef CTP_EXPECT_FAIL
  void operator()(const std::string&, const std::vector<std::uint32_t>& list) { numbers += list.size(); }
#endif
};

static_assert(ctp::require_archive<Counter, std::vector<std::uint32_t>>());
