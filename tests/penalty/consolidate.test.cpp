// Importances of each penalty after small tasks, worked out by hand. Records of conformance compare whole trainings.
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/penalty/afec.hpp>
#include <ctp/penalty/ewc.hpp>
#include <ctp/penalty/mas.hpp>
#include <ctp/penalty/rwalk.hpp>
#include <ctp/penalty/si.hpp>
#include <ctp/testing/fake_passes.hpp>
#include <ctp/testing/fake_step.hpp>

using doctest::Approx;
using Passes = ctp::testing::FakePasses<ctp::BasicCpu<double>>;
using Model = ctp::testing::FakeModel<ctp::BasicCpu<double>>;
using Numbers = std::vector<double>;

namespace {
const Model two{.parameters = 2};

/// The value of a penalty's term at `theta`.
template <class Penalty, class State>
double value(const Penalty& penalty, State& state, const Numbers& theta) {
  return Model::Backend::sum_terms(2, theta.data(), penalty.term(state));
}
}  // namespace

TEST_CASE("penalties: the value is 0 on the first task, wherever the weights go") {
  const auto silent = [](const auto& penalty) {
    auto state = penalty.init(two, 0);
    const Numbers start{1, -1}, there{5, 7};
    penalty.begin_task(state, start.data());
    return value(penalty, state, there) == 0;
  };
  CHECK(silent(ctp::penalty::Ewc{}));
  CHECK(silent(ctp::penalty::Mas{}));
  CHECK(silent(ctp::penalty::Si{}));
  CHECK(silent(ctp::penalty::RWalk{}));
  CHECK(silent(ctp::penalty::Afec{}));
}

TEST_CASE("ewc: mean squared gradient of the batches, mean over tasks, around the last weights") {
  const ctp::penalty::Ewc ewc{.lambda = 10};
  auto state = ewc.init(two, 0);
  Passes first(0, {1, 1}, {{1, 0}, {3, 2}}), second(1, {2, 2}, {{1, 4}});
  ewc.end_task(state, first);  // F = 5, 2
  ewc.begin_task(state, first.theta());
  CHECK(value(ewc, state, {2, 3}) == Approx(5 * (5 * 1 + 2 * 4)).epsilon(1e-14));
  ewc.end_task(state, second);  // F = (5 + 1) / 2, (2 + 16) / 2
  ewc.begin_task(state, second.theta());
  CHECK(value(ewc, state, {3, 2.5}) == Approx(5 * (3 * 1 + 9 * 0.25)).epsilon(1e-14));
}

TEST_CASE("mas: mean magnitude of the gradient of the outputs' lengths") {
  const ctp::penalty::Mas mas{.lambda = 2};
  auto state = mas.init(two, 0);
  Passes first(0, {0, 0}, {{-1, 2}, {3, -4}});
  mas.end_task(state, first);  // 2, 3
  mas.begin_task(state, first.theta());
  CHECK(value(mas, state, {1, 2}) == Approx(2 + 12).epsilon(1e-14));
}

TEST_CASE("si: the importance is the path integral over the squared distance") {
  const auto run = [](bool clamp) {
    const ctp::penalty::Si si{.lambda = 1, .damping = 0.1, .clamp = clamp};
    auto state = si.init(two, 0);
    const Numbers start{0, 0};
    si.begin_task(state, start.data());
    state.path.data()[0] = 2;
    state.path.data()[1] = -1;
    Passes task(0, {0.5, 1}, {});
    si.end_task(state, task);
    CHECK(task.walks == 0);  // no pass over the data
    CHECK(state.path.to_host() == Numbers{0, 0});
    return state.importance.to_host();
  };
  CHECK(run(false)[0] == Approx(2 / 0.35).epsilon(1e-14));
  CHECK(run(false)[1] == Approx(-1 / 1.1).epsilon(1e-14));  // uphill: negative, as in the method
  CHECK(run(true)[1] == 0);
}

TEST_CASE(
    "rwalk: the importance is the Fisher diagonal plus a score that is halved with every task and never negative") {
  const ctp::penalty::RWalk rwalk{.lambda = 3, .damping = 0.5};
  auto state = rwalk.init(two, 0);
  const Numbers start{0, 0};
  rwalk.begin_task(state, start.data());
  state.path.data()[0] = 4;
  state.path.data()[1] = -4;
  Passes first(0, {1, 1}, {{2, 1}});
  rwalk.end_task(state, first);  // F = 4, 1; s = (4 / 4.5) / 2, 0
  const double score = 4 / 4.5 / 2;
  CHECK(state.score.to_host()[0] == Approx(score).epsilon(1e-14));
  CHECK(state.score.to_host()[1] == 0);
  CHECK(state.path.to_host() == Numbers{0, 0});
  rwalk.begin_task(state, first.theta());
  CHECK(value(rwalk, state, {2, 3}) == Approx(3 * ((4 + score) * 1 + 1 * 4)).epsilon(1e-14));
  Passes second(1, {1, 1}, {{0, 0}});
  rwalk.end_task(state, second);
  CHECK(state.score.to_host()[0] == Approx(score / 2).epsilon(1e-14));
  CHECK(state.fisher.to_host()[0] == Approx(2).epsilon(1e-14));
}

TEST_CASE(
    "afec: a second model is trained one epoch ahead, and its Fisher diagonal pulls the online weights to the second "
    "model") {
  const ctp::penalty::Afec afec{.lambda = 0, .forward_lambda = 2};
  auto state = afec.init(two, 0);
  const Numbers start{1, 1};
  Passes first(0, {1, 1}, {{1, 1}}), second(1, {1, 1}, {{2, 0}, {2, 0}});
  second.learning_rate = 0.5;
  second.online_optimizer.weight_decay = 0;
  afec.begin_task(state, start.data());
  afec.begin_epoch(state, first);
  CHECK(first.walks == 0);  // no second model on the first task
  afec.end_task(state, first);
  afec.begin_task(state, start.data());
  afec.begin_epoch(state, second);
  CHECK(second.walks == 2);
  const Numbers forward = state.forward.to_host();
  CHECK(forward[0] == Approx(0).epsilon(1e-7));  // AdamW along a steady gradient: two steps of 0.5
  CHECK(forward[1] == 1);
  CHECK(value(afec, state, {3, 3}) == Approx(4 * (3 - forward[0]) * (3 - forward[0])).epsilon(1e-12));
}
