// All headers of the layers above backend/, compiled by nvcc, and whole training steps on a backend without Eigen. The
// program exits with 0 if it learned two tasks.
#include <ctp/autograd/arithmetic.hpp>
#include <ctp/autograd/attention.hpp>
#include <ctp/autograd/broadcast.hpp>
#include <ctp/autograd/distances.hpp>
#include <ctp/autograd/elementwise.hpp>
#include <ctp/autograd/embedding.hpp>
#include <ctp/autograd/layer_norm.hpp>
#include <ctp/autograd/linear.hpp>
#include <ctp/autograd/losses.hpp>
#include <ctp/autograd/matrix.hpp>
#include <ctp/autograd/operand.hpp>
#include <ctp/autograd/operators.hpp>
#include <ctp/autograd/pass.hpp>
#include <ctp/autograd/reductions.hpp>
#include <ctp/autograd/residual.hpp>
#include <ctp/autograd/rows.hpp>
#include <ctp/autograd/scores.hpp>
#include <ctp/autograd/select.hpp>
#include <ctp/autograd/tape.hpp>
#include <ctp/autograd/views.hpp>
#include <ctp/autograd/where.hpp>
#include <ctp/distill/lucir.hpp>
#include <ctp/distill/lwf.hpp>
#include <ctp/distill/masked_language.hpp>
#include <ctp/distill/mean_kl.hpp>
#include <ctp/distill/none.hpp>
#include <ctp/distill/topology.hpp>
#include <ctp/encoder/bag_of_words.hpp>
#include <ctp/encoder/bert.hpp>
#include <ctp/encoder/concepts.hpp>
#include <ctp/encoder/convolutional.hpp>
#include <ctp/encoder/initialize.hpp>
#include <ctp/encoder/model.hpp>
#include <ctp/encoder/require.hpp>
#include <ctp/encoder/text_input.hpp>
#include <ctp/encoder/vit.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/momentum/compatible.hpp>
#include <ctp/momentum/concepts.hpp>
#include <ctp/momentum/ema.hpp>
#include <ctp/momentum/none.hpp>
#include <ctp/momentum/require.hpp>
#include <ctp/momentum/view.hpp>
#include <ctp/nn/bert_block.hpp>
#include <ctp/nn/convolution.hpp>
#include <ctp/nn/layers.hpp>
#include <ctp/nn/layout.hpp>
#include <ctp/nn/mean.hpp>
#include <ctp/nn/vit_block.hpp>
#include <ctp/objective/all.hpp>
#include <ctp/objective/concepts.hpp>
#include <ctp/objective/in_batch_contrast.hpp>
#include <ctp/objective/masked_language.hpp>
#include <ctp/objective/momentum_contrast.hpp>
#include <ctp/objective/require.hpp>
#include <ctp/optim/adamw.hpp>
#include <ctp/optim/concepts.hpp>
#include <ctp/optim/parameter_group.hpp>
#include <ctp/optim/ranges.hpp>
#include <ctp/optim/require.hpp>
#include <ctp/optim/schedule/concepts.hpp>
#include <ctp/optim/schedule/constant.hpp>
#include <ctp/optim/schedule/cosine.hpp>
#include <ctp/optim/schedule/linear.hpp>
#include <ctp/optim/schedule/rates.hpp>
#include <ctp/optim/schedule/require.hpp>
#include <ctp/optim/schedule/warmup_hold_decay.hpp>
#include <ctp/penalty/afec.hpp>
#include <ctp/penalty/concepts.hpp>
#include <ctp/penalty/ewc.hpp>
#include <ctp/penalty/importance.hpp>
#include <ctp/penalty/mas.hpp>
#include <ctp/penalty/none.hpp>
#include <ctp/penalty/require.hpp>
#include <ctp/penalty/rwalk.hpp>
#include <ctp/penalty/si.hpp>
#include <ctp/penalty/state.hpp>
#include <ctp/penalty/terms.hpp>
#include <ctp/rehearsal/candidates.hpp>
#include <ctp/rehearsal/choose_herding.hpp>
#include <ctp/rehearsal/choose_kmeans.hpp>
#include <ctp/rehearsal/concepts.hpp>
#include <ctp/rehearsal/everything.hpp>
#include <ctp/rehearsal/feature_matrix.hpp>
#include <ctp/rehearsal/herding.hpp>
#include <ctp/rehearsal/kmeans.hpp>
#include <ctp/rehearsal/memory.hpp>
#include <ctp/rehearsal/none.hpp>
#include <ctp/rehearsal/quota.hpp>
#include <ctp/rehearsal/require.hpp>
#include <ctp/rehearsal/reservoir.hpp>
#include <ctp/strategy/afec.hpp>
#include <ctp/strategy/all.hpp>
#include <ctp/strategy/ctp.hpp>
#include <ctp/strategy/ctp_er.hpp>
#include <ctp/strategy/er.hpp>
#include <ctp/strategy/ewc.hpp>
#include <ctp/strategy/icarl.hpp>
#include <ctp/strategy/jointt.hpp>
#include <ctp/strategy/kmeans.hpp>
#include <ctp/strategy/lucir.hpp>
#include <ctp/strategy/lwf.hpp>
#include <ctp/strategy/mas.hpp>
#include <ctp/strategy/mof.hpp>
#include <ctp/strategy/rwalk.hpp>
#include <ctp/strategy/seqf.hpp>
#include <ctp/strategy/si.hpp>
#include <ctp/tensor/arena.hpp>
#include <ctp/tensor/buffer.hpp>
#include <ctp/tensor/named.hpp>
#include <ctp/tensor/tensor.hpp>
#include <ctp/train/batch/batch_layout.hpp>
#include <ctp/train/batch/device_batch.hpp>
#include <ctp/train/batch/input_block.hpp>
#include <ctp/train/encode.hpp>
#include <ctp/train/evaluate.hpp>
#include <ctp/train/extract.hpp>
#include <ctp/train/kept_pairs.hpp>
#include <ctp/train/learner.hpp>
#include <ctp/train/observer.hpp>
#include <ctp/train/options.hpp>
#include <ctp/train/outputs.hpp>
#include <ctp/train/parameters/frozen_towers.hpp>
#include <ctp/train/parameters/gradient_clip.hpp>
#include <ctp/train/parameters/penalty_value.hpp>
#include <ctp/train/parameters/ranges.hpp>
#include <ctp/train/policies.hpp>
#include <ctp/train/step.hpp>
#include <ctp/train/step_engine.hpp>
#include <ctp/train/steps/host_snapshot.hpp>
#include <ctp/train/steps/pending_steps.hpp>
#include <ctp/train/steps/step_capture.hpp>
#include <ctp/train/task_passes.hpp>
#include <ctp/train/task_plan.hpp>
#include <ctp/train/thetas.hpp>
#include <ctp/train/weights/published_weights.hpp>

#include <test_backend.hpp>

#include "toy.hpp"

/// An untrained model has a loss of log 3 + log 40.
template <class... Strategies>
bool all_learn() {
  return ((toy::train<Strategies, ctp::test::TestBackend<float>>(20).objective.back() < 2.4) && ...);
}

int main() {
  using namespace ctp::strategy;
  return all_learn<SeqF, Si, Lwf, Ctp>() ? 0 : 1;
}
