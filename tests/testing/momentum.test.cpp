#include <ctp/testing/momentum.hpp>

#include <cmath>
#include <cstdint>
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
enum class Wrong { Drifts, Stays, Overruns, Diverges, Restless };
template <Wrong wrong>
struct Average {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};

  template <class View>
  void update(const View& view) const {
    static double calls = 0;
    using Real = typename View::Real;
    const Index n = view.size();
    Real* const slow = view.slow();
    if (wrong == Wrong::Stays) return;
    View::Backend::average(n, Real(0.9), view.online(), slow);
    for (Index i = 0; i < n; ++i) {
      if (wrong == Wrong::Drifts) slow[i] += Real(0.001);
      if (wrong == Wrong::Diverges) slow[i] = std::log(slow[i]);
      if (wrong == Wrong::Restless) slow[i] += Real(1e-9) * static_cast<Real>(++calls);
    }
    if (wrong == Wrong::Overruns) slow[n] = 0;
  }
};

/// An average whose decay rises with the step, kept with a second average in a State.
struct Doubled {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};

  template <class Model>
  struct State {
    ctp::Buffer<typename Model::Real, typename Model::Backend> fast;
    bool begun = false;
    template <class Archive>
    void visit(Archive& archive) {
      archive("fast", fast);
      archive("begun", begun);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return {ctp::Buffer<typename Model::Real, typename Model::Backend>(model.layout().size())};
  }
  template <class View, class OwnState>
  void update(const View& view, OwnState& state) const {
    using Backend = typename View::Backend;
    using Real = typename View::Real;
    if (!state.begun) Backend::copy(view.online(), view.size(), state.fast.data());
    state.begun = true;
    const auto step = static_cast<Real>(view.step());
    Backend::average(view.size(), (1 + step) / (10 + step), view.online(), state.fast.data());
    Backend::average(view.size(), Real(0.9), state.fast.data(), view.slow());
  }
};

}  // namespace

TEST_CASE("momentum: the library's policies pass, in both precisions") {
  CHECK(check_momentum<B>(ctp::momentum::Ema{}).log.empty());
  CHECK(check_momentum<B>(ctp::momentum::Compatible{}).log.empty());
  CHECK(check_momentum<ctp::Cpu>(ctp::momentum::Ema{}).log.empty());
  CHECK(check_momentum<ctp::Cpu>(ctp::momentum::Compatible{}).log.empty());
}

TEST_CASE("momentum: a rule with a State and a decay that depends on the step passes") {
  CHECK(check_momentum<B>(Doubled{}).log.empty());
}

TEST_CASE("momentum: every kind of fault is reported") {
  CHECK(
      mentions(check_momentum<B>(Average<Wrong::Drifts>{}), "expected no change where momentum, online and previous"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Stays>{}), "expected weights that follow the online ones"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Overruns>{}), "expected n weights to be written, found one more"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Diverges>{}), "first task: expected finite weights"));
  CHECK(mentions(check_momentum<B>(Average<Wrong::Restless>{}), "expected the same weights again, found others"));
}
