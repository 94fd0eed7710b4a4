// The code of docs/policies/rehearsal.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/testing/fake_step.hpp>
#include <ctp/testing/rehearsal.hpp>

namespace {

// [rehearsal]
/// Keeps the last pairs of the last task.
struct Newest {
  static constexpr bool joins_all_tasks = false;  // true: all tasks are trained as one
  int budget = 100;                               // a setting

  struct Memory {
    std::vector<std::uint32_t> members;
    template <class Archive>
    void visit(Archive& archive) {  // for checkpoints
      archive("memory.members", members);
    }
  };
  template <class Model>
  using State = Memory;
  template <class Model>
  Memory init(const Model& /*model*/, std::uint64_t /*seed*/) const {
    return {};
  }

  void choose(Memory& memory, const ctp::rehearsal::Candidates& task) const {
    const std::size_t kept = std::min(task.members.size(), static_cast<std::size_t>(budget));
    const auto newest = task.members.last(kept);
    memory.members.assign(newest.begin(), newest.end());
  }
  const std::vector<std::uint32_t>& members(const Memory& memory) const { return memory.members; }

  template <class Visitor>
  void settings(Visitor& visitor) {  // optional: --set rehearsal.budget=...
    visitor("budget", budget);
  }
};
// [rehearsal]

}  // namespace

TEST_CASE("docs: the rehearsal policy of the page passes its check") {
  const ctp::testing::FakeModel<ctp::BasicCpu<double>> model;
  CHECK(ctp::testing::check_rehearsal(Newest{.budget = 8}, model, 8, false).log.empty());
}
