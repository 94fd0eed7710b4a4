/// @file   ctp/core/policy_errors.hpp
/// @brief  Errors inside a policy's function, led by the policy's name.
/// @layer  core
#pragma once

#include <string>
#include <string_view>

#include <ctp/core/error.hpp>

namespace ctp::detail {

/// "<policy>: <message>", or the message itself if the policy's name leads it already.
[[gnu::cold]] inline std::string led_by(std::string_view policy, std::string_view message) {
  std::string text(policy);
  text += ": ";
  if (message.substr(0, text.size()) == text) return std::string(message);
  return text.append(message);
}

/// @brief Throws the exception that is being handled again. The message of a ShapeError or a UsageError is led by
/// `policy`, the name of the policy that was running. To be called in a catch block.
[[noreturn, gnu::cold]] inline void rethrow_in_name_of(const char* policy) {
  try {
    throw;
  } catch (const ShapeError& error) {
    throw ShapeError(led_by(policy, error.what()));
  } catch (const UsageError& error) {
    throw UsageError(led_by(policy, error.what()));
  }
}

}  // namespace ctp::detail
