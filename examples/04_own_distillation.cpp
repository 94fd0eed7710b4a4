// A distillation of your own: Mod-X, which preserves the previous model's similarities of non-matching pairs, in rows
// in which the previous model ranks the matching pair first. A distillation is a loss that reads a teacher.
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>
#include <ctp/testing/loss.hpp>

/// @brief Off-diagonal distillation: KL(softmax(S' / temp) || softmax(S / temp)) of both directions, mean over all
/// rows. S [B,B] are the online model's similarities of the batch's images and texts, S' the previous model's; both
/// without the diagonal.
///
/// Only rows in which the previous model ranks the matching pair first count; other rows have weight 0. The diagonal,
/// the matching pairs, belongs to the objective.
/// **Units.** nats per row.  **Gradient.** to the online model.
/// **Source.** Ni et al. 2023, Mod-X, arXiv:2305.07437; here the diagonal is left out of the softmax.
struct ModX {
  static constexpr const char* name = "mod_x";  // in reports and in keys of settings
  static constexpr ctp::Needs needs{.previous = ctp::Output::Features};

  /// weight[i] = 1/n if no score of row i is above the diagonal score, else 0.
  template <class Real>
  struct Trust {
    ctp::Index n;
    const Real* scores;
    Real* weight;

    CTP_HD void operator()(ctp::Index i) const {
      bool right = true;
      for (ctp::Index j = 0; j < n; ++j) right = right && scores[i * n + j] <= scores[i * n + i];
      weight[i] = right ? Real(1) / static_cast<Real>(n) : Real(0);
    }
  };

  template <class Step>
  auto loss(Step& step) const {
    using B = typename Step::Backend;
    using Real = typename B::Real;
    const auto& pass = step.online.pass();         // records operations, for the gradient
    const auto& teachers = step.previous->pass();  // records nothing
    const double sharp = 1 / step.model().config().temperature, apart = -1000 * sharp;
    const auto keep = [&](const auto& rows, const auto& columns, const auto& old_rows, const auto& old_columns) {
      const auto now = scores(pass, rows.local, columns.all, sharp);
      const auto then = scores(teachers, old_rows.local, old_columns.all, sharp);
      const ctp::Index n = then.value.shape[0];
      const auto trust = pass.scratch(ctp::Shape<1>{n});
      B::for_each(n, Trust<Real>{n, then.value.data, trust.data});
      return soft_cross_entropy(pass, with_diagonal(pass, now, apart), with_diagonal(teachers, then, apart).value,
                                trust, 1, ctp::Entropy::Subtracted);
    };
    const auto image = step.online.image(), text = step.online.text();
    const auto old_image = step.previous->image(), old_text = step.previous->text();
    return scale(pass, add(pass, keep(image, text, old_image, old_text), keep(text, image, old_text, old_image)), 0.5);
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Distillation = ModX;  // or ctp::All<ModX, ...> for several
};

template <class Backend>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;
using Model = ModelOn<ctp::Cpu>;

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
  // Checks on a very small model in double precision: the gradient, and that `needs` names every output that is read.
  const auto report = ctp::testing::check_loss(ModX{}, ModelOn<ctp::BasicCpu<double>>(ctp::testing::micro));
  std::printf("the distillation is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, Model> learner(Model(sizes),
                                    {.epochs = 2, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});
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
// prints: task 1: in_batch_contrast masked_language mod_x
