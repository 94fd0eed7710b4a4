// Training on the CPU and the dry run: the part of the program that instantiates every strategy.
#include <string>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/ctp.hpp>

#include "../common/strategies.hpp"
#include "dry_run.hpp"
#include "policy_settings.hpp"
#include "run_context.hpp"
#include "train_or_replay.hpp"
#include "training.hpp"
#include "training_plan.hpp"

namespace pretrain {

namespace {

template <class Learner>
bool has_setting(Learner& learner, const std::string& wanted) {
  bool found = false;
  learner.settings([&](const std::string& key, auto&) { found = found || key == wanted; });
  return found;
}

/// Names of the strategies that have this setting, separated by commas.
std::string strategies_with(const std::string& key) {
  std::string names;
  Settings any;
  any.lr = any.min_lr = 1;
  examples::for_each_strategy([&]<class Strategy>() {
    with_small_learner<Strategy>(any, {}, [&](auto& learner) {
      if (has_setting(learner, key)) names += (names.empty() ? "" : ", ") + std::string(Strategy::name);
    });
  });
  return names;
}

/// Refuses settings that other strategies have, by their names. apply() refuses settings that no strategy has.
template <class Learner>
void require_own(Learner& learner, const std::string& strategy, const std::vector<Assignment>& policies) {
  for (const Assignment& a : policies) {
    if (has_setting(learner, a.key)) continue;
    if (const std::string others = strategies_with(a.key); !others.empty())
      throw ctp::UsageError(ctp::Complaint{a.where, a.key, "a setting of the strategy " + strategy,
                                           "a setting of " + others, "leave it out, or choose another --strategy"}
                                .text());
  }
}

}  // namespace

void train_on_cpu(const RunContext& context) {
  examples::with_strategy(context.settings.strategy,
                          [&]<class Strategy>() { train_or_replay<Strategy, ctp::Cpu>(context); });
}

void check_policies(const Settings& settings, const std::vector<Assignment>& policies) {
  examples::with_strategy(settings.strategy, [&]<class Strategy>() {
    with_small_learner<Strategy>(settings, {}, [&](auto& learner) { require_own(learner, Strategy::name, policies); });
    with_small_learner<Strategy>(settings, policies, [](const auto&) {});
  });
}

void check_plan(const RunContext& context) {
  examples::with_strategy(context.settings.strategy, [&]<class Strategy>() {
    require_epochs(context.settings, context.tasks.size(), Strategy::Rehearsal::joins_all_tasks);
    typename Training<Strategy, ctp::Cpu>::Model model(context.model);
    auto policies = configured<Strategy>(context.settings, context.policy_settings);
    ctp::register_parameters(policies.losses(), model);
    require_patterns(context.settings, model.layout());
  });
}

void require_room(const RunContext& context) {
  examples::with_strategy(context.settings.strategy,
                          [&]<class Strategy>() { require_room(room_of<Strategy>(context), context, false); });
}

void dry_run(const RunContext& context) { print_costs(context); }

}  // namespace pretrain
