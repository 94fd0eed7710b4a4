/// @file   settings.hpp
/// @brief  The options of continual_pretrain: one table for the command line, configuration files and config.json.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/model_config.hpp>
#include <ctp/core/parallel.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/image/augment.hpp>
#include <ctp/data/loader/loader_options.hpp>
#include <ctp/io/suggest.hpp>
#include <ctp/train/guard/guard_options.hpp>

#include "../common/reading.hpp"
#include "../common/strategies.hpp"
#include "name_list.hpp"

namespace pretrain {

/// Type that the source of a value gives to it. Values of the command line and of YAML have no type: Any.
enum class ValueType : std::uint8_t { Any, Text, Number, Boolean, List };

/// A key and its value as text. `where`: the source of the assignment, for messages.
struct Assignment {
  std::string key, value, where;
  ValueType type = ValueType::Any;
};

inline constexpr const char* command_line = "command line";  ///< `where` of the options of the command line

/// Names of all strategies, separated by spaces.
inline const std::string& strategy_list() {
  static const std::string list = [] {
    std::string text;
    for (const std::string& name : examples::strategy_names()) text += (text.empty() ? "" : " ") + name;
    return text;
  }();
  return list;
}

/// All options of the program. A number below zero means: not set, use the model's default; assign_option() refuses
/// numbers outside of detail::ranges.
struct Settings {
  std::string data, tasks, strategy = examples::default_strategy(), model = "tiny", vocab, init, output, device = "cpu",
                           precision = "fp32";
  std::string on_bad_image = "error", quarantine, equal_texts = "own", background = "none";
  std::string last_batch = "drop", checkpoint_every = "30m", on_nonfinite = "stop", on_spike = "report";
  int max_pixels = examples::default_max_pixels;
  bool reverse = false, no_augment = false, resume = false, no_check = false;
  int image_size = -1, max_words = 30, queue = -1, epochs = -1, batch_size = -1, memory_size = 10000;
  int threads = 0, workers = 1, log_every = 10, cache_mb = 1280, keep = 2, keep_every = 0;
  int spike_window = ctp::GuardOptions{}.spike_window, rollback_steps = ctp::GuardOptions{}.rollback_steps;
  int fault_limit = ctp::GuardOptions{}.limit;
  int prefetch = ctp::data::LoadingOptions{}.prefetch;
  int patience_seconds = ctp::data::LoadingOptions{}.patience_seconds;
  std::vector<int> task_epochs;    ///< of each task; empty: `epochs` for all
  std::vector<Assignment> groups;  ///< of parameters: keys such as group.visual_encoder*.rate
  std::string freeze;              ///< patterns of parameter names, separated by commas
  double lr = -1, min_lr = -1, weight_decay = 0.05, clip_norm = 0, dropout = -1, spike_z = 0;
  double bad_image_limit = ctp::data::LoadingOptions{}.bad_image_limit;
  int max_empty_titles = 0;
  double max_unknown_share = 1;
  std::uint64_t seed = 0;
  ctp::data::Augmentation augment;  ///< by the keys of augmentation_fields()

  /// Calls visitor(key, field, help) for every option.
  template <class Self, class Visitor>
  static void fields(Self& s, Visitor&& visitor) {
    visitor("data", s.data,
            "folder in P9D layout: json/{train,test,query,gallery}.json, train_images/, gallery_images/");
    visitor("tasks", s.tasks,
            "names of the tasks in order, separated by commas; write \\, for a comma within a name (default: the order "
            "of train.json)");
    visitor("reverse", s.reverse, "reverse the order of the tasks");
    visitor("strategy", s.strategy, strategy_list().c_str());
    visitor("model", s.model, "tiny, small or base");
    visitor("image_size", s.image_size, "pixels (default: the model's)");
    visitor("max_words", s.max_words, "words kept of a title, and tokens per text");
    visitor("max_empty_titles", s.max_empty_titles, "training titles that may be empty after clean-up");
    visitor("max_unknown_share", s.max_unknown_share, "share of unknown tokens that training titles may have");
    visitor("queue", s.queue,
            "features in each momentum queue (default: the model's); rounded down to a multiple of the batch");
    visitor("vocab", s.vocab, "vocab.txt (default: built from the training titles)");
    visitor(
        "init", s.init,
        "weights to start from, or several files separated by commas; of this project, DeiT or BERT (docs/models.md); "
        "sizes come from the files");
    visitor("seed", s.seed, "seed of every random number");
    visitor("epochs", s.epochs, "epochs per task, or a list with one number for each task (default: the model's)");
    visitor("batch_size", s.batch_size, "pairs per step (default: the model's)");
    visitor("last_batch", s.last_batch,
            "an epoch's pairs that are too few for a batch: drop (another epoch leaves others out) or keep (a short "
            "batch)");
    visitor("lr", s.lr, "learning rate at the start of a task (default: the model's)");
    visitor("min_lr", s.min_lr, "learning rate at the end of a task (default: the model's)");
    visitor("weight_decay", s.weight_decay, "weight decay of AdamW");
    visitor("clip_norm", s.clip_norm, "longest gradient of a step; a longer one is scaled to it; 0: no clipping");
    visitor("on_nonfinite", s.on_nonfinite,
            "a step whose losses or gradient are not finite: stop (end the training), skip (leave the step out) or "
            "rollback (go back to the last copy of the state, and leave out the batches since then)");
    visitor("on_spike", s.on_spike,
            "a step whose loss or gradient norm spikes, by --spike-z: report, stop or rollback");
    visitor("spike_z", s.spike_z,
            "standard deviations above the mean of the last steps from which a number spikes; 0: no number does");
    visitor("spike_window", s.spike_window, "last steps of the task that a step is compared with");
    visitor("rollback_steps", s.rollback_steps, "steps between two copies of the state that a rollback goes back to");
    visitor("fault_limit", s.fault_limit,
            "steps of a task that may be left out or rolled back; one more ends the training");
    visitor("freeze", s.freeze,
            "parameters that are not trained: a name, in which * stands for any text, such as 'visual_encoder*'; may "
            "be given several times");
    visitor("memory_size", s.memory_size, "pairs that a rehearsal may keep");
    visitor("dropout", s.dropout, "dropout of the text encoder (default: the model's)");
    visitor("no_augment", s.no_augment, "train on plain resized pictures");
    visitor("device", s.device, "cpu or cuda");
    visitor("precision", s.precision, "fp32, tf32 or bf16");
    visitor("threads", s.threads, "threads for computing (default: all cores)");
    visitor("workers", s.workers, "threads that read and decode pictures");
    visitor("prefetch", s.prefetch, "training batches made ahead of the batch in use");
    visitor("patience_seconds", s.patience_seconds, "seconds to wait for a training batch before the training ends");
    visitor("on_bad_image", s.on_bad_image,
            "a picture that cannot be decoded: error (end the training), skip (use another pair in this epoch) or "
            "quarantine (never open the picture again)");
    visitor("bad_image_limit", s.bad_image_limit,
            "share of a task's pictures, with kept pairs of earlier tasks, that may be bad");
    visitor("background", s.background,
            "grey level, 0 to 255, behind transparent pixels; none: show the colours stored under them, as published");
    visitor("max_pixels", s.max_pixels, "largest picture: width times height");
    visitor("quarantine", s.quarantine, "bad_images.jsonl of an earlier run: pictures that are never opened");
    visitor("equal_texts", s.equal_texts,
            "own: in recalls a text equal to one's own counts as one's own; published: it does not");
    visitor("no_check", s.no_check, "do not look for all pictures and read their headers before the training");
    visitor("cache_mb", s.cache_mb,
            "MiB of decoded pictures kept in memory: two fifths for training, one fifth each for test, query, gallery");
    visitor("log_every", s.log_every, "steps between lines of metrics.jsonl");
    visitor("output", s.output,
            "folder for config.json, vocab.txt, metrics.jsonl, bad_images.jsonl, weights and checkpoints");
    visitor("checkpoint_every", s.checkpoint_every,
            "when a checkpoint is saved: 500 (steps), 90s, 30m, 2h, or never; always at the start and after each task");
    visitor("keep", s.keep, "newest checkpoints that stay");
    visitor("keep_every", s.keep_every, "steps: of each so many, the first checkpoint stays for good; 0: none");
    visitor("resume", s.resume, "go on from the newest valid checkpoint in the output folder");
  }

  /// "--image-size" of "image_size".
  static std::string option_name(std::string key) {
    for (char& c : key)
      if (c == '_') c = '-';
    return "--" + key;
  }
};

/// Calls visitor(key, field) for every setting of the augmentation: keys of --set and of configuration files.
template <class Self, class Visitor>
void augmentation_fields(Self& a, Visitor&& visitor) {
  visitor("augment.min_scale", a.min_scale);
  visitor("augment.max_scale", a.max_scale);
  visitor("augment.min_ratio", a.min_ratio);
  visitor("augment.max_ratio", a.max_ratio);
  visitor("augment.flip", a.flip);
  visitor("augment.operations", a.operations.operations);
  visitor("augment.magnitude", a.operations.magnitude);
  visitor("augment.probability", a.operations.probability);
  visitor("augment.published", a.operations.published);
}

namespace detail {

[[noreturn]] inline void refuse(const Assignment& a, const std::string& expected, const std::string& remedy = "") {
  const char* const type = a.type == ValueType::Text      ? "the text "
                           : a.type == ValueType::Boolean ? "the truth value "
                           : a.type == ValueType::List    ? "the list "
                                                          : "";
  const std::string found = type + ("'" + a.value + "'");
  throw ctp::UsageError((a.where == command_line
                             ? ctp::Complaint{Settings::option_name(a.key), "", expected, found, remedy}
                             : ctp::Complaint{a.where, a.key, expected, found, remedy})
                            .text());
}

/// The range of a number. `above`: without `low` itself; `below`: without `high` itself.
struct Range {
  std::string_view key;
  double low = 0, high = 0;
  bool above = false, below = false;

  [[nodiscard]] bool holds(double x) const { return (above ? x > low : x >= low) && (below ? x < high : x <= high); }
};

/// The ranges of the options that are numbers. The largest numbers are far beyond use; they keep sums within bounds.
inline constexpr double no_limit = std::numeric_limits<double>::infinity();
inline constexpr std::array<Range, 27> ranges{{{"image_size", 1, 16384},
                                               {"max_words", 3, 65536},
                                               {"queue", 1, 1 << 22},
                                               {"epochs", 1, 65536},
                                               {"batch_size", 1, 1 << 20},
                                               {"lr", 0, no_limit, true},
                                               {"min_lr", 0, no_limit},
                                               {"weight_decay", 0, no_limit},
                                               {"clip_norm", 0, no_limit},
                                               {"spike_z", 0, 1e6},
                                               {"spike_window", 20, 10'000},
                                               {"rollback_steps", 1, std::numeric_limits<int>::max()},
                                               {"fault_limit", 0, 1'000'000},
                                               {"memory_size", 0, 100'000'000},
                                               {"dropout", 0, 1, false, true},
                                               {"threads", 0, ctp::max_threads},
                                               {"workers", 0, ctp::data::max_workers},
                                               {"prefetch", 1, 1024},
                                               {"patience_seconds", 1, 1 << 20},
                                               {"bad_image_limit", 0, 1},
                                               {"cache_mb", 0, 1 << 20},
                                               {"max_pixels", 1, std::numeric_limits<int>::max()},
                                               {"max_unknown_share", 0, 1},
                                               {"max_empty_titles", 0, 100'000'000},
                                               {"keep", 2, 1'000'000},
                                               {"keep_every", 0, std::numeric_limits<int>::max()},
                                               {"log_every", 1, 1'000'000}}};

/// The ranges of settings of policies. Numbers within them stay finite and above 0 in single precision. A key that
/// begins with a dot: every key that ends so. Budgets and schedules are checked by the library.
inline constexpr std::array<Range, 13> policy_ranges{{{"momentum.decay", 0, 1},
                                                      {"momentum.first_task_decay", 0, 1},
                                                      {"penalty.lambda", 0, 1e30},
                                                      {"penalty.forward_lambda", 0, 1e30},
                                                      {"penalty.damping", 1e-30, 1e30},
                                                      {"rehearsal.iterations", 1, 1'000'000},
                                                      {"optimizer.weight_decay", 0, no_limit},
                                                      {"optimizer.beta1", 0, 1, false, true},
                                                      {"optimizer.beta2", 0, 1, false, true},
                                                      {"optimizer.epsilon", 1e-30, 1e30},
                                                      {"schedule.decay_share", 0, 1},
                                                      {"schedule.warmup_share", 0, 1},
                                                      {".weight", 0, 1e30}}};

/// The range of an option or a policy's setting; nullptr for keys that are in neither table.
inline const Range* range_of(std::string_view key) {
  for (const Range& range : ranges)
    if (range.key == key) return &range;
  for (const Range& range : policy_ranges)
    if (range.key == key || (range.key.starts_with('.') && key.ends_with(range.key))) return &range;
  return nullptr;
}

/// "a whole number from 1 to 65536", with the range of the key if it has one, else of its type.
template <class Number>
std::string range_text(std::string_view key) {
  const auto text = [](double x) {
    std::string out;
    ctp::detail::append_json_number(out, x);
    return out;
  };
  const auto whole = [](auto x) { return std::to_string(static_cast<long long>(x)); };
  const Range* const range = range_of(key);
  if constexpr (std::is_floating_point_v<Number>) {
    if (range == nullptr) return "a number";
    return "a number " + std::string(range->above ? "above " : "from ") + text(range->low) +
           (range->high == no_limit ? "" : (range->below ? " to below " : " to ") + text(range->high));
  } else {
    if (range != nullptr) return "a whole number from " + whole(range->low) + " to " + whole(range->high);
    return "a whole number from " + std::to_string(std::numeric_limits<Number>::min()) + " to " +
           std::to_string(std::numeric_limits<Number>::max());
  }
}

template <class Number>
Number parse_number(const Assignment& a) {
  Number number{};
  const char* end = a.value.data() + a.value.size();
  const auto [stop, error] = std::from_chars(a.value.data(), end, number);
  const bool typed = a.type == ValueType::Any || a.type == ValueType::Number;
  if (!typed || error != std::errc() || stop != end) refuse(a, range_text<Number>(a.key));
  return number;
}

}  // namespace detail

/// Reads a value into a field of its type. **Errors.** UsageError naming where, key, expected and found.
template <class Field>
void assign(const Assignment& a, Field& field) {
  if constexpr (std::is_same_v<Field, std::string>) {
    const bool names = (a.key == "tasks" || a.key == "freeze") && a.type == ValueType::List;
    if (a.type != ValueType::Any && a.type != ValueType::Text && !names)
      detail::refuse(a, a.key == "tasks" || a.key == "freeze" ? "names: a text or a list" : "a text");
    field = a.value;
  } else if constexpr (std::is_same_v<Field, bool>) {
    const bool typed = a.type == ValueType::Any || a.type == ValueType::Boolean;
    if (!typed || (a.value != "true" && a.value != "false")) detail::refuse(a, "true or false");
    field = a.value == "true";
  } else if constexpr (std::is_floating_point_v<Field>) {
    const auto number = detail::parse_number<Field>(a);
    if (!std::isfinite(number)) detail::refuse(a, "a finite number");
    field = number;
  } else {
    field = detail::parse_number<Field>(a);
  }
}

/// As assign(). **Errors.** as assign(); UsageError for a number outside the range of its key.
template <class Field>
void assign_in_range(const Assignment& a, Field& field) {
  assign(a, field);
  if constexpr (std::is_arithmetic_v<Field>)
    if (const auto* range = detail::range_of(a.key); range != nullptr && !range->holds(static_cast<double>(field)))
      detail::refuse(a, detail::range_text<Field>(a.key), "leave it out for the default, or see --help");
}

/// @brief Sets the option that `a` names. False if no option has that key.
/// **Errors.** as assign_in_range(); UsageError for a list of tasks without names.
inline bool assign_option(const Assignment& a, Settings& settings) {
  bool found = false;
  Settings::fields(settings, [&](const char* key, auto& field, const char*) {
    if (a.key != key) return;
    assign_in_range(a, field);
    found = true;
  });
  if (a.key == "tasks" && split(settings.tasks).empty())
    detail::refuse(a, "at least one name", "leave it out for all tasks");
  return found;
}

/// All keys of options, of the augmentation and of the model, for suggestions.
inline std::vector<std::string> known_keys() {
  std::vector<std::string> known;
  const Settings options;
  Settings::fields(options, [&](const char* key, const auto&, const char*) { known.emplace_back(key); });
  augmentation_fields(options.augment, [&](const char* key, const auto&) { known.emplace_back(key); });
  const ctp::ModelConfig model;
  ctp::ModelConfig::fields(model, [&](const char* key, const auto&) { known.push_back("model." + std::string(key)); });
  return known;
}

/// @brief Sets the setting of the augmentation that `a` names. False if its key does not begin with "augment.".
/// **Errors.** as assign(); UsageError for an unknown setting.
inline bool assign_augmentation(const Assignment& a, ctp::data::Augmentation& augmentation) {
  if (!a.key.starts_with("augment.")) return false;
  bool found = false;
  std::vector<std::string> known;
  augmentation_fields(augmentation, [&](const char* key, auto& field) {
    known.emplace_back(key);
    if (a.key != key) return;
    assign(a, field);
    found = true;
  });
  if (!found)
    throw ctp::UsageError(ctp::Complaint{a.where, a.key, "a setting of the augmentation", "an unknown key",
                                         ctp::io::suggestion(a.key, known)}
                              .text());
  return true;
}

/// @brief Checks ranges of all options. `writes`: the program will write, so --output is required.
/// **Errors.** UsageError naming the option.
inline void validate(const Settings& s, bool writes) {
  const auto check = [](bool ok, const char* key, const std::string& expected, const std::string& found) {
    if (!ok)
      throw ctp::UsageError(ctp::Complaint{Settings::option_name(key), "", expected, found, "see --help"}.text());
  };
  const auto check_augment = [](bool ok, const char* key, const std::string& expected, double found) {
    if (!ok) throw ctp::UsageError(ctp::Complaint{key, "", expected, std::to_string(found), ""}.text());
  };
  check(!s.data.empty(), "data", "a folder in P9D layout", "nothing");
  check(!writes || !s.output.empty(), "output", "a folder to write to", "nothing");
  check(s.min_lr <= s.lr, "min_lr", "a number from 0 to --lr, which is " + std::to_string(s.lr),
        std::to_string(s.min_lr));
  (void)examples::background_of(s.background, "--background");
  check(s.equal_texts == "own" || s.equal_texts == "published", "equal_texts", "own or published",
        ctp::quoted(s.equal_texts));
  check(s.on_bad_image == "error" || s.on_bad_image == "skip" || s.on_bad_image == "quarantine", "on_bad_image",
        "one of error, skip, quarantine", "'" + s.on_bad_image + "'");
  (void)ctp::data::last_batch(s.last_batch);
  const ctp::data::Augmentation& a = s.augment;
  const ctp::data::RandAugment& r = a.operations;
  check_augment(a.min_scale > 0 && a.min_scale <= 1, "augment.min_scale", "a share above 0, to 1", a.min_scale);
  check_augment(a.max_scale >= a.min_scale && a.max_scale <= 1, "augment.max_scale",
                "a share from augment.min_scale, " + std::to_string(a.min_scale) + ", to 1", a.max_scale);
  check_augment(a.min_ratio > 0, "augment.min_ratio", "a number above 0", a.min_ratio);
  check_augment(a.max_ratio >= a.min_ratio, "augment.max_ratio",
                "at least augment.min_ratio, " + std::to_string(a.min_ratio), a.max_ratio);
  check_augment(a.flip >= 0 && a.flip <= 1, "augment.flip", "a probability from 0 to 1", a.flip);
  check_augment(r.operations >= 0 && r.operations <= 100, "augment.operations", "a whole number from 0 to 100",
                r.operations);
  check_augment(r.magnitude >= 0 && r.magnitude <= 10, "augment.magnitude", "a number from 0 to 10", r.magnitude);
  check_augment(r.probability >= 0 && r.probability <= 1, "augment.probability", "a probability from 0 to 1",
                r.probability);
}

}  // namespace pretrain
