#include <ctp/core/policy.hpp>

#include <concepts>
#include <cstdint>
#include <string>

#include <doctest/doctest.h>

namespace {
struct Model {
  int size = 3;
};

struct Plain {};

struct Counting {
  double rate = 0.5;
  template <class M>
  struct State {
    std::uint64_t steps = 0;
    template <class Archive>
    void visit(Archive& archive) {
      archive("steps", steps);
    }
  };
  template <class M>
  State<M> init(const M& model, std::uint64_t seed) const {
    return {seed + static_cast<std::uint64_t>(model.size)};
  }
  template <class Visitor>
  void settings(Visitor& visitor) {
    visitor("rate", rate);
  }
};
}  // namespace

static_assert(std::same_as<ctp::PolicyState<Plain, Model>, ctp::NoState>);
static_assert(std::same_as<ctp::PolicyState<Counting, Model>, Counting::State<Model>>);

TEST_CASE("policy: a policy starts with the State that its init() returns, a policy without State with NoState") {
  CHECK(ctp::make_state(Counting{}, Model{}, 40).steps == 43);
  static_assert(std::same_as<decltype(ctp::make_state(Plain{}, Model{}, 1)), ctp::NoState>);
}

TEST_CASE("policy: the settings of a policy can be visited and changed; a policy without any is left alone") {
  Counting counting;
  std::string names;
  const auto visitor = [&](const char* name, double& value) {
    names += name;
    value = 0.25;
  };
  ctp::visit_settings(counting, visitor);
  Plain plain;
  ctp::visit_settings(plain, visitor);
  CHECK(names == "rate");
  CHECK(counting.rate == 0.25);
}

TEST_CASE("policy: NoState visits nothing") {
  int visits = 0;
  auto archive = [&](const char*, auto&) { ++visits; };
  ctp::NoState{}.visit(archive);
  CHECK(visits == 0);
}
