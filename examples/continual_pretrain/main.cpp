// Trains a vision-language model on the tasks of a P9D folder, one after the other, with a strategy chosen by name.
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ctp/data.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/run.hpp"
#include "../common/stream_evaluator.hpp"
#include "../common/threads.hpp"
#include "../common/title_check.hpp"
#include "command_line.hpp"
#include "known_before.hpp"
#include "least_batch.hpp"
#include "model_settings.hpp"
#include "name_list.hpp"
#include "notes.hpp"
#include "run_config.hpp"
#include "run_context.hpp"
#include "run_files.hpp"
#include "starting_weights.hpp"
#include "steps_of.hpp"
#include "training_entry.hpp"
#include "vocabulary_fields.hpp"
#if defined(CTP_HAVE_CUDA)
#include "cuda.hpp"
#endif

namespace {

using namespace pretrain;

int run(int argc, char** argv) {
  CommandLine line;
  if (const auto code = read_command_line(argc, argv, line)) return *code;
  Settings settings;
  ctp::ModelConfig model;
  const auto [model_settings, policies] = resolve_options(line.assignments, settings, model);
  set_fields(model_settings, model);
  validate(settings, !line.dry_run);
  require_strategy(settings.strategy);
  require_batch(settings, policies);
  examples::use_threads(settings.threads, settings.workers);
  check_policies(settings, policies);
  const bool on_cuda = examples::wants_cuda(settings.device, settings.precision, !line.dry_run);
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) use_cuda(settings.precision);
#endif
  if (settings.resume)
    throw ctp::UsageError("--resume: expected a run from the beginning, found --resume; it is not there yet");

  const auto folder = take_run_folder(settings, line);
  std::optional<StartingWeights> init;
  if (!settings.init.empty()) init = open_starting_weights(line.assignments, settings);

  ctp::data::P9d stream(settings.data, {.tasks = split(settings.tasks), .reverse = settings.reverse});
  const auto titles = settings.vocab.empty() ? ctp::data::cleaned_titles(stream.train(), settings.max_words)
                                             : std::vector<std::string>{};
  const ctp::data::Tokenizer tokenizer(settings.vocab.empty() ? ctp::data::build_vocabulary(titles)
                                                              : ctp::data::Vocabulary::read(settings.vocab));
  const auto& vocabulary = tokenizer.vocabulary();
  if (init) fit_model(*init, model_settings, vocabulary, settings.vocab, model);
  const auto title_reports = examples::title_reports(stream, tokenizer, settings.max_words, true);
  const std::string vocabulary_name = settings.vocab.empty() ? "the vocabulary of the training titles" : settings.vocab;
  examples::require_titles(title_reports, stream, vocabulary_name, settings.max_empty_titles,
                           settings.max_unknown_share);
  take_vocabulary(vocabulary, vocabulary_name, model_settings, model);
  settings.image_size = model.image;
  settings.dropout = model.dropout;
  if (settings.max_words > model.positions)
    throw ctp::UsageError(
        ctp::Complaint{"--max-words", "", "at most the model's " + std::to_string(model.positions) + " positions",
                       std::to_string(settings.max_words), "choose fewer words or set model.positions"}
            .text());
  if (model.queue >= settings.batch_size) model.queue = model.queue / settings.batch_size * settings.batch_size;
  settings.queue = model.queue;
  ctp::validate(model);

  const ctp::data::FileSourceOptions reading{
      .max_words = settings.max_words,
      .length = settings.max_words,
      .cache_bytes = cache_bytes(settings, 2),
      .augmentation = settings.augment,
      .limits = {.max_pixels = settings.max_pixels},
      .background = examples::background_of(settings.background, "--background")};
  const auto tasks = ctp::data::training_tasks(stream, tokenizer, reading);
  for (const auto& task : tasks)
    if (steps_of(task.members.size(), settings) == 0)
      throw ctp::UsageError(ctp::Complaint{"--batch-size", "task '" + task.name + "'",
                                           "at most its " + std::to_string(task.members.size()) + " training pairs",
                                           std::to_string(settings.batch_size),
                                           "choose a smaller batch, or --last-batch keep"}
                                .text());
  BadPictures bad_pictures(stream.train(), settings.output + "/bad_images.jsonl");
  const auto check = check_pictures(stream, settings, bad_pictures, line.json, line.dry_run);
  const examples::StreamEvaluator evaluate(stream, tokenizer,
                                           {.max_words = settings.max_words,
                                            .workers = settings.workers,
                                            .cache_bytes = cache_bytes(settings, 1),
                                            .equal_texts = examples::equal_texts_of(settings.equal_texts),
                                            .limits = reading.limits,
                                            .background = reading.background});

  const std::string training = training_entry(settings, model, vocabulary);
  const auto save = [&model, &training](const std::string& path, ctp::TensorFile file) {
    file.metadata["config"] = ctp::io::config_text(model);
    file.metadata[ctp::io::training_entry] = training;
    ctp::io::write_safetensors(path, file);
  };
  const auto save_inputs = [&](const std::string& to) {
    write_config(to, settings, model, policies);
    ctp::io::write_file_atomically(to + "/vocab.txt", std::string_view(vocabulary.text()));
  };
  const auto announce = [&] {
    if (init) say_notes(init->notes, line.json);
    title_reports.say("continual_pretrain", vocabulary_name, line.json);
  };
  const RunContext context{.settings = settings,
                           .model = model,
                           .tasks = tasks,
                           .evaluate = evaluate,
                           .save = save,
                           .save_inputs = save_inputs,
                           .policy_settings = policies,
                           .bad_pictures = bad_pictures,
                           .init = init ? &init->file : nullptr,
                           .json = line.json,
                           .announce = announce,
                           .folder = folder.get(),
                           .opening = opening_lines(check, stream, bad_pictures.unlisted()),
                           .left_out = left_out_records(stream),
                           .cache_budget = cache_bytes(settings, 5),
                           .cache_filled = filled_caches(check, settings)};
  if (line.dry_run) {
    dry_run(context);
    announce();
    return 0;
  }
  require_room(context);
  bad_pictures.write_quarantined();
  save_inputs(settings.output);

  if (on_cuda) {
#if defined(CTP_HAVE_CUDA)
    train_on_cuda(context);
#endif
  } else {
    train_on_cpu(context);
  }
  if (const std::size_t bad = bad_pictures.ordinals().size(); bad > 0 && !line.json)
    std::printf("pictures left out as bad: %zu, listed in %s\n", bad, ctp::printable(bad_pictures.path()).c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("continual_pretrain", [&] { return run(argc, argv); });
}
