/// @file   ctp/train/guard/step_probe.hpp
/// @brief  One step on a batch that is only looked at: losses and gradients, without an optimiser's step.
/// @layer  train
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ctp/data/batch.hpp>
#include <ctp/nn/layout.hpp>

namespace ctp {

/// The gradient of one parameter.
struct ParameterGradient {
  std::string name;
  std::size_t size = 0;        ///< numbers
  std::size_t not_finite = 0;  ///< of these
  double norm = 0;             ///< Euclidean length of the finite ones
};

/// The numbers of a step.
struct StepProbe {
  std::vector<std::pair<std::string, double>> parts;  ///< losses by policy, unweighted; the penalty's value
  double loss = 0;                                    ///< weighted sum
  std::string complaint;                              ///< names the numbers that are not finite; empty if all are
  std::vector<ParameterGradient> gradients;           ///< of the loss without the penalty, in the order of the layout
};

/// @brief Computes losses and gradients of a batch as the next step of the current task would, and changes nothing but
/// the momentum weights, which that step then does not update again. Part of StepEngine.
template <class Engine>
class StepProber {
 public:
  /// **Errors.** UsageError for a batch that the model cannot take.
  static StepProbe probe(Engine& engine, const data::Batch& batch) {
    engine.require_batch_of(batch.size);
    engine.discard_pending();
    engine.invalidate();
    engine.prepare(batch);
    engine.compute();
    auto& computed = *engine.computed_;
    engine.tape_.advance(computed.end);
    engine.record_losses(computed.step, computed.loss, batch, 0, engine.penalty_value(), nullptr);
    engine.pending_.read();
    StepProbe probe;
    const auto& entry = engine.pending_.entries().front();
    probe.complaint = entry.complaint();
    probe.loss = entry.report.loss;
    for (const auto& [name, value] : entry.parts) probe.parts.emplace_back(name, value);
    const auto gradient = engine.gradient_.to_host();
    for (const ParameterInfo& parameter : engine.model().layout().parameters()) {
      ParameterGradient one{.name = parameter.name, .size = static_cast<std::size_t>(parameter.size())};
      double squares = 0;
      for (std::size_t i = 0; i < one.size; ++i) {
        const auto g = static_cast<double>(gradient[static_cast<std::size_t>(parameter.offset) + i]);
        if (std::isfinite(g))
          squares += g * g;
        else
          ++one.not_finite;
      }
      one.norm = std::sqrt(squares);
      probe.gradients.push_back(std::move(one));
    }
    engine.discard_pending();
    return probe;
  }
};

}  // namespace ctp
