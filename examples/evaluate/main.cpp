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
#include <ctp/interop/features.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/model.hpp"
#include "../common/picture_check.hpp"
#include "../common/policy_parameters.hpp"
#include "../common/reading.hpp"
#include "../common/run.hpp"
#include "../common/stream_evaluator.hpp"
#include "../common/threads.hpp"
#include "../common/title_check.hpp"
#include "features_file.hpp"
#include "print.hpp"
#include "weights_in_use.hpp"
#if defined(CTP_HAVE_CUDA)
#include "cuda.hpp"
#endif

namespace {

struct Options {
  std::string data, features, equal_texts = "own", unlisted = "refuse", on_bad_image = "error";
  evaluation::WeightOptions weights;
  int workers = 1, batch_size = 64, max_pixels = examples::default_max_pixels;
  bool json = false, no_check = false, overwrite = false;
};

/// The model of `file` on the CPU. The result owns the model.
template <class Projection>
examples::FeatureMaker features_on_cpu(const ctp::ModelConfig& config, const ctp::TensorFile& file) {
  using Model = examples::Model<ctp::Cpu, Projection>;
  const auto model = std::make_shared<const Model>(config);
  const auto theta = std::make_shared<const std::vector<float>>(ctp::read_weights<float>(model->layout(), file));
  return examples::features_on<ctp::Cpu>(config.image,
                                         [model, theta](ctp::data::BatchSource& source, ctp::FeatureKinds wanted) {
                                           return ctp::extract(*model, theta->data(), source, wanted);
                                         });
}

/// Measures a model and prints the measures.
void measure(const Options& o, const examples::FeatureMaker& maker, const evaluation::WeightsInUse& weights) {
  ctp::data::P9d stream(o.data, {.allow_unlisted = true});
  if (o.unlisted == "refuse") evaluation::refuse_unlisted(examples::left_out_of(stream), o.data);
  std::optional<ctp::data::PictureCheck> check;
  if (!o.no_check)
    check = examples::check_for_evaluation(stream, weights.max_words, o.on_bad_image, {.max_pixels = o.max_pixels},
                                           !o.features.empty());
  const examples::StreamEvaluator evaluate(stream, weights.tokenizer,
                                           {.max_words = weights.max_words,
                                            .batch_size = o.batch_size,
                                            .workers = o.workers,
                                            .equal_texts = examples::equal_texts_of(o.equal_texts),
                                            .limits = {.max_pixels = o.max_pixels},
                                            .background = examples::background_of(weights.background, "--background")});
  const auto title_reports = examples::title_reports(stream, weights.tokenizer, weights.max_words, false);
  title_reports.say("evaluate", weights.vocabulary.file, o.json);
  if (!o.features.empty())
    ctp::io::write_safetensors(o.features, ctp::interop::features_file(evaluate.test_features(maker, true)));
  const auto found = evaluate.measured(maker, stream.tasks().size(), false);
  evaluation::print(evaluate, found, o.json, [&](ctp::JsonLine& line) {
    line.add("max_words", weights.max_words);
    weights.trained ? line.add("trained_max_words", weights.trained->max_words)
                    : line.add("trained_max_words", nullptr);
    line.add("vocabulary", weights.vocabulary.fingerprint);
    if (!weights.policy_parameters.empty()) line.add("policy_parameters", weights.policy_parameters);
    line.add("titles", title_reports.json());
    if (check) line.add("check", examples::check_object(*check, stream));
  });
  if (!weights.policy_parameters.empty() && !o.json)
    std::printf("parameters of the training's policies, not used here: %s\n",
                ctp::printable(examples::parameter_list(weights.policy_parameters)).c_str());
  if (check && !o.json)
    for (const std::string& sentence : examples::check_sentences(*check, stream)) std::printf("%s\n", sentence.c_str());
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
  app.add_flag("--overwrite", o.overwrite, "replace the file of --features if it exists");
  app.add_option("--batch-size", o.batch_size, "pairs per batch")->capture_default_str();
  app.add_option("--device", device, "cpu or cuda")->capture_default_str();
  app.add_option("--precision", precision, "fp32, tf32 or bf16")->capture_default_str();
  app.add_option("--threads", threads, "threads for computing (default: all cores)");
  app.add_option("--workers", o.workers, "threads that read and decode pictures")->capture_default_str();
  app.add_option("--equal-texts", o.equal_texts,
                 "own: a text equal to one's own counts as one's own; published: it does not")
      ->capture_default_str();
  app.add_option("--unlisted", o.unlisted,
                 "test, query and gallery records of industries that train.json does not have: refuse or count")
      ->capture_default_str();
  app.add_option("--on-bad-image", o.on_bad_image,
                 "a picture that cannot be read: error, or skip or quarantine (both leave the record out, and say so)")
      ->capture_default_str();
  app.add_option(
         "--background", o.weights.background,
         "grey level, 0 to 255, behind transparent pixels, as in the training; none: the colours stored under them")
      ->capture_default_str();
  app.add_option("--max-pixels", o.max_pixels, "largest picture: width times height")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_flag("--no-check", o.no_check, "do not look for all pictures and copies of training pictures first");
  app.add_flag("--json", o.json, "print one JSON object");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  examples::require_range("--batch-size", o.batch_size, 1, 1 << 20, "leave the option out for 64");
  (void)ctp::data::on_bad_image(o.on_bad_image);
  (void)examples::equal_texts_of(o.equal_texts);
  if (o.unlisted != "refuse" && o.unlisted != "count")
    throw ctp::UsageError(
        ctp::Complaint{"--unlisted", "", "refuse or count", ctp::quoted(o.unlisted), "leave the option out"}.text());
  const bool on_cuda = examples::wants_cuda(device, precision);
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) evaluation::use_cuda(precision);
#endif
  examples::use_threads(threads, o.workers);

  evaluation::WeightsInUse weights = evaluation::open_weights(o.weights);
  const ctp::ModelConfig& config = weights.config;
  if (image_size && *image_size != config.image)
    throw ctp::UsageError(ctp::Complaint{"--image-size", "", "the model's " + std::to_string(config.image),
                                         std::to_string(*image_size), "leave the option out"}
                              .text());
  evaluation::require_features_apart(o.features, o.overwrite, o.data, o.weights.weights, weights.vocabulary.file);
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
