// pictures_to_p9d: turns a folder of pictures and a table of captions into a P9D-layout folder.
//
//   pictures_to_p9d --pictures DIR --captions TABLE.csv --output DIR [--overwrite]
//
// Columns of the table: file (relative to --pictures), caption, and optionally task and category. Without a task column
// all pictures belong to the task "pictures"; without a category column a picture's category is its task. All pictures
// are decoded before anything is written.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include <ctp/core/json_line.hpp>
#include <ctp/core/philox.hpp>
#include <ctp/core/printable.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/codec/transparency.hpp>
#include <ctp/data/pairs/caption_groups.hpp>
#include <ctp/data/pairs/caption_table.hpp>
#include <ctp/data/pairs/file_finder.hpp>
#include <ctp/data/pairs/p9d_writer.hpp>
#include <ctp/io/file_system.hpp>
#include <ctp/io/files.hpp>
#include <ctp/io/free_space.hpp>

#include "../common/reading.hpp"
#include "../common/run.hpp"
#include "faults.hpp"
#include "looked_at.hpp"
#include "output.hpp"
#include "spellings.hpp"

namespace {

using ctp::data::P9dWriter;
using ctp::data::Split;

struct Options {
  std::string pictures, captions, output;
  double test = 0.1, query = 0.05, gallery = 0.15;
  std::uint64_t seed = 0;
  std::string background = "255", delimiter, on_bad_image = "error";
  int max_pixels = examples::default_max_pixels;
  bool heading = false, json = false, several_captions = false, overwrite = false;
};

[[noreturn]] void refuse(const std::string& file, std::size_t line, const std::string& expected,
                         const std::string& found, const std::string& remedy) {
  throw ctp::DataError(ctp::Complaint{file, "line " + std::to_string(line), expected, found, remedy}.text());
}

/// **Errors.** DataError naming the second line.
[[noreturn]] void refuse_twice(const Options& options, const std::string& file, std::size_t line, std::size_t earlier) {
  refuse(options.captions, line, "every picture once",
         ctp::quoted(file) + ", the same file as on line " + std::to_string(earlier),
         options.several_captions ? "remove one of the two lines"
                                  : "remove one of the two lines, or give --several-captions");
}

/// Calls `take` for every row of the table.
ctp::data::CaptionTableForm for_each_row(const Options& options,
                                         const std::function<void(ctp::data::CaptionRow&&)>& take) {
  return ctp::data::for_each_caption(
      options.captions,
      {.heading = options.heading ? ctp::data::Heading::Yes : ctp::data::Heading::Auto,
       .delimiter = options.delimiter.empty() ? '\0' : ctp::data::delimiter_of(options.delimiter)},
      take);
}

/// The rows of the table whose pictures are there, checked as far as possible without opening a picture. The others
/// join `faults`. A file under two names, by spelling or by a link, is one picture.
Rows read_table(const Options& options, ctp::data::FileFinder& finder, Faults& faults) {
  Rows rows;
  std::size_t pictures = 0;
  Spellings spellings;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> files;  // by device and inode: line
  const auto add = [&](ctp::data::CaptionedPicture&& picture) {
    std::string number = std::to_string(pictures++);
    number.insert(0, 7 - std::min<std::size_t>(7, number.size()), '0');
    const auto path = finder.find(picture.file);
    if (!path) {
      return faults.add(picture.line, FaultKind::Missing, [&] {
        const std::string wanted =
            picture.file.starts_with('/') ? picture.file : ctp::io::join(options.pictures, picture.file);
        return Fault{
            picture.file,
            ctp::Complaint{wanted, "open", "a readable file", "no such file", finder.hint(picture.file)}.text()};
      });
    }
    ctp::io::FileStatus facts;
    if (ctp::io::file_system().status(path->c_str(), facts) >= 0) {
      const auto [other, first] = files.emplace(std::pair(facts.identity.device, facts.identity.inode), picture.line);
      if (!first) refuse_twice(options, picture.file, picture.line, other->second);
    }
    Row& added = rows.emplace_back(Row{picture.line, std::move(picture.file), *path, {}});
    added.record.id = number;
    added.record.title = std::move(picture.captions.front());
    added.more_titles.assign(std::make_move_iterator(picture.captions.begin() + 1),
                             std::make_move_iterator(picture.captions.end()));
    added.record.category = std::move(picture.category);
    added.record.industry = std::move(picture.task);
  };
  ctp::data::CaptionGroups groups(options.captions);
  const ctp::data::CaptionTableForm form = for_each_row(options, [&](ctp::data::CaptionRow&& row) {
    if (options.several_captions) return groups.add(std::move(row));
    spellings.add(row.file, row.line);
    ctp::data::CaptionedPicture picture{
        row.line, std::move(row.file), {}, std::move(row.task), std::move(row.category)};
    picture.captions.push_back(std::move(row.caption));
    add(std::move(picture));
  });
  spellings.require_different(
      [&](const auto& take) { for_each_row(options, [&](const auto& row) { take(row.file, row.line); }); },
      [&](const std::string& file, std::size_t line, std::size_t earlier) {
        refuse_twice(options, file, line, earlier);
      });
  if (form.heading && !options.heading && !options.json)
    std::printf("%s: the first line is a heading: %s\n", options.captions.c_str(), form.heading_text.c_str());
  for (; !groups.pictures.empty(); groups.pictures.pop_front()) add(std::move(groups.pictures.front()));
  return rows;
}

/// The split of each row: in every task a random part for test, query and gallery, the rest for training.
std::vector<Split> split_rows(const Rows& rows, const Options& options) {
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
    const auto take = [&](double share, Split split) {  // a share below 1, or a number of pictures
      const double all = share < 1 ? share * static_cast<double>(members.size()) : share;
      const auto wanted = static_cast<std::size_t>(all + 0.5);
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

/// Says on standard error where the result means little: few test pairs, copies, pictures left out.
void warn_about(const Options& options, const Faults& left_out, std::size_t all,
                const std::map<std::string, std::array<std::size_t, 4>>& counts, std::size_t copies) {
  if (!left_out.empty())
    warn(std::to_string(left_out.size()) + " of " + std::to_string(all) + " pictures of " + options.captions +
         " left out (" + left_out.kinds() + "): " + left_out.text());
  constexpr std::size_t enough = 20;
  std::size_t few = 0, least = enough;
  std::string smallest;
  for (const auto& [task, n] : counts) {
    const std::size_t test = n[static_cast<std::size_t>(Split::Test)];
    if (test >= enough) continue;
    ++few;
    if (test >= least) continue;
    least = test;
    smallest = task;
  }
  if (few > 0)
    warn(std::to_string(few) + " of " + std::to_string(counts.size()) + " tasks have fewer than " +
         std::to_string(enough) + " test pairs, the least " + std::to_string(least) + " (" + ctp::quoted(smallest) +
         "): recalls over so few pairs say little; hold out more by --test, as a share or as a number of pictures");
  if (copies > 0)
    warn(std::to_string(copies) +
         " held-out pictures are copies of training pictures, byte by byte: figures over them include what was trained "
         "on");
}

void convert(const Options& options) {
  ctp::data::FileFinder finder(options.pictures);
  Faults left_out;
  Rows rows = read_table(options, finder, left_out);
  const std::size_t all = rows.size() + left_out.size();
  require_output_apart(options);
  require_pictures_apart(options, rows);
  const examples::StopSignals noted;
  look_at_pictures(rows, left_out, {.max_pixels = options.max_pixels});
  require_good(rows, left_out, options.captions, options.on_bad_image == "skip");
  const std::vector<Split> splits = split_rows(rows, options);
  const std::optional<std::uint8_t> background = examples::background_of(options.background, "--background");
  ctp::io::require_free_space(options.output, written_bytes(rows, background.has_value()), "the pictures");
  P9dWriter writer(options.output, options.overwrite ? ctp::io::Overwrite::Yes : ctp::io::Overwrite::No);
  std::map<std::string, std::array<std::size_t, 4>> counts;  // pairs, by task and split
  std::vector<std::string> order;
  std::size_t transparent = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    examples::StopSignals::check();
    const Row& row = rows[i];
    try {
      std::vector<std::byte> picture = ctp::io::read_file(row.path, ctp::data::largest_picture_file);
      transparent += row.transparent ? 1 : 0;
      if (row.opacity && background)
        picture =
            ctp::data::lay_on_background(picture, row.path, *background, {.max_pixels = options.max_pixels}).bytes;
      writer.add(splits[i], row.record, picture, row.more_titles);
    } catch (const ctp::DataError& error) {
      throw ctp::DataError(options.captions + ": line " + std::to_string(row.line) + ": " + error.what());
    }
    if (counts.count(row.record.industry) == 0) order.push_back(row.record.industry);
    counts[row.record.industry][static_cast<std::size_t>(splits[i])] += row.pairs();
  }
  writer.finish();

  const std::size_t copies = copies_of_training(rows, splits);
  warn_about(options, left_out, all, counts, copies);
  ctp::JsonArray tasks;
  if (!options.json)
    std::printf("%s\n   train    test   query gallery   task\n", ctp::printable(options.output).c_str());
  for (const std::string& task : order) {
    const auto& n = counts[task];
    tasks.push(
        ctp::JsonLine().add("task", task).add("train", n[0]).add("test", n[1]).add("query", n[2]).add("gallery", n[3]));
    if (!options.json) std::printf("%8zu%8zu%8zu%8zu   %s\n", n[0], n[1], n[2], n[3], ctp::printable(task).c_str());
  }
  if (!options.json) {
    if (transparent > 0 && background)
      std::printf("%zu pictures with transparency laid on grey level %d\n", transparent, int{*background});
    else if (transparent > 0)
      std::printf("%zu pictures with transparency, which readers drop: the colours stored below it show\n",
                  transparent);
    if (finder.normalised() > 0) std::printf("%zu pictures found by their names' normal form\n", finder.normalised());
    return;
  }
  ctp::JsonArray first;
  for (const auto& [number, fault] : left_out.first())
    first.push(ctp::JsonLine().add("line", number).add("file", fault.file).add("reason", fault.reason));
  ctp::JsonLine kinds;
  for (std::size_t i = 0; i < fault_kinds.size(); ++i)
    kinds.add(fault_kinds[i], left_out.count(static_cast<FaultKind>(i)));
  ctp::JsonLine line;
  line.add("folder", options.output).add("tasks", tasks).add("left_out", first);
  line.add("left_out_lines", left_out.lines()).add("left_out_kinds", kinds).add("transparent", transparent);
  line.add("copies_of_training_pictures", copies).add("found_by_normal_form", finder.normalised());
  std::puts(line.text().c_str());
}

int run(int argc, char** argv) {
  CLI::App app("Turns a folder of pictures and a table of captions into a P9D-layout folder.", "pictures_to_p9d");
  Options options;
  app.add_option("--pictures", options.pictures, "Folder of picture files")->required();
  app.add_option("--captions", options.captions, "CSV: file,caption[,task[,category]]")->required();
  app.add_option("--output", options.output, "Folder to write; must be empty or missing")->required();
  app.add_flag("--overwrite", options.overwrite, "Replace the data set in --output, once the new one is complete");
  const CLI::Validator share(
      [](const std::string& text) {
        double value = -1;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool good = problem == std::errc() && end == text.data() + text.size() &&
                          ((value >= 0 && value <= 0.9) || (value >= 1 && value <= 1e9 && value == std::floor(value)));
        return good ? "" : "expected a share from 0 to 0.9 or a whole number of pictures, found '" + text + "'";
      },
      "SHARE or NUMBER");
  app.add_option("--test", options.test,
                 "Share of each task's pictures for testing, or their number; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--query", options.query,
                 "Share for the queries of multi-modal retrieval, or their number; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--gallery", options.gallery,
                 "Share for the gallery of multi-modal retrieval, or their number; at least one picture")
      ->check(share)
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Seed of the split")->check(CLI::NonNegativeNumber)->capture_default_str();
  app.add_option(
         "--background", options.background,
         "Grey level, 0 to 255, behind transparent pixels; none: leave the files, whose readers drop transparency")
      ->capture_default_str();
  app.add_option("--max-pixels", options.max_pixels, "Largest picture: width times height")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--on-bad-image", options.on_bad_image,
                 "A picture that cannot be read: error (end, naming all of them) or skip (leave them out)")
      ->check(CLI::IsMember({"error", "skip"}))
      ->capture_default_str();
  app.add_option("--delimiter", options.delimiter, "Between columns: comma, tab, semicolon, pipe or one character");
  app.add_flag("--several-captions", options.several_captions,
               "Rows of one file with different captions are captions of one picture");
  app.add_flag("--heading", options.heading, "The first line of the table is a heading");
  app.add_flag("--json", options.json, "Print the summary as one JSON line");
  if (const auto code = examples::parse(app, argc, argv)) return *code;
  (void)examples::background_of(options.background, "--background");
  if (!options.json) examples::printed_text_is_optional();
  convert(options);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return examples::guarded("pictures_to_p9d", [&] { return run(argc, argv); });
}
