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
#include <ctp/tensor/buffer.hpp>

namespace ctp::eval {

/// @brief Recalls in percent. txt_: from image to text; img_: from text to image.
struct RetrievalScores {
  double txt_r1 = 0, txt_r5 = 0, txt_r10 = 0, txt_r_mean = 0;
  double img_r1 = 0, img_r5 = 0, img_r10 = 0, img_r_mean = 0;
  double r_mean = 0;  ///< mean of the six recalls
};

namespace detail {

/// For each image, the number of texts ranked before its own text; for each text, the number of images.
struct MatchRanks {
  std::vector<std::int32_t> text, image;
};

template <backend::RanksRows Backend, class Real>
MatchRanks match_ranks(std::span<const Real> image, std::span<const Real> text, std::size_t n, std::size_t e) {
  const auto images = uploaded<Backend>(image), texts = uploaded<Backend>(text);
  const auto rows = static_cast<Index>(n);
  Buffer<std::int32_t, Backend> text_rank(rows), image_rank(rows);
  Backend::retrieval_ranks(rows, static_cast<Index>(e), images.data(), texts.data(), text_rank.data(),
                           image_rank.data());
  MatchRanks ranks{text_rank.to_host(), image_rank.to_host()};
  const auto bad = std::find(ranks.text.begin(), ranks.text.end(), backend::not_finite);
  if (bad != ranks.text.end()) {
    throw NumericError(Complaint{"retrieval", "scores of pair " + std::to_string(bad - ranks.text.begin()),
                                 "finite numbers", "one that is not",
                                 "the weights or the features hold NaN or infinity"}
                           .text());
  }
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

template <backend::RanksRows Backend, class Real>
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
  const MatchRanks ranks = match_ranks<Backend>(image, text, n, e);
  const auto to_text = recalls(ranks.text), to_image = recalls(ranks.image);
  return {to_text[0],  to_text[1],  to_text[2],
          to_text[3],  to_image[0], to_image[1],
          to_image[2], to_image[3], (to_text[3] + to_image[3]) / 2.0};
}

}  // namespace detail

/// @brief Recall at 1, 5 and 10 in both directions, by inner product; row i of `image` belongs to row i of `text`.
///
/// Of equal scores the lower index comes first. The published evaluation replaces all but each row's ten best scores by
/// a constant, which changes nothing at these cut-offs. Scores are computed by `Backend`, in its own Real.
/// **Shapes.** image, text: [n, e], row-major.  **Units.** percent.
/// **Errors.** DataError if n is 0; ShapeError if a list is not [n, e]; NumericError if a score is not finite.
/// **Source.** Published product_evaluation.py (itm_eval).
template <backend::RanksRows Backend = backend::generic::Ranking<float>>
RetrievalScores retrieval(std::span<const float> image, std::span<const float> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Backend, float>(image, text, n, e);
}
/// retrieval() of features in double.
template <backend::RanksRows Backend = backend::generic::Ranking<double>>
RetrievalScores retrieval(std::span<const double> image, std::span<const double> text, std::size_t n, std::size_t e) {
  return detail::retrieval<Backend, double>(image, text, n, e);
}

}  // namespace ctp::eval
