// compare_runs: one table from the metrics.jsonl of several trainings on the same tasks.
//
//   compare_runs NAME=FOLDER NAME=FOLDER ...
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/io/files.hpp>

#include "../common/run.hpp"

namespace {

using Json = nlohmann::json;
using Number = std::optional<double>;

/// The table's numbers of one training.
struct Run {
  std::string name, folder;
  std::vector<std::string> tasks;     ///< in the order of training
  std::vector<Number> learned, last;  ///< recall mean of each task by itself: after its training, and at the end
  Number union_mean, map, average, forgetting, seconds;
};

Number number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? Number(found->get<double>()) : std::nullopt;
}

/// Reads `folder`/metrics.jsonl. **Errors.** ctp::DataError naming file and line.
Run read_run(const std::string& name, const std::string& folder) {
  const std::string file = ctp::io::join(folder, "metrics.jsonl");
  const std::string text = ctp::io::read_text(file);
  Run run;
  run.name = name;
  run.folder = folder;
  std::size_t line = 0;
  bool summed_up = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view part(text.data() + at, end - at);
    at = end + 1;
    ++line;
    const auto refuse = [&](const std::string& expected, const std::string& found) {
      throw ctp::DataError(
          ctp::Complaint{file, "line " + std::to_string(line), expected, found, "train again into an empty folder"}
              .text());
    };
    if (part.empty()) continue;
    const Json entry = Json::parse(part, nullptr, false);
    if (!entry.is_object()) refuse("a JSON object", "something else");
    const std::string kind = entry.value("kind", "");
    if (kind == "task") {
      const auto per_task = entry.find("per_task");
      if (per_task == entry.end() || !per_task->is_array()) refuse("per_task with the recall of every task", "none");
      run.last.clear();
      run.tasks.clear();
      for (const Json& task : *per_task) {
        if (!task.is_object()) refuse("an object for every task", "something else");
        run.tasks.push_back(task.value("name", ""));
        run.last.push_back(number_at(task, "r_mean"));
      }
      while (run.learned.size() < run.last.size()) run.learned.push_back(run.last[run.learned.size()]);
      run.union_mean = number_at(entry, "r_mean");
      run.map = number_at(entry, "map10");
    } else if (kind == "summary") {
      run.average = number_at(entry, "average");
      run.forgetting = number_at(entry, "forgetting");
      run.seconds = number_at(entry, "seconds");
      summed_up = true;
    }
  }
  if (!summed_up || run.tasks.empty()) {
    throw ctp::DataError(
        ctp::Complaint{file, "", "a finished training, with a line of kind summary", "none", "let it finish"}.text());
  }
  return run;
}

/// Width of UTF-8 text on a terminal, in columns: Chinese characters and full-width signs count two.
std::size_t columns(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xC0U) != 0x80U) n += c >= 0xE2U ? 2 : 1;
  }
  return n;
}

void print_cell(std::string_view name, std::size_t width, bool left = false) {
  const std::string text = ctp::printable(name);
  const std::string blanks(width > columns(text) ? width - columns(text) : 0, ' ');
  const std::string cell = left ? text + blanks : blanks + text;
  std::fputs(cell.c_str(), stdout);
}

std::string shown(Number value) {
  if (!value || !std::isfinite(*value)) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", *value);
  return text;
}

void print_table(const std::vector<Run>& runs) {
  constexpr std::size_t first = 34, cell = 11;
  print_cell("", first, true);
  for (const Run& run : runs) {
    print_cell(run.name, cell);
    print_cell("", cell);
  }
  std::puts("");
  print_cell("recall mean, percent", first, true);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    print_cell("learned", cell);
    print_cell("at the end", cell);
  }
  std::puts("");
  const std::string rule(first + 2 * cell * runs.size(), '-');
  std::puts(rule.c_str());
  for (std::size_t task = 0; task < runs.front().tasks.size(); ++task) {
    print_cell(std::to_string(task) + "  " + runs.front().tasks[task], first, true);
    for (const Run& run : runs) {
      print_cell(shown(run.learned[task]), cell);
      print_cell(shown(run.last[task]), cell);
    }
    std::puts("");
  }
  std::puts(rule.c_str());
  const auto row = [&](const char* label, Number Run::* field) {
    print_cell(label, first, true);
    for (const Run& run : runs) {
      print_cell("", cell);
      print_cell(shown(run.*field), cell);
    }
    std::puts("");
  };
  row("all tasks together", &Run::union_mean);
  row("mean over tasks", &Run::average);
  row("forgetting (less is better)", &Run::forgetting);
  row("category mAP@10", &Run::map);
  row("seconds", &Run::seconds);
}

Json as_json(Number value) { return value ? Json(*value) : Json(nullptr); }

void print_json(const std::vector<Run>& runs) {
  Json all = Json::array();
  for (const Run& run : runs) {
    Json learned = Json::array(), last = Json::array();
    for (const Number& value : run.learned) learned.push_back(as_json(value));
    for (const Number& value : run.last) last.push_back(as_json(value));
    all.push_back({{"name", run.name},
                   {"folder", run.folder},
                   {"tasks", run.tasks},
                   {"learned", learned},
                   {"at_end", last},
                   {"r_mean", as_json(run.union_mean)},
                   {"average", as_json(run.average)},
                   {"forgetting", as_json(run.forgetting)},
                   {"map10", as_json(run.map)},
                   {"seconds", as_json(run.seconds)}});
  }
  std::puts(all.dump().c_str());
}

int run_program(int argc, char** argv) {
  CLI::App app("Prints one table from the metrics.jsonl of several trainings on the same tasks.", "compare_runs");
  std::vector<std::string> arguments;
  bool json = false;
  app.add_option("runs", arguments, "NAME=FOLDER of each training")->required();
  app.add_flag("--json", json, "Print the numbers as one JSON line");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  std::vector<Run> runs;
  for (const std::string& argument : arguments) {
    const std::size_t equals = argument.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ctp::UsageError(ctp::Complaint{"runs", "", "NAME=FOLDER", argument, "see --help"}.text());
    }
    runs.push_back(read_run(argument.substr(0, equals), argument.substr(equals + 1)));
    if (runs.back().tasks != runs.front().tasks) {
      throw ctp::DataError(ctp::Complaint{runs.back().folder, "tasks",
                                          "the tasks of " + runs.front().folder + " in their order", "others",
                                          "compare trainings on the same data"}
                               .text());
    }
  }
  json ? print_json(runs) : print_table(runs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("compare_runs", [&] { return run_program(argc, argv); });
}
