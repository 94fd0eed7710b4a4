// The code of docs/policies/penalty.md.
#include <cstdint>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/testing/fake_step.hpp>
#include <ctp/testing/penalty.hpp>

namespace {

// [penalty]
/// lambda/2 * sum (theta - theta*)^2 from the second task on: every parameter has importance 1.
struct Tether {
  static constexpr const char* name = "tether";  // in reports
  static constexpr bool active = true;
  double lambda = 1;  // a setting

  template <class Model>
  using State = ctp::penalty::AnchoredState<Model>;  // anchor and importance of each parameter, zero at first
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return State<Model>(model.layout().size());
  }
  template <class Model>
  auto term(ctp::penalty::AnchoredState<Model>& state) const {
    return state.quadratic(lambda / 2);
  }
  template <class Model>
  void begin_task(ctp::penalty::AnchoredState<Model>& state, const typename Model::Real* theta) const {
    state.set_anchor(theta);
  }
  template <class Model, class Passes>
  void end_task(ctp::penalty::AnchoredState<Model>& state, Passes& passes) const {
    Model::Backend::fill(passes.size(), typename Model::Real(1), state.importance.data());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // optional: --set penalty.lambda=...
    visitor("lambda", lambda);
  }
};
// [penalty]

}  // namespace

TEST_CASE("docs: the penalty of the page passes its check") {
  const ctp::testing::FakeModel<ctp::BasicCpu<double>> model{.parameters = 5};
  CHECK(ctp::testing::check_penalty(Tether{}, model).log.empty());
}
