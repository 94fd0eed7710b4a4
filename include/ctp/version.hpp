/// @file   ctp/version.hpp
/// @brief  The library's version, as text and as numbers.
#pragma once

namespace ctp {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr const char* version = "0.1.0";

}  // namespace ctp
