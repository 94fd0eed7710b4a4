#include <ctp/testing/rehearsal.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/rehearsal/herding.hpp>
#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/rehearsal/reservoir.hpp>
#include <ctp/testing/fake_step.hpp>

using ctp::rehearsal::Candidates;
using ctp::testing::check_rehearsal;
using ctp::testing::Report;

namespace {
const ctp::testing::FakeModel<ctp::BasicCpu<double>> model;

bool mentions(const Report& report, const std::string& text) { return report.log.find(text) != std::string::npos; }

/// Keeps the last `budget` pairs, with one kind of fault.
enum class Wrong { Nothing, Everything, Rows, Twice, Forgetful, Restless, Hidden };
template <Wrong wrong>
struct Last {
  static constexpr bool joins_all_tasks = false;
  std::size_t budget = 6;

  struct Memory {
    std::vector<std::uint32_t> members;
    template <class Archive>
    void visit(Archive& archive) {
      if (wrong != Wrong::Hidden) archive("members", members);
    }
  };
  template <class Model>
  using State = Memory;
  template <class Model>
  Memory init(const Model&, std::uint64_t) const {
    return {};
  }
  [[nodiscard]] const std::vector<std::uint32_t>& members(const Memory& memory) const { return memory.members; }
  void choose(Memory& memory, const Candidates& task) const {
    static std::uint32_t calls = 0;
    if (wrong == Wrong::Forgetful) memory.members.clear();
    for (std::size_t i = 0; i < task.members.size(); ++i)
      memory.members.push_back(wrong == Wrong::Rows ? static_cast<std::uint32_t>(i) : task.members[i]);
    if (wrong == Wrong::Twice) memory.members.push_back(task.members.back());
    if (wrong == Wrong::Restless && ++calls % 2 == 0) memory.members.insert(memory.members.begin(), 0);
    while (wrong != Wrong::Everything && memory.members.size() > budget) memory.members.erase(memory.members.begin());
  }
};
}  // namespace

TEST_CASE("rehearsal: the library's policies pass, with budgets of one pair and of many") {
  for (const int budget : {1, 6, 50, 400}) {
    const auto pairs = static_cast<std::size_t>(budget);
    CHECK(check_rehearsal(ctp::rehearsal::Reservoir{budget}, model, pairs).log.empty());
    if (budget > 50) continue;  // herding and k-means take quadratic time
    CHECK(check_rehearsal(ctp::rehearsal::Herding{budget}, model, pairs, false).log.empty());
    CHECK(check_rehearsal(ctp::rehearsal::KMeans{budget}, model, pairs, false).log.empty());
  }
  CHECK(check_rehearsal(Last<Wrong::Nothing>{}, model, 6).log.empty());
}

TEST_CASE("rehearsal: every kind of fault is reported") {
  CHECK(mentions(check_rehearsal(Last<Wrong::Everything>{}, model, 6), "expected at most 6 pairs, found 25"));
  CHECK(mentions(check_rehearsal(Last<Wrong::Rows>{}, model, 6), "expected ordinals of pairs seen, found 0"));
  CHECK(mentions(check_rehearsal(Last<Wrong::Twice>{}, model, 6), "expected every pair once, found pair 37 twice"));
  CHECK(mentions(check_rehearsal(Last<Wrong::Restless>{}, model, 6), "expected the same members in a second run"));
  CHECK(mentions(check_rehearsal(Last<Wrong::Forgetful>{}, model, 6), "after task 1: expected 5 pairs, found 4"));
  CHECK(check_rehearsal(Last<Wrong::Hidden>{}, model, 6).log ==
        "after task 1: visit() does not show the whole State: after a restore the choice is another; visit() shows "
        "nothing; call archive(\"name\", member) for the others\n");
  CHECK(mentions(check_rehearsal(Last<Wrong::Nothing>{.budget = 5}, model, 6), "expected 6 pairs, found 5"));
}
