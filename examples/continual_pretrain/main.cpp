// Trains a vision-language model on the tasks of a P9D folder, one after the other, with a strategy chosen by name.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ctp/data.hpp>
#include <ctp/io/checkpoint/checkpoint_folder.hpp>
#include <ctp/io/checkpoint/checkpoint_writer.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/run.hpp"
#include "../common/strategies.hpp"
#include "../common/stream_evaluator.hpp"
#include "../common/threads.hpp"
#include "../common/title_check.hpp"
#include "checkpoint_interval.hpp"
#include "command_line.hpp"
#include "guard_settings.hpp"
#include "known_before.hpp"
#include "least_batch.hpp"
#include "model_settings.hpp"
#include "name_list.hpp"
#include "notes.hpp"
#include "resume.hpp"
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

/// What the options ask for.
struct Request {
  CommandLine line;
  Settings settings;
  ctp::ModelConfig model;
  std::vector<ModelSetting> model_settings;
  std::vector<Assignment> policies;
  int least_pairs = 1;  ///< of a batch that the losses can learn from
  bool on_cuda = false;
};

/// Resolves and checks all that needs no input. **Errors.** UsageError naming the option or key.
void resolve(Request& r) {
  auto parsed = resolve_options(r.line.assignments, r.settings, r.model);
  r.model_settings = std::move(parsed.model);
  r.policies = std::move(parsed.policies);
  set_fields(r.model_settings, r.model);
  validate(r.settings, !r.line.dry_run);
  require_strategy(r.settings.strategy);
  r.least_pairs = require_batch(r.settings, r.policies);
  examples::use_threads(r.settings.threads, r.settings.workers);
  check_policies(r.settings, r.policies);
  r.on_cuda = examples::wants_cuda(r.settings.device, r.settings.precision, !r.line.dry_run);
#if defined(CTP_HAVE_CUDA)
  if (r.on_cuda) use_cuda(r.settings.precision);
#endif
  (void)checkpoint_plan(r.settings.checkpoint_every);
  (void)guard_of(r.settings);
  if (!r.line.allow.empty() && !r.settings.resume)
    throw ctp::UsageError(
        "--allow: expected --resume, found none; --allow names a setting in which a run that goes on "
        "may differ");
  if (!r.line.replay.empty() && (!r.settings.resume || r.line.dry_run))
    throw ctp::UsageError(
        "--replay: expected --resume, and no --dry-run; --replay looks at a step with the state of a run's checkpoint");
}

ctp::data::Vocabulary vocabulary_of(const Settings& s, const ctp::data::P9d& stream) {
  if (!s.vocab.empty()) return ctp::data::Vocabulary::read(s.vocab);
  return ctp::data::build_vocabulary(ctp::data::cleaned_titles(stream.train(), s.max_words));
}

/// The inputs of a run, read in this order. Starting weights give settings that nobody gave.
struct Inputs {
  std::optional<StartingWeights> init;
  ctp::data::P9d stream;
  ctp::data::Tokenizer tokenizer;
  std::string vocabulary_name;

  explicit Inputs(Request& r)
      : init(r.settings.init.empty() ? std::nullopt
                                     : std::optional(open_starting_weights(r.line.assignments, r.settings))),
        stream(r.settings.data, {.tasks = split(r.settings.tasks), .reverse = r.settings.reverse}),
        tokenizer(vocabulary_of(r.settings, stream)),
        vocabulary_name(r.settings.vocab.empty() ? "the vocabulary of the training titles" : r.settings.vocab) {}
};

/// Checks the titles, and fits the model to starting weights, vocabulary and batch. **Errors.** DataError, UsageError.
examples::TitleReports fit(Request& r, Inputs& in) {
  Settings& s = r.settings;
  const ctp::data::Vocabulary& vocabulary = in.tokenizer.vocabulary();
  if (in.init) fit_model(*in.init, r.model_settings, vocabulary, s.vocab, r.model);
  auto titles = examples::title_reports(in.stream, in.tokenizer, s.max_words, true);
  examples::require_titles(titles, in.stream, in.vocabulary_name, s.max_empty_titles, s.max_unknown_share);
  take_vocabulary(vocabulary, in.vocabulary_name, r.model_settings, r.model);
  s.image_size = r.model.image;
  s.dropout = r.model.dropout;
  if (s.max_words > r.model.positions)
    throw ctp::UsageError(ctp::Complaint{"--max-words", "",
                                         "at most the model's " + std::to_string(r.model.positions) + " positions",
                                         std::to_string(s.max_words), "choose fewer words or set model.positions"}
                              .text());
  if (r.model.queue >= s.batch_size) r.model.queue = r.model.queue / s.batch_size * s.batch_size;
  s.queue = r.model.queue;
  ctp::validate(r.model);
  return titles;
}

/// **Errors.** UsageError for a task without a batch. A strategy that joins all tasks may have such a task with
/// --last-batch keep.
void require_steps(const std::vector<ctp::data::Task>& tasks, const Settings& settings, int least) {
  bool joined = false;
  examples::with_strategy(settings.strategy, [&]<class Strategy>() { joined = Strategy::Rehearsal::joins_all_tasks; });
  std::size_t all = 0;
  for (const auto& task : tasks) all += task.members.size();
  for (const auto& task : tasks) {
    const std::size_t pairs = joined && settings.last_batch == "keep" ? all : task.members.size();
    if (steps_of(pairs, settings, least) > 0) continue;
    if (pairs < static_cast<std::size_t>(least))
      throw ctp::UsageError(
          ctp::Complaint{"task '" + task.name + "'", "training pairs",
                         "at least " + std::to_string(least) + ": a loss contrasts the pairs of a batch",
                         std::to_string(pairs), "add pairs, or leave the task out of --tasks"}
              .text());
    throw ctp::UsageError(ctp::Complaint{
        "--batch-size", "task '" + task.name + "'", "at most its " + std::to_string(pairs) + " training pairs",
        std::to_string(settings.batch_size), "choose a smaller batch, --last-batch keep, or add pairs"}
                              .text());
  }
}

/// Trains, or prints the costs of a dry run.
void carry_out(const RunContext& context, [[maybe_unused]] bool on_cuda, bool dry) {
  check_plan(context);
  if (dry) {
    dry_run(context);
    context.announce();
    return;
  }
  if (context.resumed == nullptr && context.replayed == nullptr) {
    require_room(context);
    context.bad_pictures.write_quarantined();
    context.save_inputs(context.settings.output);
  }
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) return train_on_cuda(context);
#endif
  train_on_cpu(context);
}

void say_save_fails(const std::string& problem) {
  std::fprintf(stderr, "continual_pretrain: %s; the checkpoint is tried again\n",
               ctp::printable(problem, 1U << 15U).c_str());
}

/// True if the run is finished; says so.
bool finished(const std::optional<Resumed>& resumed, const Request& r) {
  if (!resumed || !resumed->finished) return false;
  if (r.line.json)
    std::printf("%s\n", ctp::JsonLine().add("kind", "finished").add("output", r.settings.output).text().c_str());
  else
    std::printf("this run is finished; everything is in %s\n", ctp::printable(r.settings.output).c_str());
  return true;
}

/// Checks the pictures and carries the request out, from the beginning or from a checkpoint.
void run(Request& r, Inputs& in, const examples::TitleReports& titles, ctp::io::RunFolder* folder) {
  const Settings& settings = r.settings;
  const ctp::data::FileSourceOptions reading{
      .max_words = settings.max_words,
      .length = settings.max_words,
      .cache_bytes = cache_bytes(settings, 2),
      .augmentation = settings.augment,
      .limits = {.max_pixels = settings.max_pixels},
      .background = examples::background_of(settings.background, "--background")};
  const auto tasks = ctp::data::training_tasks(in.stream, in.tokenizer, reading);
  require_steps(tasks, settings, r.least_pairs);
  BadPictures bad_pictures(in.stream.train(), settings.output + "/bad_images.jsonl");
  const auto check = check_pictures(in.stream, settings, bad_pictures, r.line.json, r.line.dry_run);
  const examples::StreamEvaluator evaluate(in.stream, in.tokenizer,
                                           {.max_words = settings.max_words,
                                            .workers = settings.workers,
                                            .cache_bytes = cache_bytes(settings, 1),
                                            .equal_texts = examples::equal_texts_of(settings.equal_texts),
                                            .limits = reading.limits,
                                            .background = reading.background});
  auto facts = run_facts(settings, r.model, in.stream, in.tokenizer.vocabulary(), bad_pictures, evaluate);
  const std::string checkpoints = settings.output + "/checkpoints";
  std::optional<Resumed> resumed;
  if (folder != nullptr && settings.resume)
    resumed = open_checkpoint(checkpoints, facts, r.line.allow, settings.output, !r.line.replay.empty());
  std::optional<ctp::TensorFile> replayed;
  if (!r.line.replay.empty()) replayed = ctp::io::read_safetensors(r.line.replay);
  if (!replayed && finished(resumed, r)) return;
  if (resumed) keep_retention(r.line.assignments, resumed->checkpoint, r.settings);
  add_retention(facts, settings);
  ctp::io::CheckpointFolder saved(checkpoints, {settings.keep, static_cast<std::uint64_t>(settings.keep_every)});
  ctp::io::CheckpointWriter writer(saved, {.report = say_save_fails});
  const std::string training = training_entry(settings, r.model, in.tokenizer.vocabulary());
  const auto save = [&](const std::string& path, ctp::TensorFile file) {
    file.metadata["config"] = ctp::io::config_text(r.model);
    file.metadata[ctp::io::training_entry] = training;
    ctp::io::write_safetensors(path, file);
  };
  const auto save_inputs = [&](const std::string& to) {
    write_config(to, settings, r.model, r.policies);
    ctp::io::write_file_atomically(to + "/vocab.txt", std::string_view(in.tokenizer.vocabulary().text()));
  };
  const auto announce = [&] {
    if (in.init) say_notes(in.init->notes, r.line.json);
    titles.say("continual_pretrain", in.vocabulary_name, r.line.json);
  };
  carry_out({.settings = settings,
             .model = r.model,
             .tasks = tasks,
             .evaluate = evaluate,
             .save = save,
             .save_inputs = save_inputs,
             .policy_settings = r.policies,
             .bad_pictures = bad_pictures,
             .init = in.init ? &in.init->file : nullptr,
             .starts_fresh = in.init ? in.init->starts_fresh : ctp::ParameterFilter{},
             .json = r.line.json,
             .announce = announce,
             .folder = folder,
             .opening = opening_lines(check, in.stream, bad_pictures.unlisted()),
             .left_out = left_out_records(in.stream),
             .least_pairs = r.least_pairs,
             .cache_budget = cache_bytes(settings, 5),
             .cache_filled = filled_caches(check, settings),
             .checkpoints = &writer,
             .facts = &facts,
             .resumed = resumed ? &resumed->checkpoint : nullptr,
             .replayed = replayed ? &*replayed : nullptr,
             .allow = r.line.allow,
             .goes_on =
                 [&] {
                   folder->keep();
                   if (!r.line.allow.empty()) save_inputs(settings.output);
                   saved.tidy(resumed->checkpoint.step);
                 }},
            r.on_cuda, r.line.dry_run);
  if (const std::size_t bad = bad_pictures.ordinals().size(); bad > 0 && !r.line.json && !r.line.dry_run && !replayed)
    std::printf("pictures left out as bad: %zu, listed in %s\n", bad, ctp::printable(bad_pictures.path()).c_str());
}

int run(int argc, char** argv) {
  Request request;
  if (const auto code = read_command_line(argc, argv, request.line)) return *code;
  resolve(request);
  const auto folder = take_run_folder(request.settings, request.line);
  Inputs inputs(request);
  const auto titles = fit(request, inputs);
  run(request, inputs, titles, folder.get());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("continual_pretrain", [&] { return run(argc, argv); });
}
