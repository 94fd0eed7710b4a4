// Each strategy's whole step, losses, teachers, penalty and dropout, against differences of the loss that it reports.
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <support/reference.hpp>

#include "every_strategy.hpp"

namespace {

/// One step of an engine on one batch, again and again from the same state but for the online weights.
template <class Engine>
class Repeated {
 public:
  Repeated(Engine& engine, const ctp::data::Batch& batch)
      : engine_(engine), batch_(batch), start_(test::snapshot(engine)) {}

  /// The loss that the step reports at these weights.
  double loss(const std::vector<double>& theta) {
    test::Restore restore{start_};
    engine_.visit(restore);
    engine_.set_weights(theta);
    return test::step(engine_, batch_).loss;
  }
  /// The gradient that the optimiser followed at these weights, the penalty's included.
  std::vector<double> gradient(const std::vector<double>& theta) {
    loss(theta);
    for (const auto& [name, values] : test::snapshot(engine_).values)  // the optimiser is the last to be visited
      if (name == "adamw.first") moment_ = values;
    return moment_;
  }

 private:
  Engine& engine_;
  const ctp::data::Batch& batch_;
  test::Snapshot start_;
  std::vector<double> moment_;
};

}  // namespace

TEST_CASE_TEMPLATE("strategies: the gradient of a whole step equals finite differences", Strategy, CTP_EVERY_STRATEGY) {
  const reference::Threads one(1);  // the model is too small for several threads
  ctp::ModelConfig config = test::micro;
  config.queue = 9;
  using Engine = ctp::StepEngine<Strategy, test::ModelOf<Strategy, double>>;
  Engine engine(typename Engine::Model(config), {.epochs = 1, .rate = 1e-2, .seed = 3});
  test::Batches first(config, 2, 3, 7, 1), second(config, 3, 3, 7, 2);
  test::lead_to_second_task(engine, first, second, 2);
  // With beta1 = 0 the first moment is the gradient; with decay 1 the momentum model stays constant while online
  // weights move.
  engine.policies().optimizer().beta1 = 0;
  engine.policies().settings([](const std::string& key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), double&>)
      if (key == "momentum.decay") value = 1;
  });

  const std::vector<double> theta = engine.weights();
  Repeated step(engine, second.list[2]);
  const std::vector<double> gradient = step.gradient(theta);
  double total = 0;
  for (const ctp::ParameterInfo& p : engine.model().layout().parameters()) {
    CAPTURE(p.name);
    // Along one direction that moves every element of this parameter.
    std::vector<double> direction(theta.size());
    ctp::RandomSubstream random(ctp::RandomStream(4, p.name.c_str()), {});
    double squares = 0, found = 0;
    for (ctp::Index i = 0; i < p.size(); ++i) {
      double& d = direction[static_cast<std::size_t>(p.offset + i)];
      d = random.normal();
      squares += d * d;
    }
    for (std::size_t i = 0; i < theta.size(); ++i) found += gradient[i] * (direction[i] /= std::sqrt(squares));
    const auto moved = [&](double by) {
      std::vector<double> at = theta;
      for (std::size_t i = 0; i < at.size(); ++i) at[i] += by * direction[i];
      return step.loss(at);
    };
    constexpr double h = 1e-3;
    const double near = moved(h) - moved(-h), far = moved(2 * h) - moved(-2 * h);
    const double expected = (8 * near - far) / (12 * h);
    CHECK(std::abs(found - expected) <= 1e-6 * std::abs(expected) + 1e-8);
    total += std::abs(expected);
  }
  CHECK(total > 1e-2);
}
