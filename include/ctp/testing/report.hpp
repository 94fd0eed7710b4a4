/// @file   ctp/testing/report.hpp
/// @brief  What a check of a user's type found.
/// @layer  testing
#pragma once

#include <cstdio>
#include <string>

namespace ctp::testing {

/// What a check found. `log` names what is wrong, one line each; it is empty when all is well.
struct Report {
  bool ok = true;
  std::string log;

  void fail(const std::string& line) {
    ok = false;
    log += line + "\n";
  }
  /// Takes over what another check found.
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
