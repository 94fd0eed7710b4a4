// Evaluation on an NVIDIA GPU. nvcc compiles this file, so the file includes no header that parses JSON, options or
// picture files.
#include "cuda.hpp"

#include <memory>

#include <ctp/encoder/weights.hpp>

#include "../common/cuda.cuh"
#include "../common/model.hpp"

namespace evaluation {

void use_cuda(const std::string& precision) { examples::use_cuda(precision); }

namespace {

/// The result owns the model and its weights.
template <class Projection>
examples::FeatureMaker make(const ctp::ModelConfig& config, const ctp::TensorFile& file) {
  struct Loaded {
    examples::Model<examples::Cuda, Projection> model;
    ctp::Buffer<float, examples::Cuda> theta;
  };
  auto loaded = std::make_shared<Loaded>(Loaded{typename std::remove_cvref_t<decltype(Loaded::model)>(config), {}});
  loaded->theta = ctp::Buffer<float, examples::Cuda>(loaded->model.layout().size());
  loaded->theta.assign(ctp::read_weights<float>(loaded->model.layout(), file));
  return examples::features_on<examples::Cuda>(
      config.image, [loaded](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
        return ctp::extract(loaded->model, std::as_const(loaded->theta).data(), source, wanted);
      });
}

}  // namespace

examples::FeatureMaker features_on_cuda(const ctp::ModelConfig& config, const ctp::TensorFile& file,
                                        bool cosine_heads) {
  return cosine_heads ? make<ctp::nn::CosineLinear>(config, file) : make<ctp::nn::Linear>(config, file);
}

}  // namespace evaluation
