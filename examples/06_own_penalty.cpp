// A penalty of your own: a term added to the loss for each weight. Here the penalty draws all weights back to their
// values at the beginning of the task (L2-SP), except on the first task, which begins with random weights.
#include <cstdint>
#include <cstdio>
#include <memory>

#include <ctp/ctp.hpp>
#include <ctp/testing/penalty.hpp>

/// @brief L2-SP penalty lambda/2 * sum (theta - theta*)^2; theta*: the weights after the last task.
///
/// **Source.** Xuhong et al. 2018, arXiv:1802.01483, eq. 2, with the last task's weights in place of pretrained ones.
struct L2Sp {
  static constexpr const char* name = "l2_sp";  // in reports
  static constexpr bool active = true;
  double lambda = 1;

  /// The penalty's memory between steps. A checkpoint saves and restores the members that visit() names.
  template <class Model>
  struct State {
    ctp::Buffer<typename Model::Real, typename Model::Backend> anchor;
    std::int64_t tasks = 0;  // begun so far

    template <class Archive>
    void visit(Archive& archive) {
      archive("l2_sp.anchor", anchor);
      archive("l2_sp.tasks", tasks);
    }
  };
  template <class Model>
  State<Model> init(const Model& model, std::uint64_t /*seed*/) const {
    return {ctp::Buffer<typename Model::Real, typename Model::Backend>(model.layout().size())};
  }

  /// Called before the first step of every task. `theta` lies in the backend's memory, so the backend copies it.
  template <class Model>
  void begin_task(State<Model>& state, const typename Model::Real* theta) const {
    Model::Backend::copy(theta, state.anchor.size(), state.anchor.data());
    ++state.tasks;
  }

  /// The term of one weight. The optimiser calls gradient() while it updates the weight, so the penalty needs no pass
  /// of its own. CTP_HD makes both functions callable on a GPU.
  template <class Real>
  struct Term {
    Real strength;
    const Real* anchor;

    CTP_HD double value(ctp::Index i, Real theta) const {
      const double moved = static_cast<double>(theta) - static_cast<double>(anchor[i]);
      return static_cast<double>(strength) / 2 * moved * moved;
    }
    CTP_HD Real gradient(ctp::Index i, Real theta) const { return strength * (theta - anchor[i]); }
  };
  template <class Model>
  auto term(State<Model>& state) const {
    using Real = typename Model::Real;
    return Term<Real>{static_cast<Real>(state.tasks > 1 ? lambda : 0), state.anchor.data()};
  }
  template <class Visitor>
  void settings(Visitor& visitor) {  // known to --set as penalty.lambda
    visitor("lambda", lambda);
  }
};

struct Mine : ctp::strategy::SeqF {
  static constexpr const char* name = "mine";
  using Penalty = L2Sp;
};

template <class Backend>
using ModelOn = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, Backend>;
using Model = ModelOn<ctp::Cpu>;

/// Distance of the weights from their values at the beginning of the second of two tasks.
double distance_in_second_task(double lambda, const ctp::ModelConfig& sizes) {
  ctp::Learner<Mine, Model> learner(
      Model(sizes), {.epochs = 10, .rate = 1e-3, .max_tokens = 4, .loading = {.batch_size = 4, .workers = 0}});
  learner.penalty().lambda = lambda;
  for (const int first_word : {5, 9}) {
    const auto pairs = std::make_shared<ctp::data::MemorySource>();
    ctp::data::Task task{"greys", pairs, {}};
    for (int i = 0; i < 4; ++i)
      task.members.push_back(
          pairs->add(ctp::data::Image(16, 16, static_cast<unsigned char>(60 * i)), {2, first_word + i, 3}));
    learner.learn(task);
  }
  const auto now = learner.weights(), then = learner.penalty_state().anchor.to_host();
  double squares = 0;
  for (std::size_t i = 0; i < now.size(); ++i) squares += (now[i] - then[i]) * (now[i] - then[i]);
  return squares;
}

int main() {
  ctp::ModelConfig sizes = ctp::sizes::tiny;
  sizes.image = 16;
  sizes.vocab = 16;

  // Checks in double precision: gradient() is the derivative of value(), and is zero at the beginning of a task.
  const ctp::testing::Report report = ctp::testing::check_penalty(L2Sp{}, ModelOn<ctp::BasicCpu<double>>(sizes));
  std::printf("the penalty is %s\n%s", report.ok ? "sound" : "not sound:", report.log.c_str());

  const double free = distance_in_second_task(0, sizes), held = distance_in_second_task(100, sizes);
  std::printf("with the penalty the weights stay %s\n", held < free / 2 ? "nearer" : "no nearer");
}

// prints: the penalty is sound
// prints: with the penalty the weights stay nearer
