/// @file   ctp/eval/retrieval.hpp
/// @brief  Cross-modal retrieval: how often an image finds its text, and a text its image, among the best k.
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
#include <ctp/core/error.hpp>
#include <ctp/eval/score_tiles.hpp>
#include <ctp/tensor/buffer.hpp>

namespace ctp::eval {

/// @brief Recalls in percent. txt_: images asking for their text; img_: texts asking for their image.
struct RetrievalScores {
  double txt_r1 = 0, txt_r5 = 0, txt_r10 = 0, txt_r_mean = 0;
  double img_r1 = 0, img_r5 = 0, img_r10 = 0, img_r_mean = 0;
  double r_mean = 0;  ///< mean of the six recalls
};

namespace detail {

/// Scores of matched rows, with the very bits they have in the whole matrix.
template <class Real>
std::vector<Real> own_scores(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  constexpr std::size_t part = ScoreKernel<Real>::columns;
  std::vector<Real> own(n);
  for (std::size_t first = 0; first < n; first += part) {
    const std::size_t count = std::min(part, n - first);
    for_each_score_tile<Real>(image.subspan(first * e, count * e), text.subspan(first * e, count * e), e,
                              [&](const ScoreTile<Real>& t) {
                                for (std::size_t r = 0; r < t.rows; ++r) {
                                  const std::size_t i = t.row + r;
                                  if (i >= t.column && i < t.column + t.columns)
                                    own[first + i] = t.line(r)[i - t.column];
                                }
                              });
  }
  return own;
}

/// How many texts come before each image's own, and how many images before each text's.
struct MatchRanks {
  std::vector<std::int32_t> text, image;
};

[[noreturn]] inline void refuse_retrieval_scores(std::size_t first_row) {
  throw NumericError(Complaint{"retrieval", "scores of pairs from " + std::to_string(first_row), "finite numbers",
                               "one that is not", "the weights or the features hold NaN or infinity"}
                         .text());
}

/// Ranks by tiles of scores, on the host.
template <class Real>
MatchRanks match_ranks(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  const std::vector<Real> own = own_scores(image, text, n, e);
  MatchRanks ranks{std::vector<std::int32_t>(n), std::vector<std::int32_t>(n)};
  for_each_score_tile<Real>(image, text, e, [&](const ScoreTile<Real>& t) {
    if (!t.finite()) refuse_retrieval_scores(t.row);
    for (std::size_t r = 0; r < t.rows; ++r) {
      const std::size_t i = t.row + r;
      const Real* s = t.line(r);
      std::int32_t ahead = 0;
      for (std::size_t c = 0; c < t.columns; ++c) {
        const std::size_t j = t.column + c;
        ahead += static_cast<std::int32_t>(s[c] > own[i]) + static_cast<std::int32_t>((s[c] == own[i]) & (j < i));
        ranks.image[j] +=
            static_cast<std::int32_t>(s[c] > own[j]) + static_cast<std::int32_t>((s[c] == own[j]) & (i < j));
      }
      ranks.text[i] += ahead;
    }
  });
  return ranks;
}

/// Ranks by a backend's own kernels.
template <backend::RanksRows Backend, class Real>
MatchRanks match_ranks_on(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  const auto images = uploaded<Backend>(image), texts = uploaded<Backend>(text);
  const auto rows = static_cast<Index>(n);
  Buffer<std::int32_t, Backend> text_rank(rows), image_rank(rows);
  Backend::retrieval_ranks(rows, static_cast<Index>(e), images.data(), texts.data(), text_rank.data(),
                           image_rank.data());
  MatchRanks ranks{text_rank.to_host(), image_rank.to_host()};
  const auto bad = std::find(ranks.text.begin(), ranks.text.end(), backend::not_finite);
  if (bad != ranks.text.end()) refuse_retrieval_scores(static_cast<std::size_t>(bad - ranks.text.begin()));
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

template <class Where, class Real>
RetrievalScores retrieval(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  if (n == 0) {
    throw DataError(Complaint{"retrieval", "", "at least one image-text pair", "none",
                              "check that the test split names the tasks that were trained"}
                        .text());
  }
  if (e == 0 || image.size() != n * e || text.size() != n * e) {
    throw ShapeError("retrieval: image holds " + std::to_string(image.size()) + " and text " +
                     std::to_string(text.size()) + " numbers, but " + std::to_string(n) + " pairs of width " +
                     std::to_string(e) + " were announced; both must be [n, e]");
  }
  const MatchRanks ranks = [&] {
    if constexpr (backend::RanksRows<Where>)
      return match_ranks_on<Where>(image, text, n, e);
    else
      return match_ranks(image, text, n, e);
  }();
  const auto to_text = recalls(ranks.text), to_image = recalls(ranks.image);
  return {to_text[0],  to_text[1],  to_text[2],
          to_text[3],  to_image[0], to_image[1],
          to_image[2], to_image[3], (to_text[3] + to_image[3]) / 2.0};
}

}  // namespace detail

/// @brief Recall at 1, 5 and 10 in both directions, by inner product; row i of `image` belongs to row i of `text`.
///
/// Of equal scores the lower index comes first. The published evaluation gives all but each row's ten best scores a
/// filler, which changes nothing at these cut-offs. `Where` is a backend, or Host; one that has no kernels for this
/// leaves it to the host.
/// **Shapes.** image, text: [n, e], row-major.  **Units.** percent.
/// **Errors.** DataError if n is 0; ShapeError if a list is not [n, e]; NumericError if a score is not finite.
/// **Source.** Published product_evaluation.py (itm_eval).
template <Place Where = Host>
RetrievalScores retrieval(std::span<const float> image, std::span<const float> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Where, float>(image, text, n, e);
}
/// The same in double, or in a backend's Real.
template <Place Where = Host>
RetrievalScores retrieval(std::span<const double> image, std::span<const double> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Where, double>(image, text, n, e);
}

}  // namespace ctp::eval
