/// @file   metrics_file.hpp
/// @brief  Reader of metrics.jsonl: the numbers of one finished training, each with what it was measured over.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <ctp/core/error.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/io/files.hpp>

namespace compare {

using Json = nlohmann::json;
using Number = std::optional<double>;

/// A task's recall mean, or that of a union of tasks, and what it was measured over. Logs of older versions lack the
/// latter.
struct Measured {
  Number value, chance, pairs;
  std::string list;  ///< fingerprint
};

/// The numbers of one training.
struct Run {
  std::string name, folder;
  std::vector<std::string> tasks;  ///< in the order of training
  std::vector<Number> learned;     ///< recall mean of each task by itself after its training
  std::vector<Measured> last;      ///< the same at the end
  Measured joined, map;            ///< all tasks together; mAP@10
  Number average, average_chance, forgetting, seconds;
  std::string equal_texts;  ///< rule of the recalls; empty in logs of older versions
};

/// @brief Reads the lines of one file. Every value that is read has its kind checked.
///
/// **Errors.** ctp::DataError naming file, line and key.
class MetricsFile {
 public:
  MetricsFile(std::string name, std::string folder) : file_(ctp::io::join(folder, "metrics.jsonl")) {
    run_.name = std::move(name);
    run_.folder = std::move(folder);
  }

  Run read() {
    const std::string text = ctp::io::read_text(file_);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      ++line_;
      if (end > at) read_line(std::string_view(text).substr(at, end - at));
      at = end + 1;
    }
    if (!summed_up_ || run_.tasks.empty()) {
      throw ctp::DataError(
          ctp::Complaint{file_, "", "a finished training, with a line of kind summary", "none", "let it finish"}
              .text());
    }
    return std::move(run_);
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& expected, const std::string& found) const {
    throw ctp::DataError(ctp::Complaint{file_, "line " + std::to_string(line_) + (key.empty() ? "" : " > " + key),
                                        expected, found, "train again into an empty folder"}
                             .text());
  }
  static std::string kind_of(const Json& value) {
    if (value.is_string()) return "the text " + ctp::quoted(value.get_ref<const std::string&>(), 40);
    if (value.is_object()) return "an object";
    if (value.is_array()) return "an array";
    if (value.is_null()) return "null";
    return value.dump();
  }

  /// A text; empty if the key is missing and need not be there.
  [[nodiscard]] std::string text_at(const Json& object, const std::string& where, const char* key, bool needed) const {
    const auto found = object.find(key);
    if (found == object.end() && !needed) return "";
    if (found == object.end()) refuse(where + key, "a text", "no such key");
    if (!found->is_string()) refuse(where + key, "a text", kind_of(*found));
    return found->get<std::string>();
  }
  /// A number of a range, or empty for null or a missing key.
  [[nodiscard]] Number checked(const Json& value, const std::string& key, double low, double high) const {
    if (value.is_null()) return std::nullopt;
    if (!value.is_number()) refuse(key, "a number or null", kind_of(value));
    const auto number = value.get<double>();
    if (!(number >= low && number <= high))
      refuse(key, "a number from " + Json(low).dump() + " to " + Json(high).dump(), value.dump());
    return number;
  }
  [[nodiscard]] Number number_at(const Json& object, const std::string& where, const char* key, double low = 0,
                                 double high = 100) const {
    const auto found = object.find(key);
    return found == object.end() ? std::nullopt : checked(*found, where + key, low, high);
  }
  [[nodiscard]] const Json* object_at(const Json& object, const std::string& where, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end()) return nullptr;
    if (!found->is_object()) refuse(where + key, "an object", kind_of(*found));
    return &*found;
  }
  [[nodiscard]] Measured measured_at(const Json& object, const std::string& where) const {
    Measured m{number_at(object, where, "r_mean"),
               {},
               number_at(object, where, "pairs", 0, 4e9),
               text_at(object, where, "test_list", false)};
    if (const Json* chance = object_at(object, where, "chance"))
      m.chance = number_at(*chance, where + "chance > ", "r_mean");
    return m;
  }

  /// Checks the kinds of all figures of a line or of a task in it, those that the table does not show included.
  void check_figures(const Json& object, const std::string& where) const {
    for (const char* key : {"txt_r1", "txt_r5", "txt_r10", "txt_r_mean", "img_r1", "img_r5", "img_r10", "img_r_mean",
                            "r_mean", "map1", "map5", "map10", "average"})
      (void)number_at(object, where, key);
    for (const char* key : {"forgetting", "backward_transfer", "forward_transfer", "published_bwt"})
      (void)number_at(object, where, key, -1e4, 1e4);
    for (const char* key : {"task", "seconds", "images", "repeated_texts", "map_gallery"})
      (void)number_at(object, where, key, 0, 1e12);
    (void)text_at(object, where, "name", false);
  }

  void read_line(std::string_view part) {
    const Json entry = Json::parse(part, nullptr, false);
    if (entry.is_discarded()) refuse("", "a JSON object", ctp::quoted(part, 40));
    if (!entry.is_object()) refuse("", "a JSON object", kind_of(entry));
    const std::string kind = text_at(entry, "", "kind", true);
    if (kind != "task" && kind != "summary") return;
    if (summed_up_) refuse("kind", "the end of the log after the summary", "another line of kind " + kind);
    check_figures(entry, "");
    kind == "task" ? read_task(entry) : read_summary(entry);
  }

  void read_task(const Json& entry) {
    const auto per_task = entry.find("per_task");
    if (per_task == entry.end() || !per_task->is_array() || per_task->empty())
      refuse("per_task", "an array with an object for each task",
             per_task == entry.end() ? "no such key" : kind_of(*per_task));
    std::vector<std::string> tasks;
    run_.last.clear();
    for (std::size_t t = 0; t < per_task->size(); ++t) {
      const Json& task = (*per_task)[t];
      const std::string where = "per_task[" + std::to_string(t) + "]";
      if (!task.is_object()) refuse(where, "an object", kind_of(task));
      check_figures(task, where + " > ");
      tasks.push_back(text_at(task, where + " > ", "name", true));
      run_.last.push_back(measured_at(task, where + " > "));
    }
    if (tasks.size() <= run_.tasks.size() || !std::equal(run_.tasks.begin(), run_.tasks.end(), tasks.begin()))
      refuse("per_task", "the tasks of the line before, and more", std::to_string(tasks.size()) + " tasks");
    run_.tasks = std::move(tasks);
    while (run_.learned.size() < run_.last.size()) run_.learned.push_back(run_.last[run_.learned.size()].value);
    run_.joined = measured_at(entry, "");
    run_.map = {number_at(entry, "", "map10"),
                {},
                number_at(entry, "", "map_queries", 0, 4e9),
                text_at(entry, "", "map_list", false)};
    run_.equal_texts = text_at(entry, "", "equal_texts", false);
    const Number without = number_at(entry, "", "map_without_positive", 0, 4e9);
    if (without && run_.map.pairs && run_.equal_texts != "published") *run_.map.pairs -= *without;
    if (const Json* chance = object_at(entry, "", "map_chance"))
      run_.map.chance = number_at(*chance, "map_chance > ", "map10");
  }

  void read_summary(const Json& entry) {
    run_.average = number_at(entry, "", "average");
    run_.average_chance = number_at(entry, "", "chance");
    run_.forgetting = number_at(entry, "", "forgetting", -100, 100);
    run_.seconds = number_at(entry, "", "seconds", 0, 1e12);
    if (const auto matrix = entry.find("matrix"); matrix != entry.end()) {
      const auto tasks = std::to_string(run_.tasks.size());
      if (!matrix->is_array() || matrix->size() != run_.tasks.size())
        refuse("matrix", "an array of " + tasks + " rows",
               matrix->is_array() ? std::to_string(matrix->size()) : kind_of(*matrix));
      for (std::size_t i = 0; i < matrix->size(); ++i) {
        const Json& row = (*matrix)[i];
        const std::string where = "matrix[" + std::to_string(i) + "]";
        if (!row.is_array() || row.size() != run_.tasks.size())
          refuse(where, "an array of " + tasks + " numbers",
                 row.is_array() ? std::to_string(row.size()) : kind_of(row));
        for (std::size_t j = 0; j < row.size(); ++j)
          (void)checked(row[j], where + "[" + std::to_string(j) + "]", 0, 100);
      }
    }
    summed_up_ = true;
  }

  std::string file_;
  Run run_;
  std::size_t line_ = 0;
  bool summed_up_ = false;
};

/// @brief Refuses to compare `run` with the earlier run `first` if they were not measured alike.
/// **Errors.** ctp::DataError naming what differs.
inline void require_comparable(const Run& first, const Run& run) {
  const auto refuse = [&](const std::string& what, const std::string& expected, const std::string& found,
                          const char* remedy) {
    throw ctp::DataError(ctp::Complaint{run.folder, what, expected, found, remedy}.text());
  };
  if (run.tasks != first.tasks)
    refuse("tasks", "the tasks of " + first.folder + " in their order", "others", "compare trainings on the same data");
  const auto require_list = [&](const Measured& a, const Measured& b, const std::string& of) {
    if (a.list.empty() || b.list.empty() || a.list == b.list) return;
    const auto count = [](const Measured& m) {
      return "the list " + m.list + (m.pairs ? " of " + std::to_string(static_cast<std::int64_t>(*m.pairs)) : "");
    };
    refuse(of, count(a) + ", on which " + first.folder + " was measured", count(b),
           "compare trainings that were measured on the same data; evaluate measures weights again");
  };
  for (std::size_t t = 0; t < run.tasks.size(); ++t)
    require_list(first.last[t], run.last[t], "test pairs of task " + ctp::quoted(run.tasks[t], 40));
  require_list(first.joined, run.joined, "test pairs");
  require_list(first.map, run.map, "query and gallery items");
  if (!first.equal_texts.empty() && !run.equal_texts.empty() && first.equal_texts != run.equal_texts)
    refuse("equal_texts", ctp::quoted(first.equal_texts, 40) + ", as in " + first.folder,
           ctp::quoted(run.equal_texts, 40), "compare trainings with the same --equal-texts");
}

}  // namespace compare
