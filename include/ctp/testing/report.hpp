/// @file   ctp/testing/report.hpp
/// @brief  Result of a check of a user's type.
/// @layer  testing
#pragma once

#include <cstdio>
#include <string>

namespace ctp::testing {

/// @brief Result of a check. `log` has one line for each fault; an empty log means no fault.
struct Report {
  bool ok = true;
  std::string log;

  void fail(const std::string& line) {
    ok = false;
    log += line + "\n";
  }
  /// Adds the result of another check.
  void add(const Report& other) {
    ok = ok && other.ok;
    log += other.log;
  }
};

namespace detail {
inline std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.12g", x);
  return text;
}
}  // namespace detail

}  // namespace ctp::testing
