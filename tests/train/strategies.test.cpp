// Properties of every strategy: the same bits in a second run, for any number of threads and workers, and after an
// interruption at any step; a non-finite number stops a step before a weight changes; the strategy's rehearsal fills
// the memory.
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

#include <ctp/data/pairs/memory_source.hpp>
#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/choose_kmeans.hpp>
#include <ctp/train/extract.hpp>

#include "every_strategy.hpp"
#include "saved_states.hpp"
#include "training_fixture.hpp"

namespace {

using test::Batches;
using test::micro;

template <class Strategy, class Real>
using LearnerOf = ctp::Learner<Strategy, test::ModelOf<Strategy, Real>>;

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

/// Two tasks of 13 and 11 pairs with pictures to augment, in one source.
std::vector<ctp::data::Task> synthetic_tasks(const ctp::ModelConfig& c) {
  auto source = std::make_shared<ctp::data::MemorySource>();
  for (std::uint32_t i = 0; i < 24; ++i) {
    ctp::RandomSubstream random(ctp::RandomStream(6, "made_tasks"), {.sample = i});
    ctp::data::Image picture(11, 9);
    for (auto& byte : picture.rgb) byte = static_cast<std::uint8_t>(random.below(256));
    std::vector<std::int32_t> words{c.cls};
    for (std::uint32_t n = 2 + random.below(4); n > 0; --n)
      words.push_back(5 + static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(c.vocab - 5))));
    words.push_back(c.sep);
    source->add(std::move(picture), std::move(words), "pair_" + std::to_string(i));
  }
  std::vector<ctp::data::Task> tasks{{"first", source, {}}, {"second", source, {}}};
  for (std::uint32_t i = 0; i < 24; ++i) tasks[i < 13 ? 0 : 1].members.push_back(i);
  return tasks;
}
ctp::TrainOptions quick(int workers, std::uint64_t seed) {
  ctp::TrainOptions options;
  options.epochs = 2;
  options.loading.batch_size = 5;
  options.max_tokens = 7;
  options.loading.workers = workers;
  options.rate = 1e-2;
  options.seed = seed;
  return options;
}
template <class Learner>
void set_budget(Learner& learner, int budget) {
  if constexpr (requires { learner.rehearsal().budget; }) learner.rehearsal().budget = budget;
}

/// State after a training of two tasks: weights, teachers, queues, importances, memories, moments.
template <class Strategy>
test::Snapshot train(int threads, int workers, std::uint64_t seed) {
  const reference::Threads scope(threads);
  ctp::ModelConfig config = micro;
  config.queue = 10;
  LearnerOf<Strategy, float> learner(typename LearnerOf<Strategy, float>::Model(config), quick(workers, seed));
  set_budget(learner, 6);
  learner.learn_all(synthetic_tasks(config), [](auto&, std::size_t) {});
  return test::snapshot(learner);
}
/// The name of the first state in which two trainings differ; empty if all states are equal.
std::string difference(const test::Snapshot& a, const test::Snapshot& b) {
  if (a.values.size() != b.values.size()) return "the number of states";
  for (std::size_t i = 0; i < a.values.size(); ++i)
    if (a.values[i] != b.values[i]) return a.values[i].first;
  return "";
}

/// A learner with dropout, whose states are saved.
template <class Strategy>
struct Training {
  using Learner = LearnerOf<Strategy, float>;

  Training(int threads, int workers)
      : scope(threads), learner(typename Learner::Model(sizes()), quick(workers, 3)), saved(learner) {
    set_budget(learner, 6);
  }
  /// Trains on two tasks of two epochs, or on what is left of them. Returns the tasks that ended.
  std::vector<std::size_t> run() {
    std::vector<std::size_t> ended;
    learner.learn_all(synthetic_tasks(sizes()), [&](auto&, std::size_t t) { ended.push_back(t); });
    return ended;
  }
  static ctp::ModelConfig sizes() {
    ctp::ModelConfig config = micro;
    config.queue = 10;
    config.dropout = 0.1;
    return config;
  }

  reference::Threads scope;
  Learner learner;
  test::SavedStates<Learner> saved;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
template <class Real>
bool same_bits(const std::vector<Real>& a, const std::vector<Real>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0;
}

/// A learner in its second task, before the second of its steps.
template <class Strategy>
struct Underway {
  Batches first{micro, 2, 5, 7, 1}, second{micro, 3, 5, 7, 2};
  LearnerOf<Strategy, float> learner{typename LearnerOf<Strategy, float>::Model(micro), {.epochs = 1, .rate = 1e-2}};
  Underway() { test::lead_to_second_task(learner, first, second, 1); }

  /// Error message of the next step, which must change no weight; empty if the step succeeds.
  std::string step_error() {
    const std::vector<float> before = learner.weights();
    try {
      learner.step(second.list[1], &second);
    } catch (const ctp::NumericError& error) {
      CHECK(error.code() == ctp::ErrorCode::Numeric);
      CHECK(same_bits(before, learner.weights()));
      return error.what();
    }
    return "";
  }
};
// The sign of a NaN depends on compiler and processor, so the text behind a part's name is not compared.
constexpr const char* place = "task 1, epoch 0, step 1: expected finite losses and gradients, found ";
constexpr const char* pairs = "pairs: pair_5 pair_6 pair_7 pair_8 pair_9";

/// Overwrites one of the vectors that a penalty's value reads.
struct Spoil {
  std::size_t which, at = 0;
  std::string name{};
  template <class Value>
  void operator()(const std::string&, Value&) {}
  template <class B>
  void operator()(const std::string& called, ctp::Buffer<float, B>& vector) {
    if (called != "anchor" && called != "importance" && called != "forward" && called != "forward_importance") return;
    if (at++ != which) return;
    name = called;
    vector.data()[3] = not_a_number;
  }
};

/// The features that a memory's choice reads, by the current model.
template <class Learner>
ctp::ExtractedFeatures features(Learner& learner, const ctp::data::Task& task) {
  return ctp::extract(learner.model(), learner.thetas().online(), task, learner.options(),
                      {.retrieval = false, .fusion = true});
}
/// Ordinals that choose(rows, places) picks of `task`.
template <class Learner, class Choose>
std::vector<std::uint32_t> chosen(Learner& learner, const ctp::data::Task& task, const Choose& choose) {
  const ctp::ExtractedFeatures found = features(learner, task);
  std::vector<std::uint32_t> members;
  for (const std::size_t row : choose(ctp::rehearsal::FeatureMatrix(std::span<const float>(found.fusion), found.width)))
    members.push_back(task.members[row]);
  return members;
}

template <class Strategy, class Form>
constexpr bool learns_like = std::is_same_v<typename Strategy::Objective, typename Form::Objective> &&
                             std::is_same_v<typename Strategy::Momentum, typename Form::Momentum> &&
                             std::is_same_v<typename Strategy::Distillation, typename Form::Distillation> &&
                             std::is_same_v<typename Strategy::Penalty, typename Form::Penalty> &&
                             std::is_same_v<typename Strategy::Projection, typename Form::Projection>;

}  // namespace

TEST_CASE_TEMPLATE("strategies: the same seed gives the same bits, for any number of threads and workers", Strategy,
                   CTP_EVERY_STRATEGY) {
  const test::Snapshot once = train<Strategy>(1, 0, 1);
  CHECK(difference(once, train<Strategy>(1, 0, 1)) == "");
  CHECK(difference(once, train<Strategy>(2, 2, 1)) == "");
  CHECK(difference(once, train<Strategy>(1, 0, 2)) == "theta");
}

TEST_CASE_TEMPLATE("strategies: a non-finite number stops a step before a weight changes, and the message names it",
                   Strategy, CTP_EVERY_STRATEGY) {
  Underway<Strategy> underway;
  auto& learner = underway.learner;
  const test::Snapshot sound = test::snapshot(learner);
  const auto restore = [&] {
    test::Restore all{sound};
    learner.visit(all);
  };

  SUBCASE("a picture") {
    underway.second.list[1].images[17] = not_a_number;
    const std::string message = underway.step_error();
    CHECK(has(message, std::string(place) + "in_batch_contrast = "));
    CHECK(has(message, "masked_language = "));
    CHECK(has(message, pairs));
    const auto after = test::snapshot(learner).values;
    for (std::size_t i = 1; i < after.size(); ++i) {     // theta is the first; momentum weights may have moved
      if (after[i].first == "momentum_steps") continue;  // says that they have
      CAPTURE(after[i].first);
      CHECK(after[i] == sound.values[i]);
    }
  }
  SUBCASE("the gradient alone") {
    // Features have unit length, so short projections change no contrast, but steepen it.
    std::vector<float> theta = learner.weights();
    for (const ctp::ParameterInfo& p : learner.model().layout().parameters())
      if (p.name.starts_with("vision_proj.") && !p.name.ends_with("sigma"))
        for (ctp::Index i = 0; i < p.size(); ++i) theta[static_cast<std::size_t>(p.offset + i)] *= 1e-5F;
    learner.set_weights(theta);
    learner.begin_task(3);  // a penalty's anchor and the teachers are these weights
    learner.settings([](const std::string& key, auto& value) {
      if constexpr (std::is_same_v<decltype(value), double&>)
        if (key == "in_batch_contrast.weight") value = 1e37;
    });
    const std::string message = underway.step_error();
    CHECK(has(message, "task 1, epoch 0, step 0: expected finite losses and gradients, found the gradient;"));
    CHECK(has(message, pairs));
  }
  SUBCASE("teachers") {
    for (float* teacher : {learner.thetas().previous(), learner.thetas().momentum()}) {
      if (teacher == nullptr) continue;
      for (ctp::Index i = 0; i < learner.thetas().size(); ++i) teacher[i] = not_a_number;
      const std::string message = underway.step_error();
      CHECK(has(message, place));
      CHECK(has(message, "masked_language_distillation = "));
      CHECK_FALSE(has(message, "in_batch_contrast"));
      CHECK(has(message, pairs));
      restore();
    }
  }
  SUBCASE("what a penalty remembers") {
    if constexpr (Strategy::Penalty::active) {
      std::size_t spoilt = 0;
      for (Spoil spoil{spoilt}; learner.penalty_state().visit(spoil), !spoil.name.empty(); spoil = Spoil{++spoilt}) {
        CAPTURE(spoil.name);
        const std::string message = underway.step_error();
        CHECK(has(message, place + std::string(Strategy::Penalty::name) + " = "));
        CHECK(has(message, pairs));
        restore();
      }
      CHECK(spoilt >= 2);
    }
  }
  restore();
  underway.second.list = Batches(micro, 3, 5, 7, 2).list;
  learner.settings([](const std::string& key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), double&>)
      if (key == "in_batch_contrast.weight") value = 1;
  });
  CHECK(underway.step_error() == "");  // nothing of it is left
}

TEST_CASE_TEMPLATE("strategies: after an interruption at any step, the same bits, steps and tasks", Strategy,
                   CTP_EVERY_STRATEGY) {
  Training<Strategy> whole(1, 0);
  const std::vector<std::size_t> ended = whole.run();
  const std::size_t places = whole.saved.states.size();
  REQUIRE(places ==
          whole.saved.reports.size());  // after each step, and with the end of a task in place of its last step
  for (std::size_t i = 0; i < places; ++i) {
    CAPTURE(i);
    Training<Strategy> rest(i % 2 == 0 ? 2 : 1, i % 3 == 0 ? 2 : 0);
    rest.learner.restore(whole.saved.states[i]);
    const std::size_t passed_over = ended.size() == 1 ? i + 1 == places : whole.saved.places[i].tasks_seen;
    CHECK(rest.run() == std::vector(ended.begin() + static_cast<std::ptrdiff_t>(passed_over), ended.end()));
    CHECK(test::goes_on_as(rest.saved, whole.saved, i));
  }
}

TEST_CASE_TEMPLATE("strategies: everything that a checkpoint must hold has a name of its own", Strategy,
                   CTP_EVERY_STRATEGY) {
  LearnerOf<Strategy, float> learner{typename LearnerOf<Strategy, float>::Model(test::micro)};
  std::set<std::string> names;
  for (const auto& [name, values] : test::snapshot(learner).values) {
    CAPTURE(name);
    CHECK(names.insert(name).second);
  }
  CHECK(names.size() >= 5);
}

// Records hold trainings of nine forms. The other strategies learn each step as one of these does.
TEST_CASE_TEMPLATE("strategies: learns as seqf", Strategy, ctp::strategy::JointT, ctp::strategy::Er, ctp::strategy::Mof,
                   ctp::strategy::KMeans) {
  CHECK(learns_like<Strategy, ctp::strategy::SeqF>);
}
TEST_CASE_TEMPLATE("strategies: learns as lwf", Strategy, ctp::strategy::ICarl) {
  CHECK(learns_like<Strategy, ctp::strategy::Lwf>);
}
TEST_CASE_TEMPLATE("strategies: learns as ctp", Strategy, ctp::strategy::CtpEr) {
  CHECK(learns_like<Strategy, ctp::strategy::Ctp>);
}

TEST_CASE_TEMPLATE("strategies: keeps pairs by herding", Strategy, ctp::strategy::Mof, ctp::strategy::ICarl,
                   ctp::strategy::Lucir) {
  const auto tasks = synthetic_tasks(micro);
  LearnerOf<Strategy, float> learner(typename LearnerOf<Strategy, float>::Model(micro), quick(0, 1));
  set_budget(learner, 6);
  learner.learn(tasks[0]);
  CHECK(learner.rehearsal_state().members == chosen(learner, tasks[0], [](const ctp::rehearsal::FeatureMatrix& rows) {
          return ctp::rehearsal::choose_herding(rows, 6);
        }));
}

TEST_CASE_TEMPLATE("strategies: keeps pairs by kmeans", Strategy, ctp::strategy::KMeans) {
  const auto tasks = synthetic_tasks(micro);
  LearnerOf<Strategy, float> learner(typename LearnerOf<Strategy, float>::Model(micro), quick(0, 1));
  set_budget(learner, 3);
  learner.learn(tasks[0]);
  CHECK(learner.rehearsal_state().members == chosen(learner, tasks[0], [](const ctp::rehearsal::FeatureMatrix& rows) {
          return ctp::rehearsal::choose_kmeans(rows, 3);
        }));
}

TEST_CASE_TEMPLATE("strategies: keeps pairs by reservoir", Strategy, ctp::strategy::Er, ctp::strategy::CtpEr) {
  const auto tasks = synthetic_tasks(micro);
  LearnerOf<Strategy, float> learner(typename LearnerOf<Strategy, float>::Model(micro), quick(0, 1));
  set_budget(learner, 6);
  learner.learn_all(tasks, [](auto&, std::size_t) {});
  const ctp::rehearsal::Reservoir reservoir{.budget = 6};
  auto memory = reservoir.init(learner.model(), 1);
  for (std::uint32_t t = 0; t < 2; ++t) {
    ctp::rehearsal::Candidates candidates;
    candidates.task = t;
    candidates.members = tasks[t].members;
    reservoir.choose(memory, candidates);
  }
  CHECK(learner.rehearsal_state().members == memory.members);
}
