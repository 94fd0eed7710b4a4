#include <ctp/optim/adamw.hpp>

#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include <ctp/backend/generic/host.hpp>
#include <ctp/nn/layout.hpp>

namespace {

struct Host : ctp::backend::generic::Host<Host, double> {};
struct Three {
  using Backend = Host;
  using Real = double;
  ctp::Layout places;
  Three() { places.add<1>("x", {3}, ctp::Start::Zeros); }
  [[nodiscard]] const ctp::Layout& layout() const { return places; }
};
using Vector = std::array<double, 16>;  // three values and the gap up to 16

}  // namespace

TEST_CASE("adamw: the first step decays the weight and moves by the rate against the gradient's sign") {
  const ctp::optim::AdamW adamw{.weight_decay = 0.5};
  auto state = adamw.init(Three{}, 0);
  Vector theta{2, -1, 3}, gradient{0.25, -40, 0};

  adamw.step(state, theta.data(), gradient.data(), 0.01);

  // Corrected moments are g and g^2: the step is g / (|g| + 1e-8).
  CHECK(theta[0] == doctest::Approx(2 * (1 - 0.01 * 0.5) - 0.01 * 0.25 / (0.25 + 1e-8)).epsilon(1e-14));
  CHECK(theta[1] == doctest::Approx(-1 * (1 - 0.01 * 0.5) + 0.01 * 40 / (40 + 1e-8)).epsilon(1e-14));
  CHECK(theta[2] == doctest::Approx(3 * (1 - 0.01 * 0.5)).epsilon(1e-14));  // decay alone
  CHECK(gradient == Vector{});
  CHECK(theta[3] == 0);
}

TEST_CASE("adamw: the second step weighs both gradients as worked out by hand") {
  const ctp::optim::AdamW adamw{.weight_decay = 0, .beta1 = 0.5, .beta2 = 0.75, .epsilon = 0};
  auto state = adamw.init(Three{}, 0);
  Vector theta{}, gradient{4};
  adamw.step(state, theta.data(), gradient.data(), 1);
  gradient[0] = -2;

  adamw.step(state, theta.data(), gradient.data(), 1);

  // m = 0.5 * 2 + 0.5 * -2 = 0; v = 0.75 * 4 + 0.25 * 4 = 4: the second step stands still.
  CHECK(theta[0] == doctest::Approx(-1).epsilon(1e-14));
  gradient[0] = 3;
  adamw.step(state, theta.data(), gradient.data(), 1);
  // m = 1.5 / (1 - 0.125), v = (3 + 2.25) / (1 - 0.421875)
  CHECK(theta[0] == doctest::Approx(-1 - (1.5 / 0.875) / std::sqrt(5.25 / 0.578125)).epsilon(1e-14));
}

TEST_CASE("adamw: a reset forgets moments and counts from the first step again") {
  const ctp::optim::AdamW adamw{.weight_decay = 0};
  auto state = adamw.init(Three{}, 0);
  Vector theta{}, gradient{1};
  adamw.step(state, theta.data(), gradient.data(), 1);
  adamw.reset<Three>(state);
  theta[0] = 0;
  gradient[0] = -5;

  adamw.step(state, theta.data(), gradient.data(), 1);

  CHECK(theta[0] == doctest::Approx(1));
  CHECK(state.steps == 1);
}

TEST_CASE("adamw: each range has its factors and its clamp, and a frozen range keeps weights and moments") {
  const ctp::optim::AdamW adamw{.weight_decay = 0.5};
  auto state = adamw.init(Three{}, 0);
  Vector theta{2, -1, 3, 5}, gradient{0.25, -40, 1, 7};
  ctp::optim::Ranges ranges;
  ranges.append({.begin = 0, .end = 1, .rate = 2, .decay = 0});
  ranges.append({.begin = 1, .end = 2, .least = -0.98});
  ranges.append({.begin = 2, .end = 3, .most = 2.5});
  ranges.append({.begin = 3, .end = 16, .frozen = true});

  adamw.step<Three>(state, theta.data(), gradient.data(), 0.01, ctp::backend::NoTerm{}, ranges, nullptr);

  CHECK(theta[0] == doctest::Approx(2 - 0.02 * 0.25 / (0.25 + 1e-8)).epsilon(1e-14));
  CHECK(theta[1] == -0.98);  // -1 * (1 - 0.01 * 0.5) + 0.01 = -0.985 lies below
  CHECK(theta[2] == 2.5);
  CHECK(theta[3] == 5);
  CHECK(gradient == Vector{});
  CHECK(state.first.data()[3] == 0);
  CHECK(state.second.data()[3] == 0);
  adamw.step<Three>(state, theta.data(), gradient.data(), 0.01, ctp::backend::NoTerm{}, ranges, nullptr);
  CHECK(state.steps == 2);
}

namespace {
/// A gradient that names its place, and a log of the moves.
struct PlaceTerm {
  double* moves;
  [[nodiscard]] double gradient(ctp::Index i, double /*theta*/) const { return static_cast<double>(i + 1); }
  void moved(ctp::Index i, double raw, double before, double after) const {
    moves[3 * i] = raw;
    moves[3 * i + 1] = before;
    moves[3 * i + 2] = after;
  }
};
}  // namespace

TEST_CASE("adamw: a term sees places of the whole vector, the raw gradient and the clamped weight") {
  const ctp::optim::AdamW adamw{.weight_decay = 0, .beta1 = 0, .beta2 = 0, .epsilon = 0};
  auto state = adamw.init(Three{}, 0);
  Vector theta{1, 1, 1}, gradient{8, 8, 8};
  std::array<double, 48> moves{};
  ctp::optim::Ranges ranges;
  ranges.append({.begin = 0, .end = 1});
  ranges.append({.begin = 1, .end = 3, .decay = 0, .least = 0.75});
  const double factor = 0.5;

  adamw.step<Three>(state, theta.data(), gradient.data(), 0.5, PlaceTerm{moves.data()}, ranges, &factor);

  CHECK(state.first.data()[0] == 0.5 * (8 + 1));  // moments of the scaled sum
  CHECK(state.first.data()[1] == 0.5 * (8 + 2));
  CHECK(state.first.data()[2] == 0.5 * (8 + 3));
  CHECK(state.first.data()[3] == 0);
  CHECK(moves[0] == 8);
  CHECK(moves[1] == 1);
  CHECK(moves[2] == 0.5);  // 1 - 0.5 m / |m|
  CHECK(moves[6] == 8);
  CHECK(moves[8] == 0.75);
  CHECK(moves[9] == 0);  // beyond the ranges
}
