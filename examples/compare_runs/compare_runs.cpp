// compare_runs: one table from the metrics.jsonl of several trainings on the same tasks.
//
//   compare_runs NAME=FOLDER NAME=FOLDER ...
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/core/quoted.hpp>

#include "../common/run.hpp"
#include "../common/task_names.hpp"
#include "../common/text_columns.hpp"
#include "metrics_file.hpp"

namespace {

using compare::Json;
using compare::Measured;
using compare::Number;
using compare::Run;
using examples::columns;
using examples::shown;

void print_cell(std::string_view name, std::size_t width, bool left = false) {
  const std::string text = ctp::printable(name);
  const std::string blanks(width > columns(text) ? width - columns(text) : 0, ' ');
  const std::string cell = left ? text + blanks : blanks + text;
  std::fputs(cell.c_str(), stdout);
}

std::string shown(Number value, const char* format = "%.1f") {
  if (!value || !std::isfinite(*value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, format, *value);
  return text;
}

/// What the same figure of several runs was measured over: of the first run that says it.
Measured over(const std::vector<Run>& runs, const auto& of) {
  for (const Run& run : runs)
    if (const Measured& m = of(run); m.pairs || m.chance) return m;
  return {};
}

void print_table(const std::vector<Run>& runs) {
  constexpr std::size_t first = 34, cell = 11, narrow = 8;
  const auto begin = [&](std::string_view label, std::string_view pairs, std::string_view chance) {
    print_cell(label, first, true);
    print_cell(pairs, narrow);
    print_cell(chance, narrow);
  };
  begin("", "", "");
  for (const Run& run : runs) {
    print_cell(shown(run.name), cell);
    print_cell("", cell);
  }
  std::puts("");
  begin("recall mean, percent", "pairs", "chance");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    print_cell("learned", cell);
    print_cell("at the end", cell);
  }
  std::puts("");
  const std::string rule(first + 2 * narrow + 2 * cell * runs.size(), '-');
  std::puts(rule.c_str());
  for (std::size_t task = 0; task < runs.front().tasks.size(); ++task) {
    const Measured m = over(runs, [&](const Run& run) -> const Measured& { return run.last[task]; });
    begin(std::to_string(task) + "  " + shown(runs.front().tasks[task]), shown(m.pairs, "%.0f"), shown(m.chance));
    for (const Run& run : runs) {
      print_cell(shown(run.learned[task]), cell);
      print_cell(shown(run.last[task].value), cell);
    }
    std::puts("");
  }
  std::puts(rule.c_str());
  const auto row = [&](const char* label, const std::string& pairs, const std::string& chance, const auto& value) {
    begin(label, pairs, chance);
    for (const Run& run : runs) {
      print_cell("", cell);
      print_cell(shown(value(run)), cell);
    }
    std::puts("");
  };
  const Measured joined = over(runs, [](const Run& run) -> const Measured& { return run.joined; }),
                 map = over(runs, [](const Run& run) -> const Measured& { return run.map; });
  Number average;
  for (const Run& run : runs)
    if (run.average_chance) average = run.average_chance;
  row("all tasks together", shown(joined.pairs, "%.0f"), shown(joined.chance),
      [](const Run& run) { return run.joined.value; });
  row("mean over tasks", "", shown(average), [](const Run& run) { return run.average; });
  row("forgetting (less is better)", "", "", [](const Run& run) { return run.forgetting; });
  row("category mAP@10", shown(map.pairs, "%.0f"), shown(map.chance), [](const Run& run) { return run.map.value; });
  row("seconds", "", "", [](const Run& run) { return run.seconds; });
}

Json as_json(Number value) { return value ? Json(*value) : Json(nullptr); }

void print_json(const std::vector<Run>& runs) {
  Json all = Json::array();
  for (const Run& run : runs) {
    Json learned = Json::array(), last = Json::array(), pairs = Json::array(), chance = Json::array();
    for (const Number& value : run.learned) learned.push_back(as_json(value));
    for (const Measured& m : run.last) {
      last.push_back(as_json(m.value));
      pairs.push_back(as_json(m.pairs));
      chance.push_back(as_json(m.chance));
    }
    all.push_back({{"name", run.name},
                   {"folder", run.folder},
                   {"tasks", run.tasks},
                   {"learned", learned},
                   {"at_end", last},
                   {"pairs", pairs},
                   {"chance", chance},
                   {"r_mean", as_json(run.joined.value)},
                   {"r_mean_pairs", as_json(run.joined.pairs)},
                   {"r_mean_chance", as_json(run.joined.chance)},
                   {"average", as_json(run.average)},
                   {"average_chance", as_json(run.average_chance)},
                   {"forgetting", as_json(run.forgetting)},
                   {"map10", as_json(run.map.value)},
                   {"map10_queries", as_json(run.map.pairs)},
                   {"map10_chance", as_json(run.map.chance)},
                   {"seconds", as_json(run.seconds)},
                   {"test_list", run.joined.list.empty() ? Json(nullptr) : Json(run.joined.list)},
                   {"equal_texts", run.equal_texts.empty() ? Json(nullptr) : Json(run.equal_texts)}});
  }
  std::puts(all.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
}

/// Says on standard error what the table cannot show.
void print_remarks(const std::vector<Run>& runs) {
  std::string old;
  for (const Run& run : runs)
    if (run.joined.list.empty()) old += (old.empty() ? "" : ", ") + ctp::quoted(run.name, 40);
  if (runs.size() > 1 && !old.empty())
    std::fprintf(stderr,
                 "compare_runs: no fingerprints of the test lists in the logs of %s: whether all were measured on the "
                 "same data, and by the same rule for equal texts, is not known\n",
                 old.c_str());
  std::vector<std::string> few;
  for (std::size_t t = 0; t < runs.front().tasks.size(); ++t) {
    const Measured m = over(runs, [&](const Run& run) -> const Measured& { return run.last[t]; });
    if (m.pairs && *m.pairs < examples::few_pairs) few.push_back(runs.front().tasks[t]);
  }
  if (!few.empty()) std::fprintf(stderr, "compare_runs: %s\n", examples::warning_of_few_pairs(few).c_str());
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
      throw ctp::UsageError(ctp::Complaint{"runs", "", "NAME=FOLDER", ctp::quoted(argument), "see --help"}.text());
    }
    runs.push_back(compare::MetricsFile(argument.substr(0, equals), argument.substr(equals + 1)).read());
    // A log without fingerprints agrees with every other: each run is compared with all earlier ones.
    for (std::size_t i = 0; i + 1 < runs.size(); ++i) require_comparable(runs[i], runs.back());
  }
  json ? print_json(runs) : print_table(runs);
  print_remarks(runs);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("compare_runs", [&] { return run_program(argc, argv); });
}
