/// @file   settings.hpp
/// @brief  The options of the main program: one table that command line, configuration file and config.json share.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/io/suggest.hpp>

namespace pretrain {

/// A key and its value as text, with where it was said, for messages.
struct Assignment {
  std::string key, value, where;
};

inline constexpr const char* command_line = "command line";  ///< where of what an option of the command line said

/// Everything the program can be told. A number below zero means: not said, take the model's default; assign_option()
/// lets nobody say one.
struct Settings {
  std::string data, tasks, strategy = "ctp", model = "tiny", vocab, init, output, device = "cpu", precision = "fp32";
  bool reverse = false, no_augment = false, resume = false;
  int image_size = -1, max_words = 30, queue = -1, epochs = -1, batch_size = -1, memory_size = 10000;
  int threads = 0, workers = 1, log_every = 10;
  double lr = -1, min_lr = -1, weight_decay = 0.05, dropout = -1;
  std::uint64_t seed = 0;

  /// Calls visitor(key, field, help) for every option.
  template <class Self, class Visitor>
  static void fields(Self& s, Visitor&& visitor) {
    visitor("data", s.data,
            "folder in P9D layout: json/{train,test,query,gallery}.json, train_images/, gallery_images/");
    visitor("tasks", s.tasks, "names of the tasks in order, separated by commas (default: the order of train.json)");
    visitor("reverse", s.reverse, "turn the order of the tasks round");
    visitor("strategy", s.strategy, "seqf jointt si mas ewc lwf afec rwalk er mof kmeans icarl lucir ctp ctp_er");
    visitor("model", s.model, "tiny, small or base");
    visitor("image_size", s.image_size, "pixels (default: the model's)");
    visitor("max_words", s.max_words, "words of a title that are kept, and tokens per text");
    visitor("queue", s.queue, "momentum features kept (default: the model's); rounded down to a multiple of the batch");
    visitor("vocab", s.vocab, "vocab.txt (default: built from the training titles)");
    visitor("init", s.init, "starting weights, safetensors with published names; sizes come from the file");
    visitor("seed", s.seed, "seed of every random number");
    visitor("epochs", s.epochs, "epochs per task (default: the model's)");
    visitor("batch_size", s.batch_size, "pairs per step (default: the model's)");
    visitor("lr", s.lr, "learning rate at the start of a task (default: the model's)");
    visitor("min_lr", s.min_lr, "learning rate at the end of a task (default: the model's)");
    visitor("weight_decay", s.weight_decay, "of AdamW");
    visitor("memory_size", s.memory_size, "pairs that rehearsal may keep");
    visitor("dropout", s.dropout, "in the text encoder (default: the model's)");
    visitor("no_augment", s.no_augment, "train on plain resized pictures");
    visitor("device", s.device, "cpu or cuda");
    visitor("precision", s.precision, "fp32, tf32 or bf16");
    visitor("threads", s.threads, "threads for computing (default: all cores)");
    visitor("workers", s.workers, "threads that read and decode pictures");
    visitor("log_every", s.log_every, "steps between lines of metrics.jsonl");
    visitor("output", s.output, "folder for config.json, vocab.txt, metrics.jsonl and weights");
    visitor("resume", s.resume, "go on from the last checkpoint in the output folder");
  }

  /// "--image-size" of "image_size".
  static std::string option_name(std::string key) {
    for (char& c : key)
      if (c == '_') c = '-';
    return "--" + key;
  }
};

namespace detail {

[[noreturn]] inline void refuse(const Assignment& a, const std::string& expected, const std::string& remedy = "") {
  const std::string found = "'" + a.value + "'";
  throw ctp::UsageError((a.where == command_line
                             ? ctp::Complaint{Settings::option_name(a.key), "", expected, found, remedy}
                             : ctp::Complaint{a.where, a.key, expected, found, remedy})
                            .text());
}

template <class Number>
Number parse_number(const Assignment& a, const char* expected) {
  Number number{};
  const char* end = a.value.data() + a.value.size();
  const auto [stop, error] = std::from_chars(a.value.data(), end, number);
  if (error != std::errc() || stop != end) refuse(a, expected);
  return number;
}

}  // namespace detail

/// Reads a value into a field of its type. **Errors.** UsageError naming where, key, expected and found.
template <class Field>
void assign(const Assignment& a, Field& field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    field = a.value;
  } else if constexpr (std::is_same_v<Field, bool>) {
    if (a.value != "true" && a.value != "false") detail::refuse(a, "true or false");
    field = a.value == "true";
  } else if constexpr (std::is_floating_point_v<Field>) {
    const auto number = detail::parse_number<Field>(a, "a number");
    if (!std::isfinite(number)) detail::refuse(a, "a finite number");
    field = number;
  } else {
    field = detail::parse_number<Field>(a, "a whole number");
  }
}

/// @brief Sets what `a` names, if it is an option. False if it is not.
/// **Errors.** those of assign(); UsageError for a negative number: no option has a use for one.
inline bool assign_option(const Assignment& a, Settings& settings) {
  bool found = false;
  Settings::fields(settings, [&](const char* key, auto& field, const char*) {
    if (a.key != key) return;
    assign(a, field);
    if constexpr (std::is_signed_v<std::remove_reference_t<decltype(field)>>)
      if (field < 0) detail::refuse(a, "a number that is not negative", "leave it out for the default");
    found = true;
  });
  return found;
}

/// Requires sensible numbers and, if something will be written, a folder for it. **Errors.** UsageError naming the
/// option.
inline void validate(const Settings& s, bool writes) {
  const auto check = [](bool ok, const char* key, const std::string& expected, const std::string& found) {
    if (!ok)
      throw ctp::UsageError(ctp::Complaint{Settings::option_name(key), "", expected, found, "see --help"}.text());
  };
  check(!s.data.empty(), "data", "a folder in P9D layout", "nothing");
  check(!writes || !s.output.empty(), "output", "a folder to write to", "nothing");
  check(s.max_words >= 3, "max_words", "at least 3 ([CLS], a word, [SEP])", std::to_string(s.max_words));
  check(s.epochs > 0, "epochs", "at least 1", std::to_string(s.epochs));
  check(s.batch_size > 0, "batch_size", "at least 1", std::to_string(s.batch_size));
  check(s.lr > 0, "lr", "a number above 0", std::to_string(s.lr));
  check(s.min_lr >= 0 && s.min_lr <= s.lr, "min_lr", "a number from 0 to --lr", std::to_string(s.min_lr));
  check(s.weight_decay >= 0, "weight_decay", "a number from 0", std::to_string(s.weight_decay));
  check(s.workers >= 0, "workers", "0 or more", std::to_string(s.workers));
  check(s.threads >= 0, "threads", "0 (all cores) or more", std::to_string(s.threads));
  check(s.log_every > 0, "log_every", "at least 1", std::to_string(s.log_every));
  check(s.memory_size >= 0, "memory_size", "0 or more", std::to_string(s.memory_size));
}

}  // namespace pretrain
