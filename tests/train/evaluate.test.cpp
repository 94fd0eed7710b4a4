#include <ctp/train/evaluate.hpp>

#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include "made_training.hpp"

namespace {

/// Counts how often it is asked for ranks.
struct Counting : ctp::test::SimulatedCuda<float> {
  static inline int asked = 0;
  template <class... A>
  static void retrieval_ranks(const A&... arguments) {
    ++asked;
    ctp::test::SimulatedCuda<float>::retrieval_ranks(arguments...);
  }
};
static_assert(ctp::backend::RanksRows<Counting>);

/// Eight pictures of one colour each, with two words that name it.
ctp::data::Task colours() {
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"colours", pairs, {}};
  for (int i = 0; i < 8; ++i) {
    const ctp::data::Image picture(8, 8, static_cast<std::uint8_t>(30 * i));
    task.members.push_back(pairs->add(picture, {2, 5 + i % 4, 9 + i / 4, 3}, "colours"));
  }
  return task;
}

template <class Backend>
void check_recalls() {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;
  const ctp::TrainOptions options{.max_tokens = 4, .loading = {.workers = 0}};
  const ctp::Learner<ctp::strategy::SeqF, Model> learner(Model(test::micro), options);
  const ctp::data::Task task = colours();
  const auto features = ctp::extract(learner.model(), learner.thetas().online(), task, options, {});
  const auto expected = ctp::eval::retrieval(features.image, features.text, features.pairs, features.embed);
  const auto found = ctp::eval::retrieval(learner, task);
  CHECK(features.pairs == 8);
  CHECK(found.txt_r5 == expected.txt_r5);
  CHECK(found.img_r1 == expected.img_r1);
  CHECK(found.r_mean == expected.r_mean);
}

}  // namespace

TEST_CASE("evaluate: a learner's recalls are those of its features, on the host") { check_recalls<ctp::Cpu>(); }

TEST_CASE("evaluate: a learner's recalls are those of its features, ranked by the backend it runs on") {
  Counting::asked = 0;
  check_recalls<Counting>();
  CHECK(Counting::asked == 1);
}
