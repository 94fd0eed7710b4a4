#include <ctp/train/step_engine.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/data/loader/loader.hpp>
#include <ctp/data/pairs/memory_source.hpp>

#include "engine_fixture.hpp"

// Behind all other headers: declarations of the functions that this header defines come first.
#include <support/count_allocations.hpp>

namespace {

/// Number of allocations up to the end of each step.
struct Count final : ctp::Observer {
  Count() { after.reserve(64); }
  void step_done(const ctp::StepReport&) override { after.push_back(test::allocations()); }
  /// Allocations after the task's second step, which joins the memory of the first step to one arena.
  [[nodiscard]] std::uint64_t once_warm() const { return after.back() - after.at(1); }
  std::vector<std::uint64_t> after;
};

[[maybe_unused]] constexpr int pairs = 4, words = 8;

[[maybe_unused]] std::shared_ptr<const ctp::data::Source> synthetic_source(const ctp::ModelConfig& c) {
  auto source = std::make_shared<ctp::data::MemorySource>();
  const auto pixels = static_cast<std::size_t>(3 * c.image * c.image);
  for (std::int32_t i = 0; i < 3 * pairs; ++i)
    source->add(std::vector<float>(pixels, 0.1F * static_cast<float>(i)), c.image,
                {c.cls, 10 + i, 200 + i, 400 + i, 900 + i, c.sep});
  return source;
}

template <class Engine>
void check_steps() {
#if CTP_TEST_COUNTS_MALLOC
  ctp::ModelConfig config = ctp::sizes::small;
  config.vocab = 2000;
  const int threads = ctp::threads();
  ctp::set_threads(1);
  Engine engine(typename Engine::Model(config), {.epochs = 1});
  Count count;
  const auto loading = ctp::data::loader_options({.batch_size = pairs, .augment = false, .workers = 1}, config, words);
  const ctp::data::Task task{"first", synthetic_source(config), {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}};
  const std::uint64_t before = test::allocations();
  {
    ctp::data::Loader loader(task, loading);
    test::learn(engine, loader, &count);
  }
  REQUIRE(count.after.size() == 3);
  CHECK(count.after.front() > before);  // the counter counts: the first step allocates the arenas
  CHECK(count.once_warm() == 0);

  // A second task, with the previous model if the strategy keeps one, and with batches that no Loader made.
  const ctp::data::Batch a = test::synthetic_batch(config, pairs, words, 1),
                         b = test::synthetic_batch(config, pairs, words, 2);
  engine.begin_task(3);
  if (Engine::keeps_previous)
    for (int step = 0; step < 2; ++step) test::step(engine, a);
  const std::uint64_t warm = test::allocations();
  test::step(engine, b);
  CHECK(test::allocations() - warm == 0);
  ctp::set_threads(threads);
#else
  MESSAGE("SKIPPED: memory is not counted under a sanitizer or without glibc");
#endif
}

}  // namespace

TEST_CASE("memory: after the second step of a task no step of seqf allocates memory") {
  check_steps<test::SeqFEngine>();
}

TEST_CASE("memory: after the second step of a task no step of ctp allocates memory") { check_steps<test::CtpEngine>(); }
