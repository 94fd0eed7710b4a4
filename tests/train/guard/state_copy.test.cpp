#include <ctp/train/guard/state_copy.hpp>

#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/train/state_archive.hpp>

namespace {

struct State {
  explicit State(ctp::Index n) : buffer(n) {}

  std::int64_t steps = 0;
  bool seen = false;
  std::vector<double> list;
  ctp::Buffer<float, ctp::Cpu> buffer;

  template <class Archive>
  void visit(Archive& archive) {
    archive("steps", steps);
    archive("seen", seen);
    archive("list", list);
    archive("buffer", buffer);
  }
};

State example() {
  State state(3);
  state.steps = 7;
  state.seen = true;
  state.list = {1, 2};
  state.buffer.assign(std::vector<float>{1, 2, 3});
  return state;
}

}  // namespace

TEST_CASE("state copy: gives back numbers, lists of another length, and buffers") {
  State state = example();
  ctp::StateCopy copy;
  CHECK(copy.empty());
  copy.take(state);
  CHECK(!copy.empty());
  state.steps = 8;
  state.seen = false;
  state.list = {4, 5, 6, 7};
  state.buffer.assign(std::vector<float>{9, 9, 9});
  copy.give_back(state);
  State expected = example();
  CHECK(ctp::StateArchive::of(expected).changed_in(ctp::StateArchive::of(state)).empty());
  copy.clear();
  CHECK(copy.empty());
}

TEST_CASE("state copy: a second copy replaces the first one") {
  State state = example();
  ctp::StateCopy copy;
  copy.take(state);
  state.list = {3};
  copy.take(state);
  state.list = {};
  copy.give_back(state);
  CHECK(state.list == std::vector<double>{3});
}

TEST_CASE("state copy: the copy of another state is refused by the name of the member") {
  State state = example(), larger(4);
  ctp::StateCopy copy;
  copy.take(state);
  CHECK_THROWS_WITH_AS(copy.give_back(larger), "copy of the state for a roll-back: buffer: expected 16 bytes, found 12",
                       ctp::CheckpointError);
  copy.clear();
  CHECK_THROWS_WITH_AS(copy.give_back(state), "copy of the state for a roll-back: steps: expected 8 bytes, found 0",
                       ctp::CheckpointError);
}
