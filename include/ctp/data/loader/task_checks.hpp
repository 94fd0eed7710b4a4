/// @file   ctp/data/loader/task_checks.hpp
/// @brief  Checks of tasks before training: batch size, texts, vocabulary.
/// @layer  data
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <ctp/core/error.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/data/loader/sampler.hpp>
#include <ctp/data/source.hpp>
#include <ctp/data/text/token_ids.hpp>

namespace ctp::data {

/// @brief Checks that a model can read the texts of a task: special ids, lengths, token ids.
///
/// `length`: most tokens of a text, [CLS] and [SEP] included. **Errors.** UsageError naming task, pair, both numbers
/// and the remedy.
inline void require_texts(const Task& task, const ModelConfig& model, int length) {
  const std::string who = "task '" + task.name + "'";
  if (const auto ids = task.source->token_ids()) require_ids_of_model(*ids, model, who);
  const auto refuse = [&](std::uint32_t pair, const char* key, std::string expected, std::string found,
                          const char* remedy) {
    throw UsageError(
        Complaint{who + ", pair '" + task.source->name(pair) + "'", key, std::move(expected), std::move(found), remedy}
            .text());
  };
  for (const std::uint32_t pair : task.members) {
    const std::span<const std::int32_t> tokens = task.source->tokens(pair);
    if (tokens.size() > static_cast<std::size_t>(length))
      refuse(pair, "tokens", "at most " + std::to_string(length), std::to_string(tokens.size()),
             "raise TrainOptions::max_tokens, or tokenise to this length");
    for (const std::int32_t id : tokens)
      if (id < 0 || id >= model.vocab)
        refuse(pair, "token", "an id from 0 to " + std::to_string(model.vocab - 1) + ", the model's vocabulary",
               std::to_string(id), "make the model with the tokenizer's ids: sizes.for_tokenizer(tokenizer)");
  }
}

/// @brief Checks all tasks of a training before the first one is trained.
///
/// `joins_earlier`: a rehearsal may add pairs of earlier tasks to a task; `kept`: pairs that it keeps already. How many
/// it adds is not known before; only a task that is too small with all earlier pairs is refused. All tasks must then
/// come from one source. `vocabulary`: of the weights, if it is known; all tasks must have it.
/// **Errors.** UsageError naming the task, both numbers and the remedy.
inline void require_tasks(std::span<const Task> tasks, const ModelConfig& model, const LoaderOptions& options,
                          bool joins_earlier, std::size_t kept = 0, std::optional<TokenIds> vocabulary = {}) {
  std::size_t earlier = kept;
  for (const Task& task : tasks) {
    (void)checked(options, task);
    (void)batches_per_epoch(task.name, task.members.size() + (joins_earlier ? earlier : 0), options);
    require_texts(task, model, options.length);
    if (const auto ids = task.source->token_ids()) {
      if (vocabulary) require_same_vocabulary(*ids, *vocabulary, "task '" + task.name + "'");
      vocabulary = ids;
    }
    earlier += task.members.size();
  }
}

}  // namespace ctp::data
