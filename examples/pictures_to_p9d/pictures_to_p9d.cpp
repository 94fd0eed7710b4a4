// pictures_to_p9d: turns a folder of pictures and a table of captions into a P9D-layout folder.
//
//   pictures_to_p9d --pictures DIR --captions TABLE.csv --output DIR
//
// The table has no heading. Columns: file (relative to --pictures), caption, and optionally task and category. Without
// a task column all pictures belong to the task "pictures"; without a category column a picture's category is its task.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/json_line.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/data/codec/decode.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/data/pairs/p9d_writer.hpp>
#include <ctp/io/files.hpp>

#include "../common/run.hpp"
#include "flatten.hpp"

namespace {

using ctp::data::P9dWriter;
using ctp::data::Split;

struct Options {
  std::string pictures, captions, output;
  double test = 0.1, query = 0.05, gallery = 0.15;
  std::uint64_t seed = 0;
  int background = -1;
  bool heading = false, json = false;
};

struct Row {
  std::size_t line = 0;
  std::string file;
  ctp::data::Sample record;
};

[[noreturn]] void refuse(const std::string& file, std::size_t line, const std::string& expected,
                         const std::string& found, const std::string& remedy) {
  throw ctp::DataError(ctp::Complaint{file, "line " + std::to_string(line), expected, found, remedy}.text());
}

/// The rows of the table, checked as far as possible without opening a picture.
std::vector<Row> read_table(const Options& options) {
  std::vector<Row> rows;
  std::map<std::string, std::size_t> seen;
  for (auto& row : ctp::data::read_caption_table(options.captions, options.heading)) {
    const auto [earlier, fresh] = seen.emplace(row.file, row.line);
    if (!fresh) {
      refuse(options.captions, row.line, "every picture once",
             ctp::quoted(row.file) + " as on line " + std::to_string(earlier->second), "remove one of the two lines");
    }
    std::string number = std::to_string(rows.size());
    number.insert(0, 7 - std::min<std::size_t>(7, number.size()), '0');
    Row& added = rows.emplace_back(Row{row.line, row.file, {}});
    added.record.id = number;
    added.record.title = row.caption;
    added.record.category = row.category;
    added.record.industry = row.task;
  }
  return rows;
}

/// The split of each row: in every task a random part for test, query and gallery, the rest for training.
std::vector<Split> split_rows(const std::vector<Row>& rows, const Options& options) {
  std::map<std::string, std::vector<std::size_t>> tasks;
  for (std::size_t i = 0; i < rows.size(); ++i) tasks[rows[i].record.industry].push_back(i);
  const ctp::RandomStream stream(options.seed, "pictures_to_p9d/split");
  std::vector<Split> splits(rows.size(), Split::Train);
  int task_number = 0;
  for (auto& [task, members] : tasks) {
    ctp::RandomSubstream random(stream, {static_cast<std::uint32_t>(task_number++), 0, 0});
    for (std::size_t i = members.size(); i > 1; --i) {  // Fisher and Yates
      std::swap(members[i - 1], members[random.below(static_cast<std::uint32_t>(i))]);
    }
    std::size_t next = 0;
    const auto take = [&](double share, Split split) {
      const auto wanted = static_cast<std::size_t>(share * static_cast<double>(members.size()) + 0.5);
      for (std::size_t n = std::max<std::size_t>(1, wanted); n > 0 && next < members.size(); --n) {
        splits[members[next++]] = split;
      }
    };
    take(options.test, Split::Test);
    take(options.query, Split::Query);
    take(options.gallery, Split::Gallery);
    if (next >= members.size()) {
      refuse(options.captions, rows[members.front()].line,
             "enough pictures in task " + ctp::quoted(task) + " for training", std::to_string(members.size()),
             "use larger tasks, or smaller --test, --query and --gallery");
    }
  }
  return splits;
}

void convert(const Options& options) {
  const std::vector<Row> rows = read_table(options);
  const std::vector<Split> splits = split_rows(rows, options);
  P9dWriter writer(options.output);
  std::map<std::string, std::array<int, 4>> counts;
  std::vector<std::string> order;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const std::string path = row.file.starts_with('/') ? row.file : ctp::io::join(options.pictures, row.file);
    try {
      std::vector<std::byte> bytes = ctp::io::read_file(path);
      if (options.background >= 0) {
        if (auto flat = flatten_png(bytes, path, static_cast<std::uint8_t>(options.background)))
          bytes = std::move(*flat);
      }
      (void)ctp::data::decode_image(bytes, path);  // reports a bad picture now, not during a training
      writer.add(splits[i], row.record, bytes);
    } catch (const ctp::DataError& error) {
      throw ctp::DataError(options.captions + ": line " + std::to_string(row.line) + ": " + error.what());
    }
    if (counts.count(row.record.industry) == 0) order.push_back(row.record.industry);
    ++counts[row.record.industry][static_cast<std::size_t>(splits[i])];
  }
  writer.finish();

  ctp::JsonArray tasks;
  if (!options.json)
    std::printf("%s\n   train    test   query gallery   task\n", ctp::printable(options.output).c_str());
  for (const std::string& task : order) {
    const auto& n = counts[task];
    tasks.push(
        ctp::JsonLine().add("task", task).add("train", n[0]).add("test", n[1]).add("query", n[2]).add("gallery", n[3]));
    if (!options.json) std::printf("%8d%8d%8d%8d   %s\n", n[0], n[1], n[2], n[3], ctp::printable(task).c_str());
  }
  if (options.json) std::puts(ctp::JsonLine().add("folder", options.output).add("tasks", tasks).text().c_str());
}

int run(int argc, char** argv) {
  CLI::App app("Turns a folder of pictures and a table of captions into a P9D-layout folder.", "pictures_to_p9d");
  Options options;
  app.add_option("--pictures", options.pictures, "Folder of JPEG and PNG files")->required();
  app.add_option("--captions", options.captions, "CSV without heading: file,caption[,task[,category]]")->required();
  app.add_option("--output", options.output, "Folder to write; created if missing")->required();
  const auto share = CLI::Range(0.0, 0.9);
  app.add_option("--test", options.test, "Share of each task's pictures for testing; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--query", options.query, "Share for the queries of multi-modal retrieval; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--gallery", options.gallery, "Share for the gallery of multi-modal retrieval; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of the split")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option("--background", options.background, "Grey level, 0 to 255, behind transparent pixels of PNG files")
      ->check(CLI::Range(0, 255));
  app.add_flag("--heading", options.heading, "The first line of the table is a heading");
  app.add_flag("--json", options.json, "Print the summary as one JSON line");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  convert(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("pictures_to_p9d", [&] { return run(argc, argv); });
}
