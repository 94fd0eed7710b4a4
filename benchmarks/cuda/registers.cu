// Everything that trainings with these strategies launch in bf16, for registers.sh to compile. Nobody runs this.
#include <ctp/cuda.cuh>

template <class Strategy>
void train(const ctp::data::Batch& batch, ctp::data::BatchSource& source) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::BasicCuda<ctp::precision::Bf16>>;
  ctp::Learner<Strategy, Model> learner{Model(ctp::sizes::base)};
  learner.begin_task(1);
  learner.step(batch);
  learner.end_task(&source);
}

void train_all(const ctp::data::Batch& batch, ctp::data::BatchSource& source) {
  train<ctp::strategy::Ctp>(batch, source);
  train<ctp::strategy::Ewc>(batch, source);
  train<ctp::strategy::Si>(batch, source);
}
