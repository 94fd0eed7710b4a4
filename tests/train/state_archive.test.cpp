#include <ctp/train/state_archive.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/core/error.hpp>
#include <ctp/tensor/buffer.hpp>

using ctp::DType;
using ctp::StateArchive;

namespace {
using B = ctp::BasicCpu<float>;

enum class Phase : std::uint16_t { First = 3 };
struct Pair {
  std::int32_t a = 1, b = 2;
};

struct State {
  double number = 1;
  ctp::Buffer<float, B> buffer{3}, empty;
  std::vector<std::uint32_t> list{4, 5};
  Phase phase = Phase::First;
  Pair pair;
  const char* last = "list";

  template <class Archive>
  void visit(Archive& archive) {
    archive("number", number);
    archive("buffer", buffer);
    archive("empty", empty);
    archive("phase", phase);
    archive("pair", pair);
    archive(last, list);
  }
};
struct Odd {
  std::array<float, 2> pair{1, 2};
  bool flag = true;
  int a = 1, b = 2, c = 3;

  template <class Archive>
  void visit(Archive& archive) {
    archive("pair", pair);
    archive("flag", flag);
    archive("a", a);
    archive("a", b);
    archive("a#2", c);
  }
};
/// The message of a restore that is refused, after which the state must be as before.
std::string refusal(const StateArchive& archive, State& state) {
  const StateArchive before = StateArchive::of(state);
  std::string text;
  try {
    archive.restore(state);
  } catch (const ctp::CheckpointError& error) {
    CHECK(error.code() == ctp::ErrorCode::Checkpoint);
    text = error.what();
  }
  CHECK(before.changed_in(StateArchive::of(state)).empty());
  return text;
}
constexpr const char* remedy =
    "; restore it into the same strategy, model and backend as it was saved from, with the same observers";
}  // namespace

TEST_CASE("state archive: members are named tensors with their own element types and bytes") {
  State state;
  state.buffer.assign(std::vector<float>{1, 2, 0.5F});
  const StateArchive archive = StateArchive::of(state);
  const auto& t = archive.tensors();
  REQUIRE(t.size() == 6);
  CHECK(archive.names() == "\"number\", \"buffer\", \"empty\", \"phase\", \"pair\", \"list\"");
  const DType types[] = {DType::F64, DType::F32, DType::F32, DType::U16, DType::U8, DType::U32};
  const std::vector<std::int64_t> shapes[] = {{}, {3}, {0}, {}, {8}, {2}};
  for (std::size_t i = 0; i < 6; ++i) {
    CAPTURE(t[i].name);
    CHECK(t[i].dtype == types[i]);
    CHECK(t[i].shape == shapes[i]);
    CHECK(t[i].element_count() * ctp::dtype_size(t[i].dtype) == t[i].bytes.size());
  }
  const unsigned char half[] = {0, 0, 0, 0x3f};  // 0.5 in binary32, little-endian
  for (std::size_t i = 0; i < 4; ++i) CHECK(t[1].bytes[8 + i] == std::byte{half[i]});
  CHECK(archive.bytes() == 8 + 12 + 0 + 2 + 8 + 8);
}

TEST_CASE("state archive: every kind of member is compared and restored by name") {
  State a;
  const StateArchive before = StateArchive::of(a);
  CHECK(before.changed_in(StateArchive::of(a)).empty());
  a.number = 2;
  a.buffer.data()[2] = 7;
  a.phase = Phase{9};
  a.pair.b = 5;
  a.list.push_back(6);
  const StateArchive after = StateArchive::of(a);
  CHECK(before.changed_in(after) == std::vector<std::string>{"number", "buffer", "phase", "pair", "list"});

  State b;
  after.restore(b);
  CHECK(after.changed_in(StateArchive::of(b)).empty());
  CHECK(b.number == 2);
  CHECK(b.buffer.to_host() == std::vector<float>{0, 0, 7});
  CHECK(b.phase == Phase{9});
  CHECK(b.pair.b == 5);
  CHECK(b.list == std::vector<std::uint32_t>{4, 5, 6});
  before.restore(b);
  CHECK(before.changed_in(StateArchive::of(b)).empty());
}

TEST_CASE("state archive: two states, and two members of one name") {
  State a, b;
  b.number = 3;
  const StateArchive both = StateArchive::of(a, b);
  CHECK(both.tensors()[6].name == "number#2");
  CHECK(both.name_of_two() == "number");
  CHECK(StateArchive::of(a).name_of_two().empty());
  State c, d;
  both.restore(c, d);
  CHECK(c.number == 1);
  CHECK(d.number == 3);
  CHECK(both.changed_in(StateArchive::of(a)).front() == "number#2");
  // By name: a file may have sorted the tensors.
  std::vector<ctp::NamedTensor> sorted(both.tensors().rbegin(), both.tensors().rend());
  State e, f;
  StateArchive(sorted).restore(e, f);
  CHECK(e.number == 1);
  CHECK(f.number == 3);
  CHECK(both.changed_in(StateArchive(sorted)).empty());
}

TEST_CASE("state archive: a state that differs is refused by name, and stays as it is") {
  State a, other;
  const StateArchive saved = StateArchive::of(a);
  other.last = "exemplars";
  CHECK(refusal(saved, other) ==
        std::string("saved state: exemplars: expected this member, found none of this name") + remedy);
  other.last = "list";
  other.buffer = ctp::Buffer<float, B>(4);  // memory that others point into is never replaced
  CHECK(refusal(saved, other) == std::string("saved state: buffer: expected 16 bytes, found 12") + remedy);
  other.buffer = ctp::Buffer<float, B>();
  CHECK(refusal(saved, other) == std::string("saved state: buffer: expected 0 bytes, found 12") + remedy);

  std::vector<ctp::NamedTensor> tensors = saved.tensors();
  tensors.pop_back();
  CHECK(refusal(StateArchive(tensors), a) ==
        std::string("saved state: list: expected this member, found none of this name") + remedy);
  tensors = saved.tensors();
  tensors.push_back({"more", DType::F32, {}, std::vector<std::byte>(4)});
  CHECK(refusal(StateArchive(tensors), a) ==
        std::string("saved state: more: expected no such member, found this one, which the state does not have") +
            remedy);
  tensors.back().name = "number";
  CHECK(refusal(StateArchive(tensors), a) ==
        std::string("saved state: number: expected one tensor of this name, found two") + remedy);
  tensors = saved.tensors();
  tensors[0].dtype = DType::I64;
  CHECK(refusal(StateArchive(tensors), a) == std::string("saved state: number: expected F64, found I64") + remedy);
  tensors = saved.tensors();
  tensors[5].bytes.resize(6);
  CHECK(refusal(StateArchive(tensors), a) ==
        std::string("saved state: list: expected a multiple of 4 bytes, found 6") + remedy);
}

TEST_CASE(
    "state archive: arrays are plain members, a bool is 0 or 1, and names are unique whatever the members are called") {
  Odd odd, other;
  odd.pair = {3, 4};
  odd.flag = false;
  odd.c = 7;
  const StateArchive archive = StateArchive::of(odd);
  CHECK(archive.names() == "\"pair\", \"flag\", \"a\", \"a#2\", \"a#2#2\"");
  CHECK(archive.name_of_two() == "a");
  archive.restore(other);
  CHECK(other.pair == odd.pair);
  CHECK_FALSE(other.flag);
  CHECK(other.c == 7);
  std::vector<ctp::NamedTensor> tensors = archive.tensors();
  tensors[1].bytes[0] = std::byte{2};
  CHECK_THROWS_WITH_AS(StateArchive(tensors).restore(other),
                       (std::string("saved state: flag: expected 0 or 1, found 2") + remedy).c_str(),
                       ctp::CheckpointError);
}
