// expect-error: \[ctp\.penalty\.afec\]
#include <ctp/strategy/afec.hpp>
#include <ctp/train/learner.hpp>

#include "fake_host.hpp"

/// A user's optimiser, here AdamW under another name.
struct Mine : ctp::optim::AdamW {};

struct Afec : ctp::strategy::Afec {
#ifdef CTP_EXPECT_FAIL
  using Optimizer = Mine;
#endif
};

void train(ctp::Learner<Afec, ModelFor<Afec>>& learner, ctp::data::BatchSource& batches) {
  learner.begin_epoch(batches, 0);
}
