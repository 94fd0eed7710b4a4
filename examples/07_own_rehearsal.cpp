// A rehearsal of your own: the choice of pairs of earlier tasks that every later task trains on again. This rehearsal
// is a ring buffer: the newest pairs overwrite the oldest.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

#include <ctp/ctp.hpp>
#include <ctp/testing/rehearsal.hpp>

/// @brief Keeps the last `per_task` pairs of each task; drops the oldest pairs beyond `budget` in all.
struct Ring {
  static constexpr bool joins_all_tasks = false;  // true would train all tasks as one
  int budget = 1000, per_task = 100;

  /// The kept pairs, by their ordinals in the tasks' source.
  struct Memory {
    std::vector<std::uint32_t> members;
    std::uint64_t next = 0;  // the place to overwrite next, once all places are used

    template <class Archive>
    void visit(Archive& archive) {  // for a checkpoint
      archive("ring.members", members);
      archive("ring.next", next);
    }
  };
  template <class Model>
  using State = Memory;
  template <class Model>
  Memory init(const Model& /*model*/, std::uint64_t /*seed*/) const {
    return {};
  }

  /// The pairs that are added to every later task.
  [[nodiscard]] const std::vector<std::uint32_t>& members(const Memory& memory) const { return memory.members; }

  /// Called at the end of a task. `task` also offers features() of the trained model, as a criterion.
  void choose(Memory& memory, const ctp::rehearsal::Candidates& task) const {
    const std::size_t all = task.members.size(), most = static_cast<std::size_t>(per_task);
    for (std::size_t i = all > most ? all - most : 0; i < all; ++i) {
      if (memory.members.size() < static_cast<std::size_t>(budget)) {
        memory.members.push_back(task.members[i]);
      } else {
        memory.members[memory.next] = task.members[i];
        memory.next = (memory.next + 1) % memory.members.size();
      }
    }
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // known to --set as rehearsal.budget and rehearsal.per_task
    visitor("budget", budget);
    visitor("per_task", per_task);
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Rehearsal = Ring;
};

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

int main() {
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, Model> learner(Model(sizes),
                                    {.epochs = 2, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});

  // Checks on synthetic tasks of many sizes: the budget holds, all members were seen, a second run gives the same.
  const auto report = ctp::testing::check_rehearsal(Ring{.budget = 8, .per_task = 8}, learner.model(), 8);
  std::printf("the rehearsal is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  // One source for all tasks: a task, and the memory of the rehearsal, are lists of its pairs.
  learner.rehearsal().budget = 5;
  learner.rehearsal().per_task = 3;
  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  for (const char* name : {"first", "second", "third"}) {
    ctp::data::Task task{name, pairs, {}};
    for (unsigned char i = 0; i < 4; ++i)
      task.members.push_back(pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(60 * i)), {2, 5 + i, 3}));
    learner.learn(task);
    std::printf("kept after the %s task:", name);
    for (const std::uint32_t pair : learner.rehearsal_state().members) std::printf(" %u", pair);
    std::printf("\n");
  }
}

// prints: the rehearsal is sound
// prints: kept after the first task: 1 2 3
// prints: kept after the second task: 7 2 3 5 6
// prints: kept after the third task: 7 9 10 11 6
