#include <ctp/train/steps/step_capture.hpp>

#include <cstddef>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/si.hpp>

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

TEST_CASE("step capture: work that cannot be captured is an error, and the next step runs normally") {
  ctp::StepCapture<Simulated> capture;
  ctp::Buffer<float, Simulated> x(1);
  const ctp::StepKey key{{1, 1, nullptr}, 0, 0};
  const auto downloads = [&] { static_cast<void>(x.to_host()); };
  capture.run(key, downloads);
  CHECK_THROWS_AS(capture.run(key, downloads), std::logic_error);
  int calls = 0;
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 1);
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 2);  // captured
  capture.run(key, [&] { ++calls; });
  CHECK(calls == 2);
}
