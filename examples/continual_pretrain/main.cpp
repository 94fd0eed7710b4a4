// Trains a vision-language model on the tasks of a P9D folder, one after the other, with a strategy chosen by name.
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
#include <ctp/io/json/document.hpp>
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

/// All assignments of configuration file and command line, in order of rising precedence.
struct CommandLine {
  std::vector<Assignment> assignments;
  bool json = false, dry_run = false;
};

std::optional<int> read_command_line(int argc, char** argv, CommandLine& line) {
  CLI::App app{"Trains a vision-language model on a stream of tasks and measures its forgetting.",
               "continual_pretrain"};
  std::vector<Assignment> options;
  Settings defaults;
  Settings::fields(defaults, [&](const char* key, auto& field, const char* help) {
    const std::string name = Settings::option_name(key), where = command_line;
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, bool>) {
      app.add_flag_callback(name, [&options, key, where] { options.push_back({key, "true", where}); }, help);
    } else {
      std::string text = help;
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field)>, std::string>)
        text += field.empty() ? "" : " [" + field + "]";
      else if (!(field < 0))
        text += " [" + (std::ostringstream() << field).str() + "]";
      app.add_option_function<std::string>(
          name, [&options, key, where](const std::string& value) { options.push_back({key, value, where}); }, text);
    }
  });
  std::string config;
  std::vector<std::string> sets;
  app.add_option("--config", config, "settings as JSON with comments, or a YAML file of the published code");
  app.add_option(
      "--set", sets,
      "key=value: an option, or a setting of a policy, the model or the augmentation, such as momentum.decay, "
      "model.vision_width, augment.published");
  app.add_flag("--json", line.json, "print the lines of metrics.jsonl instead of progress");
  app.add_flag("--dry-run", line.dry_run,
               "train nothing and write nothing: print the sizes of the training and the costs of each strategy");
  if (const auto code = examples::parse(app, argc, argv)) return code;
  if (!config.empty()) line.assignments = read_config_file(config);
  line.assignments.insert(line.assignments.end(), options.begin(), options.end());
  for (const std::string& set : sets) {
    const auto at = set.find('=');
    if (at == std::string::npos || at == 0)
      throw ctp::UsageError(ctp::Complaint{"--set", "", "key=value", "'" + set + "'", ""}.text());
    line.assignments.push_back({set.substr(0, at), set.substr(at + 1), "--set"});
  }
  return std::nullopt;
}

/// An assignment to a field of ModelConfig.
struct ModelSetting {
  Assignment assignment;
  std::string field;
};

/// The field of ModelConfig that an option sets; empty for other keys.
std::string field_of_option(const std::string& key) {
  if (key == "image_size") return "image";
  return key == "queue" || key == "dropout" ? key : "";
}

/// Assignments that do not set an option of the training: to fields of the model, in order, and to policies.
struct ParsedSettings {
  std::vector<ModelSetting> model;
  std::vector<Assignment> policies;
};

/// Sets options and augmentation, and `model` by its name. Options without a value take the defaults of that model.
ParsedSettings resolve_options(const std::vector<Assignment>& assignments, Settings& settings,
                               ctp::ModelConfig& model) {
  ParsedSettings parsed;
  for (const Assignment& a : assignments) {
    const bool option = assign_option(a, settings) || assign_augmentation(a, settings.augment);
    if (a.key.starts_with("model."))
      parsed.model.push_back({a, a.key.substr(6)});
    else if (const std::string field = field_of_option(a.key); !field.empty())
      parsed.model.push_back({a, field});
    else if (!option)
      parsed.policies.push_back(a);
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
  return parsed;
}

/// Sets fields of the model. **Errors.** UsageError for an unknown field.
void set_fields(const std::vector<ModelSetting>& settings, ctp::ModelConfig& model) {
  for (const auto& [assignment, wanted] : settings) {
    bool found = false;
    std::vector<std::string> names;
    ctp::ModelConfig::fields(model, [&](const std::string& name, auto& field) {
      names.push_back("model." + name);
      if (wanted != name) return;
      assign(assignment, field);
      found = true;
    });
    if (!found)
      throw ctp::UsageError(ctp::Complaint{assignment.where, assignment.key, "a size of the model", "an unknown key",
                                           ctp::io::suggestion(assignment.key, names)}
                                .text());
  }
}

/// @brief Requires that the model has the sizes of its starting weights. Fields that the file does not fix may differ:
/// the queue, dropout, temperatures of the file's `config` entry, and heads if there is no entry. Special tokens are
/// the vocabulary's. Temperatures of a file without `config` are its tensors' and may not differ.
/// **Errors.** UsageError naming the assignment that contradicts the file.
void require_sizes_of(const ctp::TensorFile& file, const ctp::ModelConfig& of_file, const ctp::ModelConfig& model,
                      const std::vector<ModelSetting>& settings) {
  std::vector<std::string> free{"queue", "dropout", "pad", "unk", "cls", "sep", "mask"};
  const bool stated = file.metadata.contains("config");
  if (!stated) free.insert(free.end(), {"vision_heads", "text_heads"});
  for (const char* temperature : {"temp", "distill_temp"})
    if (stated || file.find(temperature) == nullptr) free.emplace_back(temperature);
  std::map<std::string, double> chosen;
  ctp::ModelConfig::fields(model, [&](const char* name, auto number) { chosen[name] = number; });
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {  // the last assignment wins
    if (std::find(free.begin(), free.end(), setting->field) != free.end()) continue;
    ctp::ModelConfig::fields(of_file, [&](const char* name, auto number) {
      if (setting->field == name && chosen.at(name) != number)
        detail::refuse(setting->assignment, "the " + ctp::io::detail::shortest(number) + " of " + file.origin,
                       "leave it out: with --init sizes come from the file");
    });
  }
}

/// Writes config.json: the effective settings of the run, readable by --config.
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
  augmentation_fields(s.augment, [&](const char* key, const auto& field) { add(key, as_json(field)); });
  ctp::ModelConfig::fields(
      model, [&](const char* name, const auto& field) { add("model." + std::string(name), as_json(field)); });
  for (const Assignment& a : policies) add(a.key, as_json(a.value));
  ctp::io::write_file_atomically(s.output + "/config.json", std::string_view(text + "\n}\n"));
}

/// The entries of a list of bad pictures. **Errors.** DataError naming file, line and key.
std::vector<BadPicture> read_bad_pictures(const std::string& path) {
  std::vector<BadPicture> list;
  std::istringstream lines(ctp::io::read_text(path));
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto document = ctp::io::parse_json_document(line, path + " (entry in line " + std::to_string(number) + ")");
    const auto text = [root = document.root()](const char* key) { return root.at(key).string(); };
    list.push_back({text("task"), text("pair"), text("file"), text("reason")});
  }
  return list;
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
  const auto [model_settings, policies] = resolve_options(line.assignments, settings, model);
  set_fields(model_settings, model);
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
    set_fields(model_settings, model);
    require_sizes_of(*init, of_file, model, model_settings);
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

  const ctp::data::FileSourceOptions reading{.max_words = settings.max_words,
                                             .length = settings.max_words,
                                             .cache_bytes = std::size_t{512} << 20U,
                                             .augmentation = settings.augment};
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
  BadPictures bad_pictures(stream.train(), settings.output + "/bad_images.jsonl");
  const RunContext context{settings, model, tasks, evaluate, save, policies, bad_pictures, init ? &*init : nullptr,
                           line.json};
  if (!settings.quarantine.empty()) {
    const std::size_t unknown = bad_pictures.quarantine(read_bad_pictures(settings.quarantine), settings.quarantine);
    if (unknown > 0 && !line.json)
      std::printf("%s: %zu entries are not pictures of these tasks\n", settings.quarantine.c_str(), unknown);
  }
  if (line.dry_run) {
    dry_run(context);
    return 0;
  }
  ctp::io::make_directories(settings.output);
  for (const std::string name : {"metrics.jsonl", "bad_images.jsonl"})
    if (ctp::io::exists(settings.output + "/" + name))
      throw ctp::UsageError(ctp::Complaint{"--output", settings.output, "a folder without " + name,
                                           "that of an earlier run",
                                           "choose another folder or move that one away: nothing is overwritten"}
                                .text());
  bad_pictures.write_quarantined();
  write_config(settings, model, policies);
  ctp::io::write_file_atomically(settings.output + "/vocab.txt", std::string_view(vocabulary.text()));

  if (on_cuda) {
#if defined(CTP_HAVE_CUDA)
    train_on_cuda(context);
#endif
  } else {
    examples::with_strategy(settings.strategy, [&]<class Strategy>() { Training<Strategy, ctp::Cpu>(context).run(); });
  }
  if (const std::size_t bad = bad_pictures.ordinals().size(); bad > 0 && !line.json)
    std::printf("pictures left out as bad: %zu, listed in %s\n", bad, bad_pictures.path().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("continual_pretrain", [&] { return run(argc, argv); });
}
