/// @file   checkpoint_interval.hpp
/// @brief  The option --checkpoint-every: steps, a time, or never.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/train/checkpoint/checkpoint_every.hpp>

namespace pretrain {

/// "500" steps, "90s", "30m", "2h", or "never". **Errors.** UsageError for any other text.
inline ctp::CheckpointPlan checkpoint_plan(const std::string& text) {
  ctp::CheckpointPlan plan{.seconds = 0};
  if (text == "never") return plan;
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  const std::string unit(stop, end);
  const int seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  constexpr std::uint64_t most = 1'000'000'000;
  if (error != std::errc() || number == 0 || number > most || (seconds == 0 && !unit.empty()))
    throw ctp::UsageError(ctp::Complaint{"--checkpoint-every", "",
                                         "a number of steps such as 500, a time such as 90s, 30m or 2h, or never",
                                         ctp::quoted(text), ""}
                              .text());
  if (seconds == 0)
    plan.steps = number;
  else
    plan.seconds = static_cast<double>(number) * seconds;
  return plan;
}

}  // namespace pretrain
