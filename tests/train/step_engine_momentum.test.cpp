// The momentum rule of a training: what its view says, and that its numbers may change with the step.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/train/learner.hpp>

#include "engine_fixture.hpp"

namespace {

using Simulated = ctp::test::SimulatedCuda<float>;

/// An average whose decay rises with the step of the task, with a count and the last weights in a State.
struct Rising {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{.previous = ctp::Output::Weights};
  static inline std::vector<std::vector<std::uint64_t>> seen;  ///< task, step, steps, whether there is a previous model

  template <class Model>
  struct State {
    ctp::Buffer<typename Model::Real, typename Model::Backend> last;
    std::int64_t updates = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("rising.last", last);
      archive("rising.updates", updates);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return {ctp::Buffer<typename Model::Real, typename Model::Backend>(model.layout().size())};
  }
  template <class View, class OwnState>
  void update(const View& view, OwnState& state) const {
    using Real = typename View::Real;
    seen.push_back({view.task(), view.step(), view.steps(), view.previous() != nullptr ? 1U : 0U});
    const double decay = (1 + static_cast<double>(view.step())) / (2 + static_cast<double>(view.steps()));
    View::Backend::average(view.size(), static_cast<Real>(decay), view.online(), view.slow());
    View::Backend::copy(view.slow(), view.size(), state.last.data());
    ++state.updates;
  }
};
struct Mine : ctp::strategy::Ctp {
  using Momentum = Rising;
};

template <class B>
using LearnerOn = ctp::Learner<Mine, ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B>>;

constexpr std::size_t steps = 5;

/// Two tasks of two epochs of five steps; the picture of one step of the second task may be NaN.
auto train(bool capture, int read_every, int bad_step = -1) {
  using Learner = LearnerOn<Simulated>;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-3, .min_rate = 1e-5, .seed = 3};
  options.capture_steps = capture;
  options.read_every = read_every;
  options.read_seconds = 1e9;
  Learner learner(Learner::Model(test::micro), options);
  test::Batches first(test::micro, steps, 3, 6, 1), second(test::micro, steps, 3, 6, 2);
  learner.learn(first, "first");
  if (bad_step >= 0)
    second.list[static_cast<std::size_t>(bad_step)].images[5] = std::numeric_limits<float>::quiet_NaN();
  if (bad_step >= 0)
    CHECK_THROWS_AS(learner.learn(second, "second"), ctp::NumericError);
  else
    learner.learn(second, "second");
  return test::snapshot(learner).values;
}

}  // namespace

TEST_CASE("step engine: a momentum rule is told task, step, planned steps and whether there is a previous model") {
  Rising::seen.clear();
  train(true, 16);
  std::vector<std::vector<std::uint64_t>> expected;
  for (std::uint64_t task = 0; task < 2; ++task)
    for (std::uint64_t step = 0; step < 2 * steps; ++step) expected.push_back({task, step, 2 * steps, task});
  CHECK(Rising::seen == expected);
}

TEST_CASE("step engine: a momentum rule whose decay changes with the step has the same bits in replayed steps") {
  CHECK(train(true, 16) == train(false, 1));
}

TEST_CASE("step engine: after a non-finite step, momentum weights and the rule's State are those of the same update") {
  const auto check = [](const auto& values, int bad) {
    std::vector<double> theta, last;
    for (const auto& [name, list] : values) {
      if (name == "theta") theta = list;
      if (name == "rising.last") last = list;
      if (name == "rising.updates") CHECK(list[0] == 2 * steps + static_cast<double>(bad) + 1);
    }
    const std::vector<double> slow(theta.begin() + static_cast<std::ptrdiff_t>(2 * last.size()), theta.end());
    CHECK(slow == last);
  };
  for (const int bad : {0, 2}) {
    CAPTURE(bad);
    const auto each = train(false, 1, bad), together = train(true, 16, bad);
    CHECK(each == together);
    check(together, bad);
  }
}
