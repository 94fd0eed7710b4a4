/// @file   ctp/eval/retrieval.hpp
/// @brief  Cross-modal retrieval: recall at k from image to text and from text to image.
/// @layer  eval
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <ctp/backend/concepts.hpp>
#include <ctp/backend/generic/ranking.hpp>
#include <ctp/backend/ranking.hpp>
#include <ctp/core/error.hpp>
#include <ctp/eval/equal_pairs.hpp>
#include <ctp/eval/taken_rows.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::eval {

namespace detail {

/// For each image, the number of texts ranked before its own text; for each text, the number of images.
struct MatchRanks {
  std::vector<std::int32_t> text, image;
};

[[noreturn]] inline void refuse_scores(std::size_t pair) {
  throw NumericError(Complaint{"retrieval", "scores of pair " + std::to_string(pair), "finite numbers",
                               "one that is not", "the weights or the features hold NaN or infinity"}
                         .text());
}

template <backend::RanksRows Backend, class Real>
MatchRanks match_ranks(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  const auto images = uploaded<Backend>(image), texts = uploaded<Backend>(text);
  const auto rows = static_cast<Index>(n);
  Buffer<std::int32_t, Backend> text_rank(rows), image_rank(rows);
  Backend::retrieval_ranks(rows, static_cast<Index>(e), images.data(), texts.data(), text_rank.data(),
                           image_rank.data());
  MatchRanks ranks{text_rank.to_host(), image_rank.to_host()};
  const auto bad = std::find(ranks.text.begin(), ranks.text.end(), backend::not_finite);
  if (bad != ranks.text.end()) refuse_scores(static_cast<std::size_t>(bad - ranks.text.begin()));
  return ranks;
}

/// Percentages of ranks below 1, 5 and 10, and their mean.
inline std::array<double, 4> recalls(const std::vector<std::int32_t>& ranks) {
  std::array<double, 4> out{};
  constexpr std::int32_t cuts[] = {1, 5, 10};
  for (std::size_t k = 0; k < 3; ++k) {
    std::size_t hits = 0;
    for (const std::int32_t r : ranks) hits += r < cuts[k] ? 1U : 0U;
    out[k] = 100.0 * static_cast<double>(hits) / static_cast<double>(ranks.size());
  }
  out[3] = (out[0] + out[1] + out[2]) / 3.0;
  return out;
}

/// **Errors.** DataError if there is no pair; ShapeError for features of another size.
inline void require_pairs(std::size_t image, std::size_t text, std::size_t n, std::size_t e) {
  if (n == 0) {
    throw DataError(Complaint{"retrieval", "", "at least one image-text pair", "none",
                              "check that the test split names the tasks that were trained"}
                        .text());
  }
  if (e == 0 || image != n * e || text != n * e) {
    throw ShapeError("retrieval: image holds " + std::to_string(image) + " and text " + std::to_string(text) +
                     " numbers, but " + std::to_string(n) + " pairs of width " + std::to_string(e) +
                     " were announced; both must be [n, e]");
  }
}

template <backend::RanksRows Backend, class Real>
RetrievalScores retrieval(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  require_pairs(image.size(), text.size(), n, e);
  const MatchRanks ranks = match_ranks<Backend>(image, text, n, e);
  const auto to_text = recalls(ranks.text), to_image = recalls(ranks.image);
  return {to_text[0],  to_text[1],  to_text[2],
          to_text[3],  to_image[0], to_image[1],
          to_image[2], to_image[3], (to_text[3] + to_image[3]) / 2.0};
}

/// @brief Sums of hits at the three cuts, over queries that each stand `weight` times.
///
/// `positives[i]`: candidates of the kind `of`, with their numbers of places. A query's best positive decides; of
/// candidates with its score every order is equally likely.
template <backend::RanksRows Backend, class Real>
std::array<double, 3> sums_of_hits(std::span<const Real> query, std::span<const Real> candidate, std::size_t e,
                                   const std::vector<PairGraph::Node>& queries, const std::vector<PairGraph::Node>& of,
                                   bool candidates_repeat, bool queries_repeat) {
  const auto rows = static_cast<Index>(queries.size()), columns = static_cast<Index>(candidate.size() / e);
  std::vector<std::int32_t> left, right;
  for (std::size_t i = 0; i < queries.size(); ++i)
    for (const std::int32_t j : queries[i].others) {
      left.push_back(static_cast<std::int32_t>(i));
      right.push_back(candidates_repeat ? static_cast<std::int32_t>(of[static_cast<std::size_t>(j)].first) : j);
    }
  const auto pairs = static_cast<Index>(left.size());
  Buffer<std::int32_t, Backend> left_row(pairs), right_row(pairs);
  left_row.assign(left);
  right_row.assign(right);
  const auto q = uploaded<Backend>(query), c = uploaded<Backend>(candidate);
  using Score = typename Backend::Real;
  Buffer<Score, Backend> score(pairs), bar(rows);
  const auto width = static_cast<Index>(e);
  Backend::pair_scores(pairs, width, q.data(), left_row.data(), c.data(), right_row.data(), score.data());
  const std::vector<Score> scores = score.to_host();
  std::vector<Score> best(queries.size());
  std::vector<std::size_t> places(queries.size());  // of positives with the best score
  for (std::size_t i = 0, at = 0; i < queries.size(); ++i)
    for (std::size_t s = 0; s < queries[i].others.size(); ++s, ++at) {
      const std::size_t mine =
          candidates_repeat ? of[static_cast<std::size_t>(queries[i].others[s])].pairs : std::size_t{1};
      if (s == 0 || scores[at] > best[i]) {
        best[i] = scores[at];
        places[i] = mine;
      } else if (scores[at] == best[i]) {
        places[i] += mine;
      }
    }
  bar.assign(best);
  Buffer<std::int32_t, Backend> above(rows), equal(rows);
  Backend::rank_counts(rows, columns, width, q.data(), c.data(), bar.data(), above.data(), equal.data());
  const std::vector<std::int32_t> ahead = above.to_host(), tied = equal.to_host();
  std::array<std::vector<double>, 3> terms;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    if (ahead[i] == backend::not_finite) refuse_scores(queries[i].first);
    const std::size_t all = std::max(static_cast<std::size_t>(tied[i]), places[i]);
    const double weight = queries_repeat ? static_cast<double>(queries[i].pairs) : 1.0;
    for (std::size_t k = 0; k < 3; ++k)
      terms[k].push_back(
          weight * hit_probability(static_cast<std::size_t>(ahead[i]), all - places[i], places[i], recall_cuts[k]));
  }
  return {sorted_sum(terms[0]), sorted_sum(terms[1]), sorted_sum(terms[2])};
}

template <backend::RanksRows Backend, class Real>
RetrievalScores retrieval(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e,
                          const EqualPairs& equal) {
  require_pairs(image.size(), text.size(), n, e);
  const PairGraph graph(equal, n);
  std::vector<std::size_t> first_images, first_texts;
  for (const auto& v : graph.images) first_images.push_back(v.first);
  for (const auto& u : graph.texts) first_texts.push_back(u.first);
  const std::vector<Real> images = taken_rows(image, e, first_images), texts = taken_rows(text, e, first_texts),
                          all_texts = taken_rows(text, e, equal.text);
  const std::span<const Real> i(images), t(texts), a(all_texts);
  return percent(sums_of_hits<Backend>(i, a, e, graph.images, graph.texts, true, false), graph.images.size(),
                 sums_of_hits<Backend>(t, i, e, graph.texts, graph.images, false, true), n);
}

}  // namespace detail

/// @brief Recall at 1, 5 and 10 in both directions, by inner product; row i of `image` belongs to row i of `text`.
///
/// Of equal scores the lower index comes first. The published evaluation replaces all but each row's ten best scores by
/// a constant, which changes nothing at these cut-offs. Scores are computed by `Backend`, in its own Real.
/// **Shapes.** image, text: [n, e], row-major.  **Units.** percent.
/// **Errors.** DataError if n is 0; ShapeError if a list is not [n, e]; NumericError if a score is not finite.
/// **Source.** Published product_evaluation.py (itm_eval).  See docs/evaluation.md.
template <backend::RanksRows Backend = backend::generic::Ranking<float>>
RetrievalScores retrieval(std::span<const float> image, std::span<const float> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Backend, float>(image, text, n, e);
}
/// retrieval() of features in double.
template <backend::RanksRows Backend = backend::generic::Ranking<double>>
RetrievalScores retrieval(std::span<const double> image, std::span<const double> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Backend, double>(image, text, n, e);
}

/// @brief Recalls that do not depend on the order of the pairs: what is equal to one's own counts as one's own.
///
/// Queries from image to text: the distinct images; candidates: the texts of all pairs; positives: all texts equal to a
/// text of the image. Queries from text to image: the texts of all pairs; candidates: the distinct images; positives:
/// the images of all equal texts. R@k is the probability that a positive is among the k best, where candidates with
/// equal scores stand in random order. Equal images, and equal texts, take the features of the first of them. With one
/// text for an image this is the evaluation above; with several captions for an image it is that of COCO.
///
/// **Shapes.** image, text: [n, e], row-major.  **Units.** percent.  **Errors.** as above; UsageError for lists that
/// first_equal() does not make.  See docs/evaluation.md.
template <backend::RanksRows Backend = backend::generic::Ranking<float>>
RetrievalScores retrieval(std::span<const float> image, std::span<const float> text, std::size_t n, std::size_t e,
                          const EqualPairs& equal) {
  return detail::retrieval<Backend, float>(image, text, n, e, equal);
}
/// retrieval() with equal pairs, of features in double.
template <backend::RanksRows Backend = backend::generic::Ranking<double>>
RetrievalScores retrieval(std::span<const double> image, std::span<const double> text, std::size_t n, std::size_t e,
                          const EqualPairs& equal) {
  return detail::retrieval<Backend, double>(image, text, n, e, equal);
}

}  // namespace ctp::eval
