// Evaluates weights on a P9D folder: the fields of a task line, and optionally the features of the test split.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/ctp.hpp>
#include <ctp/data.hpp>
#include <ctp/encoder/weights.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/run.hpp"
#include "../common/stream_evaluator.hpp"
#include "weights_in_use.hpp"
#if defined(CTP_HAVE_CUDA)
#include "cuda.hpp"
#endif

namespace {

void write_features(const std::string& path, const ctp::ExtractedFeatures& found) {
  const auto n = static_cast<std::int64_t>(found.pairs), e = static_cast<std::int64_t>(found.embed),
             d = static_cast<std::int64_t>(found.width);
  ctp::TensorFile file;
  file.tensors.push_back(ctp::make_named("image", {n, e}, std::span<const float>(found.image)));
  file.tensors.push_back(ctp::make_named("text", {n, e}, std::span<const float>(found.text)));
  file.tensors.push_back(ctp::make_named("fusion", {n, d}, std::span<const float>(found.fusion)));
  ctp::io::write_safetensors(path, file);
}

struct Options {
  std::string data, features;
  evaluation::WeightOptions weights;
  int workers = 1, batch_size = 64;
  bool json = false;
};

/// The model of `file` on the CPU. The result owns the model.
template <class Projection>
examples::FeatureMaker features_on_cpu(const ctp::ModelConfig& config, const ctp::TensorFile& file) {
  using Model = ctp::VisionLanguageModel<ctp::encoder::Vit, ctp::encoder::Bert, ctp::Cpu, Projection>;
  const auto model = std::make_shared<const Model>(config);
  const auto theta = std::make_shared<const std::vector<float>>(ctp::read_weights<float>(model->layout(), file));
  return examples::features_on<ctp::Cpu>(config.image,
                                         [model, theta](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
                                           return ctp::extract(*model, theta->data(), source, wanted);
                                         });
}

/// Measures a model and prints the measures.
void measure(const Options& o, const examples::FeatureMaker& maker, const evaluation::WeightsInUse& weights) {
  const ctp::data::P9d stream(o.data, {.allow_unlisted = true});
  const examples::StreamEvaluator evaluate(
      stream, weights.tokenizer, {.max_words = weights.max_words, .batch_size = o.batch_size, .workers = o.workers});
  if (!o.features.empty()) write_features(o.features, evaluate.test_features(maker, true));
  const auto result = evaluate(maker, stream.tasks().size());
  const std::size_t last = stream.tasks().size() - 1;
  if (o.json) {
    ctp::JsonLine line;
    examples::add_evaluation(line, result, stream.tasks(), last);
    line.add("max_words", weights.max_words);
    weights.trained ? line.add("trained_max_words", weights.trained->max_words)
                    : line.add("trained_max_words", nullptr);
    line.add("vocabulary", weights.vocabulary.fingerprint);
    std::printf("%s\n", line.text().c_str());
    return;
  }
  const auto row = [](const char* name, const ctp::eval::RetrievalScores& r) {
    std::printf("%6.2f %6.2f %6.2f   %6.2f %6.2f %6.2f   %6.2f  %s\n", r.txt_r1, r.txt_r5, r.txt_r10, r.img_r1,
                r.img_r5, r.img_r10, r.r_mean, name);
  };
  std::printf("image to text R@1/5/10 text to image R@1/5/10   mean\n");
  for (std::size_t t = 0; t <= last; ++t) row(stream.tasks()[t].c_str(), result.alone[t]);
  row("all tasks together", result.joined[last]);
  if (result.map)
    std::printf("category precision mAP@1/5/10: %.2f %.2f %.2f\n", result.map->map1, result.map->map5,
                result.map->map10);
}

int run(int argc, char** argv) {
  CLI::App app{"Measures retrieval and category precision of a model on all tasks of a P9D folder.", "evaluate"};
  Options o;
  std::string device = "cpu", precision = "fp32";
  std::optional<int> image_size;
  int threads = 0;
  app.add_option("--data", o.data, "folder in P9D layout")->required();
  app.add_option("--weights", o.weights.weights, "safetensors file with published names")->required();
  app.add_option("--vocab", o.weights.vocab, "vocab.txt (default: the training's, beside the weights)");
  app.add_option("--image-size", image_size, "pixels; must be the model's");
  app.add_option("--max-words", o.weights.max_words,
                 "words kept of a title, and tokens per text (default: the training's)");
  app.add_option("--set", o.weights.sizes,
                 "model.FIELD=NUMBER: a size that the file does not tell (vision_heads, ...)");
  app.add_option("--features", o.features, "also write the test split's features to this safetensors file");
  app.add_option("--batch-size", o.batch_size, "pairs per batch")->capture_default_str();
  app.add_option("--device", device, "cpu or cuda")->capture_default_str();
  app.add_option("--precision", precision, "fp32, tf32 or bf16")->capture_default_str();
  app.add_option("--threads", threads, "threads for computing (default: all cores)");
  app.add_option("--workers", o.workers, "threads that read and decode pictures")->capture_default_str();
  app.add_flag("--json", o.json, "print one JSON object");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  const auto require_at_least = [](int least, const char* option, int found, const char* remedy) {
    if (found < least)
      throw ctp::UsageError(
          ctp::Complaint{option, "", std::to_string(least) + " or more", std::to_string(found), remedy}.text());
  };
  require_at_least(1, "--batch-size", o.batch_size, "leave the option out for 64");
  require_at_least(0, "--threads", threads, "leave the option out to use all cores");
  require_at_least(0, "--workers", o.workers, "leave the option out for 1");
  const bool on_cuda = examples::wants_cuda(device, precision);
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) evaluation::use_cuda(precision);
#endif
  if (threads > 0) ctp::set_threads(threads);

  evaluation::WeightsInUse weights = evaluation::open_weights(o.weights);
  const ctp::ModelConfig& config = weights.config;
  if (image_size && *image_size != config.image)
    throw ctp::UsageError(ctp::Complaint{"--image-size", "", "the model's " + std::to_string(config.image),
                                         std::to_string(*image_size), "leave the option out"}
                              .text());
  // Cosine projection heads have a scale, linear heads have none.
  const bool cosine_heads = weights.file.find("vision_proj.sigma") != nullptr;
  const auto use = [&](const examples::FeatureMaker& maker) {
    weights.file = {};  // its numbers are in the model
    measure(o, maker, weights);
  };
  if (on_cuda) {
#if defined(CTP_HAVE_CUDA)
    use(evaluation::features_on_cuda(config, weights.file, cosine_heads));
#endif
  } else {
    use(cosine_heads ? features_on_cpu<ctp::nn::CosineLinear>(config, weights.file)
                     : features_on_cpu<ctp::nn::Linear>(config, weights.file));
  }
  for (const std::string& note : weights.notes) std::fprintf(stderr, "evaluate: note: %s\n", note.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("evaluate", [&] { return run(argc, argv); });
}
