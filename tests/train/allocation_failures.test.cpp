// Memory that is refused: for each N, all allocations from the N-th on fail. The error comes to the caller, nothing
// leaks, and a learner whose training failed goes on from a saved state.
#include <cstdint>
#include <new>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/train/checkpoint/checkpoint.hpp>
#include <data/temporary_folder.hpp>
#include <support/allocations.hpp>

#include "task_lists.hpp"
#include "training_fixture.hpp"

namespace {

using test::Ctp;
using test::micro;

[[maybe_unused]] const ctp::TrainOptions options{
    .epochs = 1, .max_tokens = 7, .loading = {.batch_size = 4, .workers = 0}};

/// Calls before(), and then work() with refused memory, until one call needs none of it. Returns the number of calls
/// that failed.
template <class Before, class Work>
std::uint64_t failures(const Before& before, const Work& work) {
  std::uint64_t failed = 0;
  for (std::uint64_t n = 1;; ++n) {
    before();
    const test::FailingAllocations refused(n);
    try {
      work();
    } catch (const std::bad_alloc&) {
      ++failed;
    } catch (const ctp::Error&) {
      ++failed;
    }
    if (!refused.reached()) return failed;
  }
}

}  // namespace

#if CTP_TEST_COUNTS_MALLOC

TEST_CASE("allocation failures: a learner that is made and trained without memory leaks nothing") {
  const int threads = ctp::threads();
  ctp::set_threads(1);
  const auto tasks = test::tasks_of(1, 4);
  const auto train = [&] {
    Ctp learner(Ctp::Model(micro), options);
    learner.learn_all(tasks);
  };
  train();  // what is made once and kept
  const std::int64_t kept = test::live_allocations();
  std::uint64_t leaks = 0;
  const std::uint64_t failed = failures([&] { leaks += test::live_allocations() == kept ? 0 : 1; }, train);
  const std::int64_t at_the_end = test::live_allocations();  // before doctest makes messages
  CHECK(leaks == 0);
  CHECK(at_the_end == kept);
  CHECK(failed > 100);
  ctp::set_threads(threads);
}

TEST_CASE("allocation failures: a learner whose training failed goes on from a saved state, with the same bits") {
  const int threads = ctp::threads();
  ctp::set_threads(1);
  const auto tasks = test::tasks_of(2, 8);
  Ctp learner(Ctp::Model(micro), options);
  learner.learn(tasks[0]);
  const ctp::StateArchive saved = learner.state();
  learner.learn(tasks[1]);
  const std::vector<float> expected = learner.weights();
  const std::uint64_t failed = failures([&] { learner.restore(saved); }, [&] { learner.learn(tasks[1]); });
  CHECK(learner.weights() == expected);  // of the last call, which had its memory
  CHECK(failed > 10);
  learner.restore(saved);
  learner.learn(tasks[1]);
  CHECK(learner.weights() == expected);
  ctp::set_threads(threads);
}

TEST_CASE("allocation failures: a checkpoint that cannot be saved without memory leaves the earlier one valid") {
  const int threads = ctp::threads();
  ctp::set_threads(1);
  const test::TemporaryFolder folder;
  ctp::io::CheckpointFolder checkpoints(folder.path("checkpoints"));
  const auto tasks = test::tasks_of(2, 4);
  Ctp learner(Ctp::Model(micro), options);
  learner.learn(tasks[0]);
  learner.save(checkpoints);
  learner.learn(tasks[1]);
  const std::uint64_t failed = failures([] {}, [&] { learner.save(checkpoints); });
  CHECK(failed > 50);
  Ctp other(Ctp::Model(micro), options);
  CHECK(other.load(checkpoints).step == 2);
  CHECK(other.weights() == learner.weights());
  const std::uint64_t loads = failures([] {}, [&] { (void)other.load(checkpoints); });
  CHECK(loads > 50);
  CHECK(other.load(checkpoints).passed_over.empty());
  ctp::set_threads(threads);
}

#else

TEST_CASE("allocation failures: are looked for without sanitizers, with glibc") {
  MESSAGE("SKIPPED: memory cannot be refused under a sanitizer or without glibc");
}

#endif
