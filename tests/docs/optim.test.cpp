// The optimisers of docs/policies/optim.md.
#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include <ctp/backend/generic/host.hpp>
#include <ctp/backend/generic/parameters.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/optim/require.hpp>

namespace {

// clang-format off
// [sgd]
struct Sgd {
  template <class Model>
  struct State {
    ctp::Index size = 0;
    template <class Archive>
    void visit(Archive&) {}
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return {model.layout().size()};
  }
  template <class Model>
  void reset(State<Model>&) const {}                      // a task begins
  template <class Model>
  void step(State<Model>& state, typename Model::Real* theta, typename Model::Real* gradient, double rate) const {
    using B = typename Model::Backend;
    B::add_scaled(state.size, static_cast<typename Model::Real>(-rate), gradient, theta);
    B::zero(gradient, state.size);
  }
};
// [sgd]

// [descent]
template <class Real, class Term>
struct DescentPass {
  Real rate;
  Real *theta, *gradient;
  Term term;

  CTP_HD void operator()(ctp::Index i) const {
    const Real raw = gradient[i], before = theta[i];
    Real g = raw;
    if constexpr (requires { term.gradient(i, before); }) g += term.gradient(i, before);
    theta[i] = before - rate * g;
    gradient[i] = 0;
    if constexpr (requires { term.moved(i, raw, before, theta[i]); }) term.moved(i, raw, before, theta[i]);
  }
};

struct Descent : Sgd {
  template <class Model, class Term = ctp::backend::NoTerm>
  void step(Sgd::State<Model>& state, typename Model::Real* theta, typename Model::Real* gradient, double rate,
            const Term& term = {}) const {
    using Real = typename Model::Real;
    Model::Backend::for_each(state.size, DescentPass<Real, Term>{static_cast<Real>(rate), theta, gradient, term});
  }
};
// [descent]
// clang-format on

struct Host : ctp::backend::generic::Host<Host, double> {};
struct OneWeight {
  using Backend = Host;
  using Real = double;
  ctp::Layout places;
  OneWeight() { places.add<1>("x", {1}, ctp::Start::Zeros); }
  [[nodiscard]] const ctp::Layout& layout() const { return places; }
};
using Vector = std::array<double, 16>;  // one value and the gap up to 16
/// Pulls each parameter to zero.
struct Pull {
  [[nodiscard]] double gradient(ctp::Index, double theta) const { return theta; }
};

static_assert(ctp::optim::require_optimizer<Sgd, OneWeight>());
static_assert(ctp::optim::require_optimizer<Descent, OneWeight>());

}  // namespace

TEST_CASE("docs: the optimiser of optim.md steps against the gradient and sets the gradient to zero") {
  const Sgd sgd;
  auto state = sgd.init(OneWeight{}, 0);
  Vector theta{2}, gradient{4};

  sgd.step(state, theta.data(), gradient.data(), 0.25);

  CHECK(theta[0] == 1);
  CHECK(gradient == Vector{});
}

TEST_CASE("docs: the second optimiser of optim.md adds the gradient of a penalty's term") {
  const Descent descent;
  auto state = descent.init(OneWeight{}, 0);
  Vector theta{2}, gradient{4};

  descent.step<OneWeight>(state, theta.data(), gradient.data(), 0.25, Pull{});

  CHECK(theta[0] == 0.5);  // 2 - 0.25 * (4 + 2)
  CHECK(gradient == Vector{});
}
