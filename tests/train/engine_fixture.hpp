// Step engines of small models, and the loop around their steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <ctp/backend/cpu/backend.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/train/step_engine.hpp>

#include "state_snapshot.hpp"
#include "synthetic_batches.hpp"

namespace test {

template <class Real>
using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<Real>>;
using SeqFEngine = ctp::StepEngine<ctp::strategy::SeqF, Model<float>>;
using CtpEngine = ctp::StepEngine<ctp::strategy::Ctp, Model<float>>;

/// One step of an engine or a learner; waits for the result.
template <class Trainer>
ctp::StepReport step(Trainer& trainer, const ctp::data::Batch& batch, const ctp::data::BatchSource* source = nullptr) {
  if constexpr (requires { trainer.step(batch, source); }) {
    return trainer.step(batch, source);
  } else {
    trainer.submit(batch, source);
    return trainer.synchronize(source);
  }
}

/// Trains an engine on one task, as Learner does. A backend that skips work is read at the end of each epoch.
template <class Engine>
void learn(Engine& engine, ctp::data::BatchSource& source, ctp::Observer* observer = nullptr) {
  const std::span<ctp::Observer* const> observers(&observer, observer == nullptr ? 0 : 1);
  engine.begin_task(source.steps() * static_cast<std::uint64_t>(engine.options().epochs));
  for (std::uint32_t epoch = 0; epoch < static_cast<std::uint32_t>(engine.options().epochs); ++epoch) {
    engine.begin_epoch(source, epoch);
    source.start(epoch);
    while (const ctp::data::Batch* batch = source.next()) {
      engine.submit(*batch, &source);
      if (!ctp::backend::SkipsWork<typename Engine::B>) engine.synchronize(&source, observers);
    }
    engine.synchronize(&source, observers);
  }
  engine.end_task(&source);
}

}  // namespace test

// Compiled once, in step_engine_guard.test.cpp.
extern template class ctp::StepEngine<ctp::strategy::SeqF, test::Model<float>>;
extern template class ctp::StepEngine<ctp::strategy::Ctp, test::Model<float>>;
