// All kernels of a `ctp` training in every precision. predict.py --count compiles this unit; no program runs it.
#include <ctp/cuda.cuh>

using Model =
    ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCuda<ctp::precision::AtRunTime>>;

void train(const ctp::data::Batch& batch) {
  ctp::Learner<ctp::strategy::Ctp, Model> learner{Model(ctp::sizes::base)};
  learner.begin_task(1);
  learner.step(batch);
  learner.end_task();
}
