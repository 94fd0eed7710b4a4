// A strategy of your own: CTP with another distillation and another momentum rule.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <ctp/ctp.hpp>

/// @brief Distance between the batch's features of the online model and of the previous model.
///
/// **Units.** Euclidean length between unit vectors.  **Gradient.** to the online model.
struct Drift {
  static constexpr const char* name = "drift";                           // in reports and in keys of settings
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};  // the Learner then keeps the previous model

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto moved = [&](const auto& now, const auto& before) {
      return mean(pass, row_lengths(pass, add(pass, now.local, before.local, -1)));
    };
    return add(pass, moved(step.online.image(), step.previous->image()),
               moved(step.online.text(), step.previous->text()));
  }
};

/// An exponential moving average, then a step towards the previous task's model, from the second task on.
struct Cautious {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{.previous = ctp::Output::Weights};
  double decay = 0.9, pull = 0.05;

  template <class View>
  void update(const View& view) const {
    using B = typename View::Backend;
    using Real = typename View::Real;
    B::average(view.size(), static_cast<Real>(decay), view.online(), view.slow());
    if (view.previous() != nullptr) B::average(view.size(), static_cast<Real>(1 - pull), view.previous(), view.slow());
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // known to --set as momentum.decay and momentum.pull
    visitor("decay", decay);
    visitor("pull", pull);
  }
};

struct Mine : ctp::strategy::Ctp {
  static constexpr const char* name = "mine";
  using Momentum = Cautious;
  using Distillation = ctp::All<ctp::distill::CrossModalTopology, Drift>;
};

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

/// Prints the losses of the first step of every task, by policy.
struct FirstLosses final : ctp::Observer {
  void step_done(const ctp::StepReport& report) override {
    if (report.step != 0) return;
    std::printf("task %u:", report.task);
    for (const auto& [part, value] : report.parts) std::printf(" %s", part);
    std::printf("\n");
  }
};

int main() {
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, Model> learner(Model(sizes),
                                    {.epochs = 2, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});
  learner.momentum().pull = 0.1;
  FirstLosses losses;
  learner.observe(losses);

  for (const char* name : {"first", "second"}) {
    const auto pairs = std::make_shared<ctp::data::MemorySource>();
    ctp::data::Task task{name, pairs, {}};
    for (unsigned char i = 0; i < 8; ++i)
      task.members.push_back(pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
    learner.learn(task);
  }
  learner.settings([](const std::string& key, double value) {
    if (key.starts_with("momentum.") || key.starts_with("drift.")) std::printf("%s = %g\n", key.c_str(), value);
  });
}

// Policies that need the previous model contribute nothing on the first task.
// prints: task 0: in_batch_contrast masked_language momentum_contrast
// prints: task 1: in_batch_contrast masked_language momentum_contrast cross_modal_topology drift
// prints: drift.weight = 1
// prints: momentum.decay = 0.9
// prints: momentum.pull = 0.1
