// A momentum rule of your own. The momentum weights are a slowly moving copy of the online weights that some losses use
// as a teacher. The rule updates the copy once before every step. The strategy is CTP with this rule.
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>
#include <ctp/testing/momentum.hpp>

/// @brief Exponential moving average with steps clamped to `limit`: slow += clamp((1 - decay) (online - slow)).
///
/// **Units.** decay: fraction kept per step, in [0,1]; limit: as the weights.
struct Unhurried {
  static constexpr bool active = true;
  static constexpr ctp::Needs needs{};  // no outputs of teachers
  double decay = 0.9, limit = 1e-3;

  /// The update of one weight: a small struct, so that a backend can run it on all its threads.
  template <class Real>
  struct Follow {
    Real *slow, take, most;
    const Real* online;

    CTP_HD void operator()(ctp::Index i) const {
      const Real way = take * (online[i] - slow[i]);
      slow[i] += way > most ? most : way < -most ? -most : way;
    }
  };

  template <class View>
  void update(const View& view) const {
    using Real = typename View::Real;
    View::Backend::for_each(
        view.size(), Follow<Real>{view.slow(), static_cast<Real>(1 - decay), static_cast<Real>(limit), view.online()});
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // known to --set as momentum.decay and momentum.limit
    visitor("decay", decay);
    visitor("limit", limit);
  }
};

struct Mine : ctp::strategy::Ctp {
  static constexpr const char* name = "mine";
  using Momentum = Unhurried;
};

using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu>;

int main() {
  const ctp::testing::Report report = ctp::testing::check_momentum<ctp::Cpu>(Unhurried{});
  std::printf("the rule is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;
  ctp::Learner<Mine, Model> learner(Model(sizes),
                                    {.epochs = 5, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});
  learner.momentum().limit = 1e-5;

  const auto pairs = std::make_shared<ctp::data::MemorySource>();
  ctp::data::Task task{"greys", pairs, {}};
  for (unsigned char i = 0; i < 8; ++i)
    task.members.push_back(pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(30 * i)), {2, 5 + i, 3}));
  const float before = learner.thetas().online()[0];
  learner.learn(task);

  // Ten steps with one update each: a momentum weight may have moved by at most 10 * limit.
  const float went = learner.thetas().momentum()[0] - before;
  std::printf("a momentum weight went %s than ten times the limit\n",
              went * went <= 1.01e-8F ? "no further" : "further");
}

// prints: the rule is sound
// prints: a momentum weight went no further than ten times the limit
