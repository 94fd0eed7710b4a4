#include <ctp/train/steps/step_capture.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/si.hpp>
#include <ctp/train/learner.hpp>

#include <train/engine_fixture.hpp>

namespace {

using Simulated = ctp::test::SimulatedCuda<float>;
using Capture = Simulated::Capture;

static_assert(ctp::backend::CapturesWork<Simulated>);
static_assert(!ctp::backend::CapturesWork<ctp::Cpu>);

struct Trained {
  std::vector<float> weights;
  std::vector<double> losses;
  int captures = 0, replays = 0;
};

class Losses final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& report) override { all.push_back(report.loss); }
  std::vector<double> all;
};

template <class Strategy>
using SimulatedModel =
    ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Simulated, typename Strategy::Projection>;

/// Two tasks of two epochs of four batches. The second task's batches may have more masked positions.
template <class Strategy>
Trained train(bool capture, int width = 12, int pairs = 3) {
  using Model =
      ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Simulated, typename Strategy::Projection>;
  ctp::ModelConfig sizes = test::micro;
  sizes.dropout = 0.1;
  sizes.vision_width = sizes.text_width = width;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-3, .min_rate = 1e-5, .seed = 3};
  options.capture_steps = capture;
  ctp::StepEngine<Strategy, Model> engine(Model(sizes), options);
  Losses losses;
  const int captures = Capture::captures(), replays = Capture::replays();
  for (const std::uint64_t task : {1U, 2U}) {
    test::Batches batches(sizes, 4, pairs, 6, task);
    test::learn(engine, batches, &losses);
  }
  return {engine.weights(), losses.all, Capture::captures() - captures, Capture::replays() - replays};
}

/// Refuses captures in the middle of a step: between its forward and its backward pass.
struct Refusing : Simulated {
  static bool& capturing() {
    static bool now = false;
    return now;
  }
  struct Capture : Simulated::Capture {
    template <class Work>
    void capture(const Work& work) {
      capturing() = true;
      try {
        Simulated::Capture::capture(work);
      } catch (...) {
        capturing() = false;
        throw;
      }
      capturing() = false;
    }
  };
  static void fill(ctp::Index n, float value, float* x) {
    if (capturing()) throw std::runtime_error("fill: not while capturing");
    Simulated::fill(n, value, x);
  }
};
static_assert(ctp::backend::CapturesWork<Refusing>);

/// Its products' precision is a variable.
struct Changing : Simulated {
  static std::uint32_t& precision() {
    static std::uint32_t now = 0;
    return now;
  }
  static std::uint32_t numbers() { return precision(); }
};
static_assert(ctp::backend::ChangesPrecision<Changing>);
static_assert(!ctp::backend::ChangesPrecision<Simulated>);

template <class Strategy, class B>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>;

}  // namespace

TEST_CASE("step capture: a training of replayed steps has the bits of one that runs each step") {
  const auto check = []<class Strategy>() {
    const Trained with = train<Strategy>(true), without = train<Strategy>(false);
    CHECK(with.weights == without.weights);
    CHECK(with.losses == without.losses);
    CHECK(without.captures == 0);
    // Sixteen steps. A step with a new shape runs normally: the first, and with a previous model the first of the
    // second task. Then each epoch has one capture, and every further step replays the capture.
    const int cold = ctp::StepEngine<Strategy, SimulatedModel<Strategy>>::keeps_previous ? 2 : 1;
    CHECK(with.captures == 4);
    CHECK(with.replays == 16 - cold);
  };
  SUBCASE("seqf") { check.operator()<ctp::strategy::SeqF>(); }
  SUBCASE("ctp") { check.operator()<ctp::strategy::Ctp>(); }
  SUBCASE("si") { check.operator()<ctp::strategy::Si>(); }
}

TEST_CASE("step capture: a second model that appears with the second task finds its memory, in a model of some size") {
  const Trained with = train<ctp::strategy::Ctp>(true, 32, 6), without = train<ctp::strategy::Ctp>(false, 32, 6);
  CHECK(with.weights == without.weights);
  CHECK(with.replays == 14);
}

TEST_CASE("step capture: a penalty's own passes through the data leave the captured step unchanged") {
  const Trained with = train<ctp::strategy::Afec>(true), without = train<ctp::strategy::Afec>(false);
  CHECK(with.weights == without.weights);
  CHECK(with.replays > 0);
}

TEST_CASE("step capture: work runs normally, then is captured, then replayed, for each key") {
  ctp::StepCapture<Simulated> capture;
  ctp::Buffer<float, Simulated> x(1);
  int calls = 0;
  const auto work = [&] {
    ++calls;
    Simulated::add_scaled(1, 1.F, x.data(), x.data());
  };
  const auto value = [&] { return x.to_host()[0]; };
  x.assign(std::vector<float>{1});
  ctp::StepKey key{{3, 6, &calls}, 0, 0};
  capture.run(key, work);  // normally
  CHECK(value() == 2);
  capture.run(key, work);  // captured, and replayed once
  CHECK(value() == 4);
  capture.run(key, work);
  CHECK(value() == 8);
  CHECK(calls == 2);
  key.epoch = 1;  // other random numbers: captured again, no new memory
  capture.run(key, work);
  CHECK(calls == 3);
  capture.run(key, work);
  CHECK(calls == 3);
  key.shape.masked_positions = &capture;  // other memory: runs normally
  capture.run(key, work);
  CHECK(calls == 4);
  capture.invalidate();
  capture.run(key, work);
  CHECK(calls == 5);
  CHECK(value() == 128);
  capture.enabled = false;
  for (int i = 0; i < 3; ++i) capture.run(key, work);
  CHECK(calls == 8);
}

TEST_CASE("step capture: work that cannot be captured runs normally, from then on always, and the reason is kept") {
  ctp::StepCapture<Simulated> capture;
  ctp::Buffer<float, Simulated> x(1);
  x.assign(std::vector<float>{1});
  const ctp::StepKey key{{1, 1, nullptr}, 0, 0};
  int calls = 0;
  const auto doubles_and_downloads = [&] {
    ++calls;
    Simulated::add_scaled(1, 1.F, x.data(), x.data());
    static_cast<void>(x.to_host());
  };
  capture.run(key, doubles_and_downloads);
  CHECK(capture.failure().empty());
  capture.run(key, doubles_and_downloads);  // the capture fails, and then the work runs
  CHECK(calls == 3);
  CHECK(x.to_host()[0] == 4);
  CHECK(capture.failure() == "simulated capture: work must not download");
  CHECK_FALSE(capture.enabled);
  const int captures = Capture::captures();
  for (int i = 0; i < 3; ++i) capture.run(key, doubles_and_downloads);
  CHECK(calls == 6);
  CHECK(Capture::captures() == captures);
  const ctp::StepCapture<Simulated> moved = std::move(capture);
  CHECK(moved.failure() == "simulated capture: work must not download");
}

TEST_CASE("step capture: work that fails also when it runs normally is an error, and the next step runs normally") {
  ctp::StepCapture<Simulated> capture;
  const ctp::StepKey key{{1, 1, nullptr}, 0, 0};
  int calls = 0;
  capture.run(key, [&] { ++calls; });
  CHECK_THROWS_AS(capture.run(key, [] { throw std::domain_error("the work's own"); }), std::domain_error);
  CHECK(capture.failure().empty());
  CHECK(capture.enabled);
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 2);
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 3);  // captured
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 3);
}

TEST_CASE("step capture: a training whose capture fails in the middle of a step has the bits of one without captures") {
  const auto learned = []<class B>(bool capture, std::string& failure) {
    ctp::ModelConfig sizes = test::micro;
    sizes.dropout = 0.1;
    ctp::TrainOptions options{.epochs = 2, .rate = 1e-3, .min_rate = 1e-5, .seed = 3, .capture_steps = capture};
    ctp::Learner<ctp::strategy::Ctp, ModelOn<ctp::strategy::Ctp, B>> learner(ModelOn<ctp::strategy::Ctp, B>(sizes),
                                                                             options);
    Losses losses;
    learner.observe(losses);
    for (const std::uint64_t task : {1U, 2U}) {
      test::Batches batches(sizes, 4, 3, 6, task);
      learner.learn(batches, "task");
    }
    failure = learner.capture_failure();
    return std::pair(learner.weights(), losses.all);
  };
  std::string failure, none;
  const auto with = learned.operator()<Refusing>(true, failure);
  CHECK(failure == "fill: not while capturing");
  CHECK(with == learned.operator()<Simulated>(false, none));
  CHECK(none.empty());
  CHECK(with == learned.operator()<Simulated>(true, none));
  CHECK(none.empty());
}

TEST_CASE("step capture: after a change of the products' precision a step runs normally") {
  using Engine = ctp::StepEngine<ctp::strategy::SeqF, ModelOn<ctp::strategy::SeqF, Changing>>;
  CHECK(ctp::numbers_of<Simulated>() == 0);
  CHECK(ctp::numbers_of<ctp::Cpu>() == 0);
  ctp::TrainOptions options{.rate = 1e-3, .min_rate = 1e-5, .seed = 3};
  Engine engine(typename Engine::Model(test::micro), options);
  test::Batches batches(test::micro, 1, 3, 6, 1);
  batches.start(0);
  const ctp::data::Batch batch = *batches.next();
  engine.begin_task(20);
  const int captures = Capture::captures(), replays = Capture::replays();
  const auto steps = [&](int count) {
    for (int i = 0; i < count; ++i) test::step(engine, batch);
    return std::pair(Capture::captures() - captures, Capture::replays() - replays);
  };
  CHECK(steps(3) == std::pair(1, 2));  // normally, captured, replayed
  Changing::precision() = 2;
  CHECK(steps(1) == std::pair(1, 2));
  CHECK(steps(2) == std::pair(2, 4));
  Changing::precision() = 0;
  CHECK(steps(1) == std::pair(2, 4));
  CHECK(engine.capture_failure().empty());
}
