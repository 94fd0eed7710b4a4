/// @file   ctp/eval/taken_rows.hpp
/// @brief  Gather of rows of a feature matrix.
/// @layer  eval
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ctp::eval::detail {

/// The rows `rows` of a matrix of this width, row-major.
template <class Real, class Rows>
std::vector<Real> taken_rows(std::span<const Real> x, std::size_t width, const Rows& rows) {
  std::vector<Real> y;
  y.reserve(rows.size() * width);
  for (const auto row : rows) {
    const auto part = x.subspan(static_cast<std::size_t>(row) * width, width);
    y.insert(y.end(), part.begin(), part.end());
  }
  return y;
}

}  // namespace ctp::eval::detail
