/// @file   title_check.hpp
/// @brief  Says at the start of a program what the tokenizer makes of the titles, and refuses titles that teach
/// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/quoted.hpp>
#include <ctp/data/pairs/p9d.hpp>
#include <ctp/data/text/title_report.hpp>

namespace examples {

/// Share of unknown tokens from which a warning is printed.
inline constexpr double many_unknown = 0.5;

/// Reports over the splits of a P9D folder; `train` over the chosen tasks, empty where a program does not train.
struct TitleReports {
  ctp::data::TitleReport train, test, query, gallery;
  std::size_t replaced = 0;    ///< titles and names with lone surrogates
  std::size_t normalised = 0;  ///< records whose picture is named in another normal form than its id

  [[nodiscard]] std::array<std::pair<const char*, const ctp::data::TitleReport*>, 4> all() const {
    return {{{"train", &train}, {"test", &test}, {"query", &query}, {"gallery", &gallery}}};
  }
  /// An object with an object for each split that has titles.
  [[nodiscard]] ctp::JsonLine json() const {
    ctp::JsonLine line;
    for (const auto& [name, report] : all())
      if (report->titles > 0) line.add(name, report->json());
    return line.add("replaced", replaced);
  }
  /// Prints a line for each split that has titles, and warnings on standard error. `quiet`: only the warnings.
  void say(const char* program, const std::string& vocabulary, bool quiet) const {
    for (const auto& [name, report] : all()) {
      if (report->titles == 0) continue;
      if (!quiet) std::printf("%s: %s\n", name, report->text().c_str());
      if (report->unknown_share() > many_unknown)
        std::fprintf(stderr, "%s: warning: %.1f %% of the tokens of the %s titles are unknown to %s\n", program,
                     100 * report->unknown_share(), name, ctp::quoted(vocabulary, 400).c_str());
      if (report->empty > 0)
        std::fprintf(stderr, "%s: warning: %zu of the %s titles are empty after clean-up\n", program, report->empty,
                     name);
    }
    if (replaced > 0)
      std::fprintf(stderr, "%s: warning: titles with half a surrogate pair, read as U+FFFD: %zu\n", program, replaced);
    if (normalised > 0)
      std::fprintf(stderr, "%s: warning: pictures named in another Unicode normal form than their ids: %zu\n", program,
                   normalised);
  }
};

/// @brief Reports over the titles of `stream`. `train`: with the training pairs of the chosen tasks.
inline TitleReports title_reports(const ctp::data::P9d& stream, const ctp::data::Tokenizer& tokenizer, int max_words,
                                  bool train) {
  const auto over = [&](const std::vector<ctp::data::Sample>& samples) {
    return ctp::data::report_titles(
        samples.size(), [&](std::size_t i) -> const std::string& { return samples[i].title; }, tokenizer, max_words,
        max_words);
  };
  TitleReports reports{{},
                       over(stream.test()),
                       over(stream.query()),
                       over(stream.gallery()),
                       stream.replaced_titles(),
                       stream.normalised_names()};
  if (!train) return reports;
  std::vector<std::uint32_t> members;
  for (const std::string& task : stream.tasks()) {
    const auto of_task = stream.train(task);
    members.insert(members.end(), of_task.begin(), of_task.end());
  }
  reports.train = ctp::data::report_titles(
      members.size(), [&](std::size_t i) -> const std::string& { return stream.train()[members[i]].title; }, tokenizer,
      max_words, max_words);
  if (reports.train.empty > 0) reports.train.first_empty = members[reports.train.first_empty];
  return reports;
}

/// **Errors.** DataError if more training titles are empty than `max_empty`, or if the share of unknown tokens in them
/// is above `max_unknown`. `vocabulary`: for the message.
inline void require_titles(const TitleReports& reports, const ctp::data::P9d& stream, const std::string& vocabulary,
                           int max_empty, double max_unknown) {
  const ctp::data::TitleReport& train = reports.train;
  if (train.empty > static_cast<std::size_t>(max_empty)) {
    const ctp::data::Sample& first = stream.train()[train.first_empty];
    throw ctp::DataError(ctp::Complaint{
        stream.folder() + "/json/train.json", "title",
        (max_empty == 0 ? "text in every title" : "at most " + std::to_string(max_empty) + " empty titles"),
        std::to_string(train.empty) + " empty after clean-up, the first that of " + ctp::quoted(first.id) + ": " +
            ctp::quoted(first.title, 40),
        "remove the pairs, or allow them with --max-empty-titles"}
                             .text());
  }
  if (train.unknown_share() > max_unknown) {
    std::array<char, 96> found{};
    std::snprintf(found.data(), found.size(), "%.1f %% of %zu tokens", 100 * train.unknown_share(), train.tokens);
    std::array<char, 96> most{};
    std::snprintf(most.data(), most.size(), "at most %.1f %% unknown tokens in the training titles", 100 * max_unknown);
    throw ctp::DataError(ctp::Complaint{vocabulary, "", most.data(), found.data(),
                                        "give the vocabulary of these titles, or raise --max-unknown-share"}
                             .text());
  }
}

}  // namespace examples
