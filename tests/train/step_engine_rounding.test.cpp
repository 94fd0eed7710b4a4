// Weights that are rounded once for a step: the same bits as weights that each product rounds, with fewer roundings.
#include <ctp/train/step_engine.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/strategy/afec.hpp>
#include <ctp/train/extract.hpp>

#include "engine_fixture.hpp"

namespace {

using ctp::backend::cuda::WeightCopies;
using Simulated = ctp::test::SimulatedCuda<float, 7>;

/// Counts the weights of products that have no rounded copy.
struct Once : Simulated {
  static int& without_copy() {
    static int count = 0;
    return count;
  }
  template <class In, class... More>
  static void linear(ctp::Index n, ctp::Index k, ctp::Index m, const In* x, const float* w, const More&... more) {
    look(w, k * m);
    Simulated::linear(n, k, m, x, w, more...);
  }
  template <class In, class... More>
  static void linear_backward(ctp::Index n, ctp::Index k, ctp::Index m, const In* x, const float* w,
                              const More&... more) {
    look(w, k * m);
    Simulated::linear_backward(n, k, m, x, w, more...);
  }

 private:
  static void look(const float* w, ctp::Index n) {
    if (WeightCopies::current().find(w, n) == nullptr) ++without_copy();
  }
};

/// Its products round their weights themselves.
struct Each : Simulated {
  static bool round_weights(ctp::Index, const float*) { return false; }
};
static_assert(ctp::backend::RoundsWeights<Each>);

class Losses final : public ctp::Observer {
 public:
  void step_done(const ctp::StepReport& report) override { all.push_back(report.loss); }
  std::vector<double> all;
};

template <class Strategy, class B>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B, typename Strategy::Projection>;

struct Trained {
  std::vector<float> weights, image, text;
  std::vector<double> losses;
  long roundings = 0, extracting = 0;
  friend bool same_bits(const Trained& a, const Trained& b) {
    return a.weights == b.weights && a.image == b.image && a.text == b.text && a.losses == b.losses;
  }
};

/// Two tasks of two epochs of three batches, and features of the last batches.
template <class Strategy, class B>
Trained train(bool capture) {
  using Model = ModelOn<Strategy, B>;
  ctp::ModelConfig sizes = test::micro;
  sizes.dropout = 0.1;
  ctp::TrainOptions options{.epochs = 2, .rate = 1e-2, .min_rate = 1e-3, .seed = 3};
  options.capture_steps = capture;
  ctp::StepEngine<Strategy, Model> engine(Model(sizes), options);
  Losses losses;
  const long before = B::roundings();
  for (const std::uint64_t task : {1U, 2U}) {
    test::Batches batches(sizes, 3, 3, 6, task);
    test::learn(engine, batches, &losses);
  }
  const long trained = B::roundings();
  test::Batches batches(sizes, 3, 3, 6, 2);
  const ctp::ExtractedFeatures found =
      ctp::extract(engine.model(), std::as_const(engine).thetas().online(), batches, {});
  CHECK(WeightCopies::current().count() == 0);
  return {engine.weights(), found.image, found.text, losses.all, trained - before, B::roundings() - trained};
}

}  // namespace

TEST_CASE_TEMPLATE("step engine: weights rounded once give the bits of weights that each product rounds", Strategy,
                   ctp::strategy::SeqF, ctp::strategy::Ctp, ctp::strategy::Afec) {
  Once::without_copy() = 0;
  const Trained once = train<Strategy, Once>(false), each = train<Strategy, Each>(false);
  CHECK(Once::without_copy() == 0);
  CHECK(same_bits(once, each));
  CHECK(same_bits(once, train<Strategy, Once>(true)));
  CHECK(once.roundings > 0);  // of activations
  CHECK(3 * once.roundings < 2 * each.roundings);
  CHECK(3 * once.extracting < 2 * each.extracting);
}
