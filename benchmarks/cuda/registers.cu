// All kernels of trainings with these strategies and of their evaluation in bf16. registers.sh compiles this unit; no
// program runs it.
#include <ctp/cuda.cuh>

using B = ctp::BasicCuda<ctp::precision::Bf16>;

template <class Strategy>
void train(const ctp::data::Batch& batch, ctp::data::BatchSource& source) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, B>;
  ctp::Learner<Strategy, Model> learner{Model(ctp::sizes::base)};
  learner.begin_task(1);
  learner.step(batch);
  learner.end_task(&source);
}

template ctp::eval::RetrievalScores ctp::eval::retrieval<B>(std::span<const float>, std::span<const float>, std::size_t,
                                                            std::size_t);
template ctp::eval::RetrievalScores ctp::eval::retrieval<B>(std::span<const float>, std::span<const float>, std::size_t,
                                                            std::size_t, const ctp::eval::EqualPairs&);
template ctp::eval::MapScores ctp::eval::multimodal_map<B>(std::span<const float>,
                                                           std::span<const ctp::eval::CategoryItem>,
                                                           std::span<const float>,
                                                           std::span<const ctp::eval::CategoryItem>,
                                                           std::span<const ctp::eval::CategoryItem>, std::size_t,
                                                           ctp::eval::MapRule);

void train_all(const ctp::data::Batch& batch, ctp::data::BatchSource& source) {
  train<ctp::strategy::Ctp>(batch, source);
  train<ctp::strategy::Ewc>(batch, source);
  train<ctp::strategy::Si>(batch, source);
}
