/// @file   benchmarks/cuda/noise.cuh
/// @brief  Pseudo-random operands, computed on the device.
#pragma once

#include <cstdint>

#include <ctp/autograd/pass.hpp>
#include <ctp/core/philox.hpp>

#include "parts.cuh"

namespace bench {

/// x[i] = a number between -scale and scale that depends on i alone.
struct Noise {
  float scale;
  float* x;
  CTP_HD void operator()(Index i) const {
    std::uint32_t word[4] = {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), 0, 0};
    ctp::philox4x32(word, 1U, 2U);
    x[i] = scale * (static_cast<float>(word[0]) * 0x1p-31F - 1.F);
  }
};

inline Vector noise(Index n, float scale = 1) {
  Vector made(n);
  B::for_each(n, Noise{scale, made.data()});
  return made;
}

/// Rows of unit length, and memory for their gradient.
struct UnitRows {
  Vector value, grad;
  Index rows, width;

  UnitRows(Index n, Index d) : value(n * d), grad(n * d), rows(n), width(d) {
    const Vector raw = noise(n * d);
    Vector length(n);
    B::normalize_rows(n, d, raw.data(), 1e-12F, value.data(), length.data());
    wait();
  }
  ctp::Variable<2, B> trained() { return {{value.data(), {rows, width}}, {grad.data(), {rows, width}}}; }
  ctp::Variable<2, B> fixed() { return {{value.data(), {rows, width}}, {}}; }
};

}  // namespace bench
