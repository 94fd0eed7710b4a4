// expect-error: \[ctp\.strategy\.rehearsal\]
#include <ctp/strategy/er.hpp>
#include <ctp/train/learner.hpp>

#include "fake_host.hpp"

using ctp::strategy::Er;

#ifdef CTP_EXPECT_FAIL
void train(ctp::Learner<Er, ModelFor<Er>>& learner, ctp::data::BatchSource& batches) {
  learner.learn(batches, "batches without a task");  // has no ordinals of pairs to keep
}
#else
void train(ctp::Learner<Er, ModelFor<Er>>& learner, const ctp::data::Task& task) { learner.learn(task); }
#endif
