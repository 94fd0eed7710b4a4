#include <ctp/train/evaluate.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>

#include <doctest/doctest.h>

#include <support/simulated_cuda.hpp>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/train/thetas.hpp>

#include "synthetic_batches.hpp"

namespace {

/// Backend that counts the calls of rank_counts().
struct Counting : ctp::test::SimulatedCuda<float> {
  static inline int calls = 0;
  template <class... A>
  static void rank_counts(const A&... arguments) {
    ++calls;
    ctp::test::SimulatedCuda<float>::rank_counts(arguments...);
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

/// The members of a learner that evaluation reads.
template <class Backend>
class Untrained {
 public:
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;

  Untrained() : thetas_(model_.layout().size(), false, false) {
    options_.max_tokens = 4;
    options_.loading.workers = 0;
    const auto start = ctp::initial_weights<float>(model_.layout(), 0);
    Backend::upload(start.data(), thetas_.size(), thetas_.online());
  }
  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const ctp::Thetas<Backend>& thetas() const { return thetas_; }
  [[nodiscard]] const ctp::TrainOptions& options() const { return options_; }

 private:
  Model model_{test::micro};
  ctp::TrainOptions options_;
  ctp::Thetas<Backend> thetas_;
};

template <class Backend>
void check_recalls() {
  const Untrained<Backend> learner;
  const ctp::data::Task task = colours();
  const auto features = ctp::extract(learner.model(), learner.thetas().online(), task, learner.options(), {});
  const auto expected = ctp::eval::retrieval(features.image, features.text, features.pairs, features.embed);
  const auto found = ctp::eval::retrieval(learner, task);
  CHECK(features.pairs == 8);
  CHECK(found.txt_r5 == expected.txt_r5);
  CHECK(found.img_r1 == expected.img_r1);
  CHECK(found.r_mean == expected.r_mean);
}

}  // namespace

TEST_CASE("evaluate: a learner's recalls equal the recalls of its features, on the host") { check_recalls<ctp::Cpu>(); }

TEST_CASE("evaluate: a learner's recalls equal the recalls of its features, ranked by the learner's backend") {
  Counting::calls = 0;
  check_recalls<Counting>();
  CHECK(Counting::calls == 2);  // from image to text, and from text to image
}

TEST_CASE("evaluate: a caption that repeats belongs to all of its pictures, in any order of the pairs") {
  const Untrained<ctp::Cpu> learner;
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"repeats", pairs, {}};
  for (int i = 0; i < 12; ++i)
    task.members.push_back(
        pairs->add(ctp::data::Image(8, 8, static_cast<std::uint8_t>(20 * i)), {2, 5 + i % 3, 3}, "r"));
  const auto equal = ctp::eval::equal_texts(task);
  CHECK(ctp::eval::repeats(equal.text) == 9);
  CHECK(ctp::eval::repeats(equal.image) == 0);
  const auto found = ctp::eval::retrieval(learner, task);
  CHECK(found.txt_r10 == 100.0);  // eight texts at most are not one's own
  std::reverse(task.members.begin(), task.members.end());
  CHECK(ctp::eval::retrieval(learner, task).r_mean == found.r_mean);
}
