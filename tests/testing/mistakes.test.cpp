// Mistakes of an author of policies that no compiler sees: each ends in one sentence of the library, which names the
// policy. What the compiler sees is in tests/compile_fail.
#include <string>

#include <doctest/doctest.h>
#include <nano.hpp>

#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/testing/loss.hpp>

using ctp::testing::check_loss;

namespace {
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<double>>;
const Model model(nano);

enum class Mistake { Nothing, Shapes, Commit, Visit, LateOutput, Backward, Needs, Weights };

/// Mean distance of the image projections to the previous model's, and to those of the last batch, with one mistake.
template <Mistake mistake>
struct Drift {
  static constexpr const char* name = "mine_drift";
  static constexpr ctp::Needs needs{
      .previous = ctp::Output::Features,
      .momentum = mistake == Mistake::Needs ? ctp::Output::Weights : ctp::Output::Nothing};

  template <class Model>
  struct State {
    ctp::Buffer<typename Model::Real, typename Model::Backend> last;

    template <class Archive>
    void visit(Archive& archive) {
      if constexpr (mistake != Mistake::Visit) archive("last", last);
    }
  };
  template <class Model>
  State<Model> init(const Model& m, std::uint64_t) const {
    return {ctp::Buffer<typename Model::Real, typename Model::Backend>(4 * m.config().embed)};
  }

  template <class Step, class OwnState>
  auto loss(Step& step, OwnState& state) const {
    using B = typename Step::Backend;
    const auto& pass = step.online.pass();
    if constexpr (mistake == Mistake::Shapes) add(pass, step.online.image_tokens(), step.online.image_raw());
    const auto now = step.online.image_raw(), before = step.previous->image_raw();
    const ctp::Variable<2, B> last{state.last.view(now.value.shape), {}};
    auto difference = add(pass, add(pass, now, before, -1), last, -0.1);
    if constexpr (mistake == Mistake::Backward) {
      const auto copy = pass.make(difference.value.shape);
      B::copy(difference.value.data, difference.value.size(), copy.value.data);
      difference = copy;  // pass.record(...) is missing
    }
    if constexpr (mistake == Mistake::Weights) difference = scale(pass, difference, 0);
    return mean(pass, row_products(pass, difference, difference));
  }
  template <class Step, class OwnState>
  void commit(Step& step, OwnState& state) const
    requires(mistake != Mistake::Commit)
  {
    const auto late = mistake == Mistake::LateOutput ? step.online.text_raw() : step.online.image_raw();
    Step::Backend::copy(late.value.data, late.value.size(), state.last.data());
  }
};

/// What check_loss() says, without differences of the loss if `gradient` is false.
template <Mistake mistake>
std::string log_of(bool gradient) {
  const Drift<mistake> loss;
  const auto report = gradient ? check_loss(loss, model) : ctp::testing::detail::check_each(loss, model);
  CHECK(report.ok == report.log.empty());
  return report.log;
}
bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("mistakes: a loss without a mistake passes") { CHECK(log_of<Mistake::Nothing>(true).empty()); }

TEST_CASE("mistakes: tokens and projections are added") {
  CHECK_THROWS_WITH_AS(log_of<Mistake::Shapes>(false), "mine_drift: add: a is [20,4] but b is [4,4]; shapes must agree",
                       ctp::ShapeError);
}

TEST_CASE("mistakes: commit is forgotten, so that the State stays empty") {
  CHECK(has(log_of<Mistake::Commit>(false),
            "mine_drift: the State stays as init() made it: visit() shows \"last\", and nothing of it changes in six "
            "steps; write 'void commit("));
}

TEST_CASE("mistakes: a member of the State is not visited") {
  CHECK(has(log_of<Mistake::Visit>(false), "mine_drift: visit() does not show the whole State: the next losses are "));
}

TEST_CASE("mistakes: commit reads an output that the loss did not compute") {
  CHECK_THROWS_WITH_AS(
      log_of<Mistake::LateOutput>(false),
      "mine_drift: Outputs: an output is asked for in commit() that no loss() asked for; ask for it there",
      ctp::UsageError);
}

TEST_CASE("mistakes: a backward pass is not recorded") {
  const std::string log = log_of<Mistake::Backward>(true);
  CHECK(has(log, "the gradient is 0 for all weights: nothing would be learned from this loss\n"));
  CHECK(has(log, "visual_encoder.patch_embed.proj.weight[0]: tape 0, differences "));
}

TEST_CASE("mistakes: the loss does not depend on the weights") {
  CHECK(log_of<Mistake::Weights>(true) ==
        "the gradient is 0 for all weights: nothing would be learned from this loss\n");
}

TEST_CASE("mistakes: needs name a teacher that nothing reads") {
  CHECK(log_of<Mistake::Needs>(false) ==
        "mine_drift: needs.momentum is Output::Weights, but the loss reads nothing of it; name what is read\n");
}

TEST_CASE("mistakes: the texts were made with a larger vocabulary") {
  ctp::DeviceBatch<ctp::BasicCpu<double>> batch;
  ctp::data::Batch texts = ctp::testing::synthetic_batch(model.config(), 2, 4);
  texts.ids[1] = 16;
  CHECK_THROWS_WITH_AS(batch.load(texts, model.config()),
                       "batch: token 1 of pair 0 is not below the vocabulary's size 16; was the text made with another "
                       "vocabulary?",
                       ctp::UsageError);
}
