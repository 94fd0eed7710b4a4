// Reference operations of a backend, as plain loops in double, and helpers to run operations on any backend.
//
// To test another backend, define CTP_TEST_BACKENDS as its types and include the test files of tests/backend/generic.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/concepts.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/tensor/buffer.hpp>

#ifndef CTP_TEST_BACKENDS
#include <ctp/backend/cpu/backend.hpp>
#define CTP_TEST_BACKENDS ctp::BasicCpu<float>, ctp::BasicCpu<double>
#endif

namespace reference {

using ctp::Index;
using Values = std::vector<double>;
using Ids = std::vector<std::int32_t>;

inline std::size_t at(Index i) { return static_cast<std::size_t>(i); }

/// Normal numbers that a float holds exactly. Different for each `lane`.
inline Values random(Index n, std::uint32_t lane) {
  ctp::RandomLane draw(ctp::RandomStream(7, "tests"), ctp::RandomPlace{}, lane);
  Values x(at(n));
  for (double& v : x) v = static_cast<double>(static_cast<float>(draw.normal()));
  return x;
}
inline Ids random_ids(Index n, std::uint32_t below, std::uint32_t lane) {
  ctp::RandomLane draw(ctp::RandomStream(8, "tests"), ctp::RandomPlace{}, lane);
  Ids x(at(n));
  for (auto& v : x) v = static_cast<std::int32_t>(draw.below(below));
  return x;
}

/// Values in the memory of a backend.
template <class B>
ctp::Buffer<typename B::Real, B> put(const Values& values) {
  ctp::Buffer<typename B::Real, B> buffer(static_cast<Index>(values.size()));
  buffer.assign(values);
  return buffer;
}
template <class B, class T>
ctp::Buffer<T, B> put_as_is(const std::vector<T>& values) {
  ctp::Buffer<T, B> buffer(static_cast<Index>(values.size()));
  buffer.assign(values);
  return buffer;
}
template <class B>
ctp::Buffer<typename B::Real, B> room(Index n) {
  return ctp::Buffer<typename B::Real, B>(n);
}

/// The largest difference, in units of the largest expected number, at least 1. Infinite if a number is NaN or a size
/// is wrong.
inline double off(const Values& found, const Values& expected) {
  if (found.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double worst = 0, largest = 1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double d = std::abs(found[i] - expected[i]);
    if (!(d <= std::numeric_limits<double>::max())) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, d);
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}
template <class B>
double off(const ctp::Buffer<typename B::Real, B>& found, const Values& expected) {
  return off(found.template to_host<double>(), expected);
}

/// The largest allowed difference: a few hundred roundings.
template <class B>
constexpr double rounding = std::is_same_v<typename B::Real, float> ? 1e-5 : 1e-13;

/// Sets the number of threads until the end of the scope.
class Threads {
 public:
  explicit Threads(int count) : before_(ctp::threads()) { ctp::set_threads(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { ctp::set_threads(before_); }

 private:
  int before_;
};

/// Whether compute(), which returns a vector of numbers, returns the same bits with one, two and three threads.
template <class Compute>
bool same_bits_for_any_thread_count(const Compute& compute) {
  const auto run = [&](int count) {
    const Threads threads(count);
    return compute();
  };
  const auto one = run(1);
  for (const auto value : one)
    if (!(value - value == 0)) return false;  // NaN is not equal to NaN
  return one == run(2) && one == run(3);
}

inline Values sum(Values a, const Values& b, double factor = 1) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  return a;
}
inline Values times(Values a, const Values& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}

/// alpha op(a) op(b), rows of a and b `lda` and `ldb` apart.
inline Values product(bool transpose_a, bool transpose_b, Index m, Index n, Index k, double alpha, const Values& a,
                      Index lda, const Values& b, Index ldb) {
  Values c(at(m * n));
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      double total = 0;
      for (Index l = 0; l < k; ++l)
        total += a[at(transpose_a ? l * lda + i : i * lda + l)] * b[at(transpose_b ? j * ldb + l : l * ldb + j)];
      c[at(i * n + j)] = alpha * total;
    }
  return c;
}

inline double gelu(double x) { return 0.5 * x * std::erfc(-x / std::sqrt(2.0)); }
inline double gelu_slope(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0));
}

/// softmax of scale * x.
inline Values softmax(const Values& x, double scale = 1) {
  double top = -std::numeric_limits<double>::infinity(), total = 0;
  for (const double v : x) top = std::max(top, scale * v);
  Values p;
  for (const double v : x) total += p.emplace_back(std::exp(scale * v - top));
  for (double& v : p) v /= total;
  return p;
}
inline Values row(const Values& x, Index i, Index d) { return {x.begin() + i * d, x.begin() + (i + 1) * d}; }

/// The factors of dropout for the elements of one row, written after the docstring of ctp::backend::Dropout.
inline Values dropout_factors(const ctp::backend::Dropout& layer, std::uint32_t sample, Index row, Index columns) {
  const auto threshold = static_cast<std::uint32_t>(std::lround(static_cast<double>(layer.probability) * 65536));
  Values factors;
  for (Index column = 0; column < columns; ++column) {
    const Index block = 16 * (row * ((columns + 127) / 128) + column / 128) + column % 16;
    const std::array<std::uint32_t, 4> words =
        ctp::philox4x32({static_cast<std::uint32_t>(block), layer.lane, sample, layer.task * 65536 + layer.epoch},
                        {layer.key.low, layer.key.high});
    const std::uint32_t word = words[at(column % 64 / 16)];
    const std::uint32_t bits = column % 128 < 64 ? word % 65536 : word / 65536;
    // The scale is a float on every backend, so that all backends compute with the same number.
    factors.push_back(bits >= threshold ? static_cast<double>(65536.F / static_cast<float>(65536 - threshold)) : 0.0);
  }
  return factors;
}
/// The factors of dropout for all rows of a batch. `samples`: the numbers that layer.sample points to.
inline Values dropout_factors(const ctp::backend::Dropout& layer, const std::vector<std::uint32_t>& samples,
                              Index rows_per_sample, Index columns) {
  Values all;
  for (const std::uint32_t sample : samples)
    for (Index i = 0; i < rows_per_sample; ++i)
      for (const double f : dropout_factors(layer, sample, i, columns)) all.push_back(f);
  return all;
}

}  // namespace reference
