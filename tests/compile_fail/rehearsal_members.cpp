// expect-error: \[ctp\.rehearsal\.members\]
#include <cstdint>
#include <vector>

#include <ctp/rehearsal/require.hpp>

#include "fakes.hpp"

struct First {
  static constexpr bool joins_all_tasks = false;
  template <class Model>
  struct State {
    std::vector<std::uint32_t> kept;
    template <class Archive>
    void visit(Archive& archive) {
      archive("memory.kept", kept);
    }
  };
  template <class Model>
  State<Model> init(const Model&, std::uint64_t) const {
    return {};
  }
  template <class Model>
  void choose(State<Model>& state, const ctp::rehearsal::Candidates& task) const {
    state.kept.push_back(task.members.front());
  }
#ifdef CTP_EXPECT_FAIL
  template <class Model>
  std::size_t members(const State<Model>& state) const {  // the count, not the ordinals
    return state.kept.size();
  }
#else
  template <class Model>
  const std::vector<std::uint32_t>& members(const State<Model>& state) const {
    return state.kept;
  }
#endif
};

static_assert(ctp::rehearsal::require_rehearsal_policy<First, FakeModel>());
