/// @file   print.hpp
/// @brief  Printer of an evaluation, as a table or as one JSON object, with what the figures are measured over.
#pragma once

#include <cstdio>
#include <string>

#include <ctp/core/error.hpp>
#include <ctp/core/json_line.hpp>
#include <ctp/core/quoted.hpp>

#include "../common/evaluation.hpp"

namespace evaluation {

/// **Errors.** DataError if records of `folder` belong to industries that its train.json does not have.
inline void refuse_unlisted(const examples::LeftOut& out, const std::string& folder) {
  if (out.all() == 0) return;
  throw ctp::DataError(ctp::Complaint{
      folder + "/json", "industry_name", "industries of train.json in test.json, query.json and gallery.json",
      std::to_string(out.test) + " test, " + std::to_string(out.query) + " query and " + std::to_string(out.gallery) +
          " gallery records of other industries: " + examples::listed(out.names),
      "mend the names, or leave these records out of the figures with --unlisted count"}
                           .text());
}

/// Prints the result on standard output, and what it leaves out or cannot show on standard error. `more(line)` adds
/// fields to the JSON object.
template <class More>
void print(const examples::Evaluator& evaluator, const examples::Evaluation& result, bool json, const More& more) {
  const std::size_t last = evaluator.tasks().size() - 1;
  if (json) {
    ctp::JsonLine line;
    examples::add_evaluation(line, result, evaluator, last);
    examples::add_remarks(line, evaluator, "unlisted");
    more(line);
    std::printf("%s\n", line.text().c_str());
  } else {
    const auto row = [](const std::string& name, const ctp::eval::RetrievalScores& r,
                        const examples::RecallList& over) {
      std::printf("%6.2f %6.2f %6.2f   %6.2f %6.2f %6.2f   %6.2f %7.2f %6zu %7zu  %s\n", r.txt_r1, r.txt_r5, r.txt_r10,
                  r.img_r1, r.img_r5, r.img_r10, r.r_mean, over.chance.r_mean, over.pairs, over.images, name.c_str());
    };
    std::printf("image to text R@1/5/10 text to image R@1/5/10   mean  chance  pairs  images\n");
    for (std::size_t t = 0; t <= last; ++t)
      row(examples::shown(evaluator.tasks()[t]), result.alone[t], evaluator.alone()[t]);
    row("all tasks together", result.joined[last], evaluator.joined(last));
    const examples::MapList& over = result.map_list;
    if (result.map)
      std::printf(
          "category precision mAP@1/5/10: %.2f %.2f %.2f (chance %.2f %.2f %.2f; %zu queries, %zu gallery "
          "items)\n",
          result.map->map1, result.map->map5, result.map->map10, over.chance.map1, over.chance.map5, over.chance.map10,
          over.in_mean, over.gallery);
    else
      std::printf("category precision mAP@1/5/10: - - - (%zu queries, %zu gallery items)\n", over.in_mean,
                  over.gallery);
  }
  for (const std::string& line : examples::remarks(evaluator, "train.json does not have their industries"))
    std::fprintf(stderr, "evaluate: %s\n", line.c_str());
  if (const std::string line = examples::remark_on_queries(result.map_list); !line.empty())
    std::fprintf(stderr, "evaluate: %s\n", line.c_str());
}

}  // namespace evaluation
