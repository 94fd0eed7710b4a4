// Lists of tasks of synthetic pairs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <data/synthetic_source.hpp>

#include <ctp/data/source.hpp>

namespace test {

/// Tasks of `pairs` pairs each, in one source.
inline std::vector<ctp::data::Task> tasks_of(std::uint32_t count, std::uint32_t pairs = 8) {
  const auto source = std::make_shared<const SyntheticSource>(pairs * count);
  std::vector<ctp::data::Task> tasks;
  for (std::uint32_t t = 0; t < count; ++t) {
    tasks.push_back({"task " + std::to_string(t + 1), source, {}});
    for (std::uint32_t i = 0; i < pairs; ++i) tasks.back().members.push_back(pairs * t + i);
  }
  return tasks;
}

}  // namespace test
