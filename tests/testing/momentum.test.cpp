#include <ctp/testing/momentum.hpp>

#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/ema.hpp>

using ctp::Index;
using ctp::testing::check_momentum;
using ctp::testing::Report;

namespace {
using B = ctp::BasicCpu<double>;

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

/// An average with one kind of fault.
enum class Wrong { Drifts, Stays, Overruns, Diverges, ReadsPrevious, Restless };
template <Wrong wrong>
struct Average {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};

  template <class Backend>
  void update(Index n, typename Backend::Real* slow, const typename Backend::Real* online,
              const typename Backend::Real* previous) const {
    static double calls = 0;
    using Real = typename Backend::Real;
    if (wrong == Wrong::Stays) return;
    Backend::average(n, Real(0.9), online, slow);
    for (Index i = 0; i < n; ++i) {
      if (wrong == Wrong::Drifts) slow[i] += Real(0.001);
      if (wrong == Wrong::Diverges) slow[i] = std::log(slow[i]);
      if (wrong == Wrong::ReadsPrevious && previous != nullptr) slow[i] += previous[i] - online[i];
      if (wrong == Wrong::Restless) slow[i] += Real(1e-9) * static_cast<Real>(++calls);
    }
    if (wrong == Wrong::Overruns) slow[n] = 0;
  }
};
}  // namespace

TEST_CASE("momentum: the library's policies pass, in both precisions") {
  CHECK(check_momentum<B>(ctp::momentum::Ema{}).log.empty());
  CHECK(check_momentum<B>(ctp::momentum::Compatible{}).log.empty());
  CHECK(check_momentum<ctp::Cpu>(ctp::momentum::Ema{}).log.empty());
  CHECK(check_momentum<ctp::Cpu>(ctp::momentum::Compatible{}).log.empty());
}

TEST_CASE("momentum: every kind of fault is reported") {
  CHECK(
      mentions(check_momentum<B>(Average<Wrong::Drifts>{}), "expected no change where momentum, online and previous"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Stays>{}), "expected weights that follow the online ones"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Overruns>{}), "expected n weights to be written, found one more"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Diverges>{}), "first task: expected finite weights"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::ReadsPrevious>{}), "expected 'needs' with '.previous"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Restless>{}), "expected the same weights again, found others"));
}
