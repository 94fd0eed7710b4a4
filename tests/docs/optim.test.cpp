// The optimisers of docs/policies/optim.md.
#include <array>
#include <cstdint>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/backend/generic/host.hpp>
#include <ctp/backend/generic/parameters.hpp>
#include <ctp/core/shape.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/testing/synthetic_batch.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/parameters/frozen_towers.hpp>
#include <ctp/train/parameters/ranges.hpp>

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

// [ranges]
template <class Real, class Term>
struct RangePass {
  Real rate;
  const Real* factor;
  Real *theta, *gradient;
  Term term;
  ctp::Index begin;
  Real least, most;

  CTP_HD void operator()(ctp::Index place) const {
    const ctp::Index i = begin + place;  // a term counts places in the whole vector
    const Real raw = gradient[i], before = theta[i];
    Real g = raw;
    if constexpr (requires { term.gradient(i, before); }) g += term.gradient(i, before);
    if (factor != nullptr) g *= *factor;
    const Real moved = before - rate * g;
    theta[i] = moved < least ? least : moved > most ? most : moved;
    gradient[i] = 0;
    if constexpr (requires { term.moved(i, raw, before, theta[i]); }) term.moved(i, raw, before, theta[i]);
  }
};

struct DescentInRanges : Descent {
  using Descent::step;  // the short form, for penalties that train a model of their own
  template <class Model, class Term>
  void step(Sgd::State<Model>&, typename Model::Real* theta, typename Model::Real* gradient, double rate,
            const Term& term, const ctp::optim::Ranges& ranges, const typename Model::Real* factor) const {
    using Real = typename Model::Real;
    for (const ctp::optim::Range& range : ranges.list()) {
      if (range.frozen)
        Model::Backend::zero(gradient + range.begin, range.size());
      else
        Model::Backend::for_each(
            range.size(), RangePass<Real, Term>{static_cast<Real>(rate * range.rate), factor, theta, gradient, term,
                                                range.begin, static_cast<Real>(range.least),
                                                static_cast<Real>(range.most)});
    }
  }
};
// [ranges]
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
static_assert(ctp::optim::StepsInRanges<DescentInRanges, OneWeight, Pull>);
static_assert(!ctp::optim::StepsInRanges<Descent, OneWeight, Pull>);

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

TEST_CASE("docs: the third optimiser of optim.md steps each range with its numbers") {
  const DescentInRanges descent;
  auto state = descent.init(OneWeight{}, 0);
  Vector theta{2, 2, 2}, gradient{4, 4, 4};
  ctp::optim::Ranges ranges;
  ranges.append({.begin = 0, .end = 1, .rate = 0.5});
  ranges.append({.begin = 1, .end = 2, .frozen = true});
  ranges.append({.begin = 2, .end = 3, .least = 1.75});
  const double factor = 0.5;

  descent.step<OneWeight>(state, theta.data(), gradient.data(), 0.25, Pull{}, ranges, &factor);

  CHECK(theta[0] == 2 - 0.25 * 0.5 * 0.5 * (4 + 2));
  CHECK(theta[1] == 2);
  CHECK(theta[2] == 1.75);
  CHECK(gradient == Vector{});
}

TEST_CASE("docs: the groups of optim.md match parameters of the model") {
  // clang-format off
  // [groups]
  ctp::TrainOptions options;
  options.groups = {{.pattern = "visual_encoder*", .rate = 0.1},                   // a tenth of the learning rate
                    {.pattern = "*.bias", .decay = 0},                             // no weight decay
                    {.pattern = "visual_encoder.patch_embed*", .freeze = true}};   // nothing moves these
  options.clip_norm = 1;                                                           // the longest gradient of a step
  // [groups]
  // clang-format on
  const ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu> model(ctp::testing::micro);
  const ctp::optim::Ranges ranges = ctp::checked_ranges(model.layout(), options, true);

  CHECK(ctp::frozen_count(model.layout(), ranges).parameters == 2);  // weight and bias
  CHECK_FALSE(ctp::frozen_towers(model, ranges).image);
}
