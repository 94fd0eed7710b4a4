// expect-error: \[ctp\.train\.save\]
#include <ctp/strategy/seqf.hpp>
#include <ctp/train/learner.hpp>

#ifndef CTP_EXPECT_FAIL
#include <ctp/train/weights/weights_file.hpp>
#endif

#include "fake_host.hpp"

void keep(ctp::Learner<ctp::strategy::SeqF, ModelFor<ctp::strategy::SeqF>>& learner) {
  learner.save("weights.safetensors");
}
