// Training on the CPU and the dry run: the part of the program that instantiates every strategy.
#include <ctp/ctp.hpp>

#include "../common/strategies.hpp"
#include "dry_run.hpp"
#include "run_context.hpp"
#include "training.hpp"

namespace pretrain {

void train_on_cpu(const RunContext& context) {
  examples::with_strategy(context.settings.strategy,
                          [&]<class Strategy>() { Training<Strategy, ctp::Cpu>(context).run(); });
}

void check_policies(const Settings& settings, const std::vector<Assignment>& policies) {
  examples::with_strategy(settings.strategy, [&]<class Strategy>() {
    with_small_learner<Strategy>(settings, policies, [](const auto&) {});
  });
}

void dry_run(const RunContext& context) { print_costs(context); }

}  // namespace pretrain
