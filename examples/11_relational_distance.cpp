// A distillation without a hand-written gradient: relational distance distillation, which keeps the distances between
// the images of a batch. The operations of docs/operations.md record their gradients.
#include <cstdio>
#include <memory>
#include <string_view>

#include <ctp/ctp.hpp>
#include <ctp/testing/loss.hpp>

/// @brief Relational distance distillation: mean over all pairs of a batch of huber(d / mean d - d' / mean d').
///
/// d are the Euclidean distances of the online model's image features, d' those of the previous model; their means are
/// over pairs of two different images. **Units.** none.  **Gradient.** to the online model.
/// **Source.** Park et al. 2019, RKD-D, arXiv:1904.05068, equations 5 to 7; as in the released code, a mean over pairs.
struct RelationalDistance {
  static constexpr const char* name = "relational_distance";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};
  static constexpr int least_pairs = 2;  // one image has no distance

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto image = step.online.image().local, old_image = step.previous->image().local;
    const auto now = distances(pass, image, image), then = distances(pass, old_image, old_image);
    const double others = 1 - 1 / static_cast<double>(image.value.shape[0]);  // share of pairs of two different images
    const auto change = others * (now / mean(pass, now) - then / mean(pass, then));
    return mean(pass, map(pass, change, ctp::elementwise::Huber{}));
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Distillation = RelationalDistance;
};

template <class Backend>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;

/// Prints whether the distillation is 0 at the first step of a task and grows behind it.
struct Growth final : ctp::Observer {
  void step_done(const ctp::StepReport& report) override {
    for (const auto& [part, value] : report.parts)
      if (std::string_view(part) == RelationalDistance::name) {
        if (report.step == 0) std::printf("at the start of task %u: %.1f\n", report.task, value);
        last = value;
      }
  }
  double last = 0;
};

int main() {
  const auto report =
      ctp::testing::check_loss(RelationalDistance{}, ModelOn<ctp::BasicCpu<double>>(ctp::testing::micro));
  std::printf("the distillation is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, ModelOn<ctp::Cpu>> learner(
      ModelOn<ctp::Cpu>(sizes),
      {.epochs = 2, .max_tokens = 4, .loading = {.batch_size = 4, .augment = false, .workers = 0}});
  Growth growth;
  learner.observe(growth);
  for (const char* name : {"first", "second"}) {
    const auto pairs = std::make_shared<ctp::data::MemorySource>();
    ctp::data::Task task{name, pairs, {}};
    for (unsigned char i = 0; i < 8; ++i)
      task.members.push_back(pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
    learner.learn(task);
  }
  std::printf("at its end the distances have %s\n", growth.last > 0 ? "changed" : "not changed");
}

// prints: the distillation is sound
// The first task has no previous model. The second task starts from the previous model, so no distance has changed.
// prints: at the start of task 1: 0.0
// prints: at its end the distances have changed
