// Elementary functions of a device, by the host's powers and quotients, against those of the standard library.
#include <ctp/backend/cuda/kernel/elementary.hpp>

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include <support/reference.hpp>

namespace {

namespace kernel = ctp::backend::cuda::kernel;

/// The largest error(x) over evenly spaced x from -20 to 20.
template <class Error>
double worst(const Error& error) {
  double most = 0;
  for (int i = -200'000; i <= 200'000; ++i) most = std::max(most, error(static_cast<float>(i) * 1e-4F));
  return most;
}

}  // namespace

TEST_CASE("elementary: powers of two and reciprocals") {
  CHECK(kernel::exp2_of(3.F) == 8.F);
  CHECK(kernel::exp2_of(-INFINITY) == 0.F);
  CHECK(static_cast<double>(kernel::exp2_of(kernel::log2_e)) == doctest::Approx(std::exp(1.0)).epsilon(1e-6));
  CHECK(static_cast<double>(kernel::log_2 * kernel::log2_e) == doctest::Approx(1).epsilon(1e-6));
  CHECK(kernel::reciprocal_of(4.F) == 0.25F);
  CHECK(kernel::reciprocal_of(INFINITY) == 0.F);
}

TEST_CASE("elementary: GELU and its slope follow the exact ones") {
  CHECK(worst([](float x) {
          const double exact = reference::gelu(static_cast<double>(x));
          return std::abs(static_cast<double>(kernel::gelu(x)) - exact) / std::max(1.0, std::abs(double{x}));
        }) < 3e-7);
  CHECK(worst([](float x) {
          return std::abs(static_cast<double>(kernel::gelu_slope(x)) - reference::gelu_slope(static_cast<double>(x)));
        }) < 3e-7);
  CHECK(kernel::gelu(1.5) == ctp::fn::gelu(1.5));
  CHECK(kernel::gelu_slope(1.5) == ctp::fn::gelu_slope(1.5));
}

TEST_CASE("elementary: far from 0 GELU is x or 0, without subnormal numbers, and keeps NaN") {
  CHECK(kernel::gelu(30.F) == 30.F);
  CHECK(kernel::gelu(-13.9F) == 0.F);
  CHECK(kernel::gelu(-1e30F) == 0.F);
  CHECK(kernel::gelu(INFINITY) == INFINITY);
  CHECK(kernel::gelu_slope(1e30F) == 1.F);
  CHECK(kernel::gelu_slope(-1e30F) == 0.F);
  CHECK(std::isnan(kernel::gelu(NAN)));
  CHECK(std::isnan(kernel::gelu_slope(NAN)));
}
