#include <ctp/train/parameters/gradient_clip.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/optim/adamw.hpp>

namespace {

template <class B>
struct Places {
  using Backend = B;
  using Real = typename B::Real;
  ctp::Layout all;
  Places() { all.add<1>("x", {48}, ctp::Start::Zeros); }
  [[nodiscard]] const ctp::Layout& layout() const { return all; }
};

/// Adds theta to each gradient.
template <class Real>
struct Pull {
  CTP_HD Real gradient(ctp::Index, Real theta) const { return theta; }
  CTP_HD double value(ctp::Index, Real) const { return 0; }
};

/// Three steps of clip_grad_norm_ and AdamW on 48 weights, place by place in double, as the two algorithms read.
/// Places 16 to 31 are frozen. Returns the norms; `theta` is moved.
std::vector<double> by_hand(std::vector<double>& theta, const std::vector<double>& gradient, double longest,
                            double rate, double decay) {
  std::vector<double> norms, m(theta.size()), v(theta.size());
  for (int t = 1; t <= 3; ++t) {
    std::vector<double> g(theta.size());
    double sum = 0;
    for (std::size_t i = 0; i < theta.size(); ++i) {
      if (i >= 16 && i < 32) continue;
      g[i] = t * gradient[i] + theta[i];
      sum += g[i] * g[i];
    }
    norms.push_back(std::sqrt(sum));
    const double scale = std::min(1.0, longest / (norms.back() + 1e-6));
    for (std::size_t i = 0; i < theta.size(); ++i) {
      if (i >= 16 && i < 32) continue;
      m[i] = 0.9 * m[i] + 0.1 * g[i] * scale;
      v[i] = 0.999 * v[i] + 0.001 * g[i] * scale * g[i] * scale;
      const double mean = m[i] / (1 - std::pow(0.9, t)), square = v[i] / (1 - std::pow(0.999, t));
      theta[i] = theta[i] * (1 - rate * decay) - rate * mean / (std::sqrt(square) + 1e-8);
    }
  }
  return norms;
}

template <class B>
void check(double longest, double tolerance) {
  using Real = typename B::Real;
  std::vector<double> expected(48), raw(48);
  for (std::size_t i = 0; i < 48; ++i) {
    expected[i] = std::sin(static_cast<double>(i));
    raw[i] = std::cos(3 * static_cast<double>(i));
  }
  ctp::Buffer<Real, B> theta(48), gradient(48);
  theta.assign(std::vector<Real>(expected.begin(), expected.end()));
  const std::vector<double> begin = expected;
  const std::vector<double> norms = by_hand(expected, raw, longest, 0.01, 0.05);

  ctp::optim::Ranges ranges;
  ranges.append({.begin = 0, .end = 16});
  ranges.append({.begin = 16, .end = 32, .frozen = true});
  ranges.append({.begin = 32, .end = 40});
  ranges.append({.begin = 40, .end = 48, .most = 100});
  ctp::GradientClip<B> clip(longest, false, ranges);
  const ctp::optim::AdamW adamw;
  auto state = adamw.init(Places<B>{}, 0);
  for (int t = 1; t <= 3; ++t) {
    std::vector<Real> now(48);
    for (std::size_t i = 0; i < 48; ++i) now[i] = static_cast<Real>(t * raw[i]);
    gradient.assign(now);
    clip.measure(ranges, theta.data(), gradient.data(), Pull<Real>{});
    double norm = 0;
    B::download(clip.norm(), 1, &norm);
    CHECK(norm == doctest::Approx(norms[static_cast<std::size_t>(t) - 1]).epsilon(tolerance));
    adamw.template step<Places<B>>(state, theta.data(), gradient.data(), 0.01, Pull<Real>{}, ranges, clip.factor());
  }
  const std::vector<Real> after = theta.to_host();
  for (std::size_t i = 0; i < 48; ++i) {
    CAPTURE(i);
    CHECK(static_cast<double>(after[i]) == doctest::Approx(expected[i]).epsilon(tolerance));
    if (i >= 16 && i < 32) CHECK(after[i] == static_cast<Real>(begin[i]));
  }
}

}  // namespace

TEST_CASE("gradient_clip: three steps of norm clipping and AdamW are those worked out place by place") {
  for (const double longest : {0.5, 9.0, 1e6}) {  // always, in some steps, never
    CAPTURE(longest);
    check<ctp::BasicCpu<double>>(longest, 1e-12);
    check<ctp::Cpu>(longest, 1e-5);
    check<ctp::test::SimulatedCuda<float>>(longest, 1e-5);
  }
}

TEST_CASE("gradient_clip: without a longest norm there is nothing in memory and no factor") {
  const ctp::GradientClip<ctp::Cpu> off(0, false, ctp::optim::Ranges(48));
  CHECK(off.norm() == nullptr);
  CHECK(off.factor() == nullptr);
}

TEST_CASE("gradient_clip: a gradient of zeros and a vector that is frozen whole have norm 0 and factor 1") {
  using B = ctp::BasicCpu<double>;
  const std::array<double, 4> zeros{}, ones{1, 1, 1, 1};
  ctp::optim::Ranges frozen;
  frozen.append({.begin = 0, .end = 4, .frozen = true});
  for (const auto& [ranges, gradient] : {std::pair{ctp::optim::Ranges(4), zeros}, {frozen, ones}}) {
    ctp::GradientClip<B> clip(1, false, ranges);
    clip.measure(ranges, zeros.data(), gradient.data(), ctp::backend::NoTerm{});
    CHECK(*clip.norm() == 0);
    CHECK(*clip.factor() == 1);
  }
}
