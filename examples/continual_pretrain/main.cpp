// The main job: trains a vision-language model on the tasks of a P9D folder, one after the other, with a named
// strategy.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/ctp.hpp>
#include <ctp/data.hpp>
#include <ctp/io/weights/model_config.hpp>
#include <ctp/io/weights/safetensors.hpp>

#include "../common/run.hpp"
#include "../common/strategies.hpp"
#include "../common/stream_evaluator.hpp"
#include "config_files.hpp"
#include "dry_run.hpp"
#include "training.hpp"
#if defined(CTP_HAVE_CUDA)
#include "cuda.hpp"
#endif

namespace {

using namespace pretrain;

void require_strategy(const std::string& name) {
  const std::vector<std::string> known = examples::strategy_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw ctp::UsageError(
      ctp::Complaint{"--strategy", "", "the name of a strategy", "'" + name + "'", ctp::io::suggestion(name, known)}
          .text());
}

/// Everything said on the command line and in a configuration file, the later and more specific word last.
struct CommandLine {
  std::vector<Assignment> assignments;
  bool json = false, dry_run = false;
};

std::optional<int> read_command_line(int argc, char** argv, CommandLine& line) {
  CLI::App app{"Trains a vision-language model on a stream of tasks and measures what it forgets.",
               "continual_pretrain"};
  std::vector<Assignment> said;
  Settings defaults;
  Settings::fields(defaults, [&](const char* key, auto& field, const char* help) {
    const std::string name = Settings::option_name(key), where = command_line;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, bool>) {
      app.add_flag_callback(name, [&said, key, where] { said.push_back({key, "true", where}); }, help);
    } else {
      std::string text = help;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>)
        text += field.empty() ? "" : " [" + field + "]";
      else if (!(field < 0))
        text += " [" + (std::ostringstream() << field).str() + "]";
      app.add_option_function<std::string>(
          name, [&said, key, where](const std::string& value) { said.push_back({key, value, where}); }, text);
    }
  });
  std::string config;
  std::vector<std::string> sets;
  app.add_option("--config", config, "settings as JSON with comments, or a YAML file of the published code");
  app.add_option(
      "--set", sets,
      "key=value: an option, or a setting of a policy or the model such as momentum.decay, model.vision_width");
  app.add_flag("--json", line.json, "print the lines of metrics.jsonl instead of progress");
  app.add_flag("--dry-run", line.dry_run,
               "train nothing and write nothing: say what the training is made of and what each strategy would cost");
  if (const auto code = examples::parse(app, argc, argv)) return code;
  if (!config.empty()) line.assignments = read_config_file(config);
  line.assignments.insert(line.assignments.end(), said.begin(), said.end());
  for (const std::string& set : sets) {
    const auto at = set.find('=');
    if (at == std::string::npos || at == 0)
      throw ctp::UsageError(ctp::Complaint{"--set", "", "key=value", "'" + set + "'", ""}.text());
    line.assignments.push_back({set.substr(0, at), set.substr(at + 1), "--set"});
  }
  return std::nullopt;
}

/// A field of the model and the value that was said for it.
struct ModelWord {
  Assignment said;
  std::string field;
};

/// The field of the model that an option sets; empty for other keys.
std::string field_of_option(const std::string& key) {
  if (key == "image_size") return "image";
  return key == "queue" || key == "dropout" ? key : "";
}

/// What was said and is no option of the training itself: the model's fields, in order, and what is left for policies.
struct Words {
  std::vector<ModelWord> model;
  std::vector<Assignment> policies;
};

/// Sets the options and the sizes of the model by its name. Numbers not said become that model's defaults.
Words settle(const std::vector<Assignment>& assignments, Settings& settings, ctp::ModelConfig& model) {
  Words words;
  for (const Assignment& a : assignments) {
    const bool option = assign_option(a, settings);
    if (a.key.starts_with("model."))
      words.model.push_back({a, a.key.substr(6)});
    else if (const std::string field = field_of_option(a.key); !field.empty())
      words.model.push_back({a, field});
    else if (!option)
      words.policies.push_back(a);
  }
  struct Known {
    const char* name;
    ctp::ModelConfig sizes;
    int batch;
    double rate, min_rate;
  };
  const std::array<Known, 3> models{{{"tiny", ctp::sizes::tiny, 32, 5e-4, 5e-6},
                                     {"small", ctp::sizes::small, 64, 5e-4, 5e-6},
                                     {"base", ctp::sizes::base, 128, 1e-4, 1e-6}}};
  const Known* known = nullptr;
  for (const Known& m : models)
    if (settings.model == m.name) known = &m;
  if (known == nullptr)
    throw ctp::UsageError(ctp::Complaint{"--model", "", "tiny, small or base", "'" + settings.model + "'", ""}.text());
  model = known->sizes;
  if (settings.epochs < 0) settings.epochs = 5;
  if (settings.batch_size < 0) settings.batch_size = known->batch;
  if (settings.lr < 0) settings.lr = known->rate;
  if (settings.min_lr < 0) settings.min_lr = known->min_rate;
  return words;
}

/// Sets fields of the model. **Errors.** UsageError for a field that no model has.
void set_fields(const std::vector<ModelWord>& words, ctp::ModelConfig& model) {
  for (const auto& [said, wanted] : words) {
    bool found = false;
    std::vector<std::string> names;
    ctp::ModelConfig::fields(model, [&](const std::string& name, auto& field) {
      names.push_back("model." + name);
      if (wanted != name) return;
      assign(said, field);
      found = true;
    });
    if (!found)
      throw ctp::UsageError(ctp::Complaint{said.where, said.key, "a size of the model", "an unknown key",
                                           ctp::io::suggestion(said.key, names)}
                                .text());
  }
}

/// @brief Requires that the model has the sizes of the weights it begins with. What no weight depends on may differ:
/// temperatures, dropout, the queue, and heads that the file does not state; special tokens are the vocabulary's.
/// **Errors.** UsageError naming who said otherwise.
void require_sizes_of(const ctp::TensorFile& file, const ctp::ModelConfig& of_file, const ctp::ModelConfig& model,
                      const std::vector<ModelWord>& words) {
  std::vector<std::string> free{"queue", "temp", "distill_temp", "dropout", "pad", "unk", "cls", "sep", "mask"};
  if (!file.metadata.contains("config")) free.insert(free.end(), {"vision_heads", "text_heads"});
  std::map<std::string, double> chosen;
  ctp::ModelConfig::fields(model, [&](const char* name, auto number) { chosen[name] = number; });
  for (auto word = words.rbegin(); word != words.rend(); ++word) {  // the last word on a field is the one that holds
    if (std::find(free.begin(), free.end(), word->field) != free.end()) continue;
    ctp::ModelConfig::fields(of_file, [&](const char* name, auto number) {
      if (word->field == name && chosen.at(name) != number)
        detail::refuse(word->said, "the " + std::to_string(number) + " of " + file.origin,
                       "leave it out: with --init sizes come from the file");
    });
  }
}

/// config.json: what this run was made with, in a form that --config reads.
void write_config(const Settings& s, const ctp::ModelConfig& model, const std::vector<Assignment>& policies) {
  std::string text = "{\n";
  const auto add = [&](const std::string& key, const std::string& value) {
    text += (text.size() > 2 ? ",\n  " : "  ");
    ctp::append_json_string(text, key);
    text += ": " + value;
  };
  const auto as_json = [](const auto& value) {
    std::string out;
    ctp::detail::append_json(out, value);
    return out;
  };
  Settings::fields(s, [&](const char* key, const auto& field, const char*) {
    if (std::string_view(key) != "output" && std::string_view(key) != "resume") add(key, as_json(field));
  });
  ctp::ModelConfig::fields(
      model, [&](const char* name, const auto& field) { add("model." + std::string(name), as_json(field)); });
  for (const Assignment& a : policies) add(a.key, as_json(a.value));
  ctp::io::write_file_atomically(s.output + "/config.json", std::string_view(text + "\n}\n"));
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) names.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

int run(int argc, char** argv) {
  CommandLine line;
  if (const auto code = read_command_line(argc, argv, line)) return *code;
  Settings settings;
  ctp::ModelConfig model;
  const auto [model_words, policies] = settle(line.assignments, settings, model);
  set_fields(model_words, model);
  validate(settings, !line.dry_run);
  require_strategy(settings.strategy);
  const bool on_cuda = examples::wants_cuda(settings.device, settings.precision, !line.dry_run);
#if defined(CTP_HAVE_CUDA)
  if (on_cuda) use_cuda(settings.precision);
#endif
  if (settings.resume)
    throw ctp::UsageError("--resume: expected a run from the beginning, found --resume; it is not there yet");
  if (settings.threads > 0) ctp::set_threads(settings.threads);

  const ctp::data::P9d stream(settings.data, {.tasks = split(settings.tasks), .reverse = settings.reverse});
  const auto titles = settings.vocab.empty() ? ctp::data::cleaned_titles(stream.train(), settings.max_words)
                                             : std::vector<std::string>{};
  const ctp::data::Tokenizer tokenizer(settings.vocab.empty() ? ctp::data::build_vocabulary(titles)
                                                              : ctp::data::Vocabulary::read(settings.vocab));
  const auto& vocabulary = tokenizer.vocabulary();
  std::optional<ctp::TensorFile> init;
  if (!settings.init.empty()) {
    init = ctp::io::read_safetensors(settings.init);
    const ctp::ModelConfig of_file = ctp::io::config_of(*init);
    const double dropout = model.dropout;
    model = of_file;
    model.dropout = dropout;
    set_fields(model_words, model);
    require_sizes_of(*init, of_file, model, model_words);
    if (static_cast<std::size_t>(model.vocab) != vocabulary.size())
      throw ctp::DataError(ctp::Complaint{settings.init, "vocabulary", std::to_string(model.vocab) + " tokens",
                                          std::to_string(vocabulary.size()),
                                          "give the vocabulary of these weights with --vocab"}
                               .text());
  }
  model.vocab = static_cast<int>(vocabulary.size());
  model.pad = vocabulary.pad();
  model.unk = vocabulary.unk();
  model.cls = vocabulary.cls();
  model.sep = vocabulary.sep();
  model.mask = vocabulary.mask();
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
      .max_words = settings.max_words, .length = settings.max_words, .cache_bytes = std::size_t{512} << 20U};
  const auto tasks = ctp::data::training_tasks(stream, tokenizer, reading);
  for (const auto& task : tasks)
    if (task.members.size() < static_cast<std::size_t>(settings.batch_size))
      throw ctp::UsageError(ctp::Complaint{"--batch-size", "task '" + task.name + "'",
                                           "at most its " + std::to_string(task.members.size()) + " training pairs",
                                           std::to_string(settings.batch_size), "choose a smaller batch"}
                                .text());
  const examples::StreamEvaluator evaluate(
      stream, tokenizer,
      {.max_words = settings.max_words, .workers = settings.workers, .cache_bytes = std::size_t{256} << 20U});

  const auto save = [&model](const std::string& path, ctp::TensorFile file) {
    file.metadata["config"] = ctp::io::config_text(model);
    ctp::io::write_safetensors(path, file);
  };
  const Workbench bench{settings, model, tasks, evaluate, save, policies, init ? &*init : nullptr, line.json};
  if (line.dry_run) {
    dry_run(bench);
    return 0;
  }
  ctp::io::make_directories(settings.output);
  if (ctp::io::exists(settings.output + "/metrics.jsonl"))
    throw ctp::UsageError(ctp::Complaint{"--output", settings.output, "a folder without metrics.jsonl",
                                         "that of an earlier run",
                                         "choose another folder or move that one away: nothing is overwritten"}
                              .text());
  write_config(settings, model, policies);
  ctp::io::write_file_atomically(settings.output + "/vocab.txt", std::string_view(vocabulary.text()));

  if (on_cuda) {
#if defined(CTP_HAVE_CUDA)
    train_on_cuda(bench);
#endif
  } else {
    examples::with_strategy(settings.strategy, [&]<class Strategy>() { Training<Strategy, ctp::Cpu>(bench).run(); });
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("continual_pretrain", [&] { return run(argc, argv); });
}
