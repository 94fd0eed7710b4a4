// The fifteen strategies by name, and an engine or a learner of each on its second task. The names of the test cases
// are read by benchmarks/methods_table.py.
#pragma once

#include <cstddef>
#include <cstdint>

#include <doctest/doctest.h>

#include <ctp/strategy/all.hpp>

#include "engine_fixture.hpp"

TYPE_TO_STRING_AS("seqf", ctp::strategy::SeqF);
TYPE_TO_STRING_AS("jointt", ctp::strategy::JointT);
TYPE_TO_STRING_AS("si", ctp::strategy::Si);
TYPE_TO_STRING_AS("mas", ctp::strategy::Mas);
TYPE_TO_STRING_AS("ewc", ctp::strategy::Ewc);
TYPE_TO_STRING_AS("lwf", ctp::strategy::Lwf);
TYPE_TO_STRING_AS("afec", ctp::strategy::Afec);
TYPE_TO_STRING_AS("rwalk", ctp::strategy::RWalk);
TYPE_TO_STRING_AS("er", ctp::strategy::Er);
TYPE_TO_STRING_AS("mof", ctp::strategy::Mof);
TYPE_TO_STRING_AS("kmeans", ctp::strategy::KMeans);
TYPE_TO_STRING_AS("icarl", ctp::strategy::ICarl);
TYPE_TO_STRING_AS("lucir", ctp::strategy::Lucir);
TYPE_TO_STRING_AS("ctp", ctp::strategy::Ctp);
TYPE_TO_STRING_AS("ctp_er", ctp::strategy::CtpEr);

#define CTP_EVERY_STRATEGY                                                                                  \
  ctp::strategy::SeqF, ctp::strategy::JointT, ctp::strategy::Si, ctp::strategy::Mas, ctp::strategy::Ewc,    \
      ctp::strategy::Lwf, ctp::strategy::Afec, ctp::strategy::RWalk, ctp::strategy::Er, ctp::strategy::Mof, \
      ctp::strategy::KMeans, ctp::strategy::ICarl, ctp::strategy::Lucir, ctp::strategy::Ctp, ctp::strategy::CtpEr

namespace test {

template <class Strategy, class Real>
using ModelOf =
    ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCpu<Real>, typename Strategy::Projection>;

/// Trains a learner or an engine on its first task and on the first `steps` steps of its second, of batches of 3 pairs.
template <class Trainer>
void lead_to_second_task(Trainer& trainer, Batches& first, Batches& second, std::size_t steps) {
  trainer.begin_task(first.steps());
  trainer.begin_epoch(first, 0);
  first.start(0);
  while (const ctp::data::Batch* batch = first.next()) step(trainer, *batch, &first);
  trainer.end_task(&first);
  trainer.begin_task(second.steps());
  trainer.begin_epoch(second, 0);
  second.start(0);
  for (std::size_t s = 0; s < steps; ++s) step(trainer, second.list[s], &second);
}

}  // namespace test
