// A distillation that trusts the previous model only where that model was right, as Mod-X does: similarities, a mask,
// and a divergence from operations that record their gradients.
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>
#include <ctp/testing/loss.hpp>

/// @brief Rectified topology: half the sum over both directions of the mean over rows of KL(softmax(S') || softmax(S)),
/// where a row in which the previous model does not rank the matching pair first counts 0.
///
/// S [B,B] are the cosines of the batch's images and texts by the online model, S' by the previous model; of equal
/// cosines the first is ranked first. **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** Ni et al. 2023, Mod-X, arXiv:2305.07437; the released code sums over rows where this is a mean.
struct RectifiedTopology {
  static constexpr const char* name = "rectified_topology";
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};

  template <class Step>
  auto loss(Step& step) const {
    const auto& pass = step.online.pass();
    const auto one_way = [&](const auto& now, const auto& old) {
      const auto right = equal(pass, row_argmax(pass, old), row_numbers(pass, old.value.shape[0]));
      const auto change = log_softmax(pass, old) - log_softmax(pass, now);
      return mean(pass, right * row_sums(pass, softmax(pass, old) * change));
    };
    const auto now = matmul(pass, step.online.image().local, transpose(pass, step.online.text().all));
    const auto old = matmul(pass, step.previous->image().local, transpose(pass, step.previous->text().all));
    return (one_way(now, old) + one_way(transpose(pass, now), transpose(pass, old))) / 2;
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Distillation = RectifiedTopology;
};

template <class Backend>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;

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
  const auto report =
      ctp::testing::check_loss(RectifiedTopology{}, ModelOn<ctp::BasicCpu<double>>(ctp::testing::micro));
  std::printf("the distillation is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, ModelOn<ctp::Cpu>> learner(
      ModelOn<ctp::Cpu>(sizes),
      {.epochs = 2, .max_tokens = 4, .loading = {.batch_size = 4, .augment = false, .workers = 0}});
  FirstLosses losses;
  learner.observe(losses);
  for (const char* name : {"first", "second"}) {
    const auto pairs = std::make_shared<ctp::data::MemorySource>();
    ctp::data::Task task{name, pairs, {}};
    for (unsigned char i = 0; i < 8; ++i)
      task.members.push_back(pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
    learner.learn(task);
  }
}

// prints: the distillation is sound
// The first task has no previous model; policies that need the previous model contribute nothing.
// prints: task 0: in_batch_contrast masked_language
// prints: task 1: in_batch_contrast masked_language rectified_topology
