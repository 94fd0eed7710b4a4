/// @file   ctp/eval/equal_pairs.hpp
/// @brief  Which image-text pairs share an image or a text, and the chance level of their recalls.
/// @layer  eval
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ctp/core/error.hpp>

namespace ctp::eval {

/// @brief Recalls in percent. txt_: from image to text; img_: from text to image.
struct RetrievalScores {
  double txt_r1 = 0, txt_r5 = 0, txt_r10 = 0, txt_r_mean = 0;
  double img_r1 = 0, img_r5 = 0, img_r10 = 0, img_r_mean = 0;
  double r_mean = 0;  ///< mean of the six recalls
};

/// @brief For each pair the first pair with an equal image, and the first pair with an equal text. A pair whose image
/// or text does not repeat names itself.
struct EqualPairs {
  std::vector<std::int32_t> image, text;  ///< [pairs]
};

/// For each i below `count` the first j with key(j) == key(i). Keys are hashed by `std::hash`.
template <class Key>
std::vector<std::int32_t> first_equal(std::size_t count, const Key& key) {
  std::unordered_map<std::remove_cvref_t<decltype(key(std::size_t{0}))>, std::int32_t> first;
  first.reserve(count);
  std::vector<std::int32_t> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = first.emplace(key(i), static_cast<std::int32_t>(i)).first->second;
  return out;
}

/// Number of entries that name an earlier entry.
inline std::size_t repeats(const std::vector<std::int32_t>& first) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < first.size(); ++i) n += static_cast<std::size_t>(first[i]) != i ? 1U : 0U;
  return n;
}

namespace detail {

inline constexpr std::array<std::size_t, 3> recall_cuts{1, 5, 10};

/// @brief Probability that one of `positives` is among the first `k` places, when `ahead` other candidates come before
/// all of them and `others` candidates stand among them in random order.
inline double hit_probability(std::size_t ahead, std::size_t others, std::size_t positives, std::size_t k) {
  if (ahead >= k || positives == 0) return 0.0;
  double missed = 1.0;
  for (std::size_t i = 0; i < k - ahead; ++i) {
    if (i >= others) return 1.0;
    missed *= static_cast<double>(others - i) / static_cast<double>(others + positives - i);
  }
  return 1.0 - missed;
}

/// @brief The pairs as a bipartite graph: distinct images and texts as nodes, an edge for each distinct pair.
struct PairGraph {
  struct Node {
    std::size_t first = 0;             ///< first pair with this image or text
    std::size_t pairs = 0;             ///< number of pairs with it
    std::vector<std::int32_t> others;  ///< its texts or images, each once
  };
  std::vector<Node> images, texts;

  /// **Errors.** UsageError unless the lists have `n` entries and each names a pair that names itself.
  PairGraph(const EqualPairs& equal, std::size_t n) {
    const auto image = nodes(equal.image, n, images), text = nodes(equal.text, n, texts);
    std::set<std::pair<std::int32_t, std::int32_t>> seen;
    for (std::size_t i = 0; i < n; ++i) {
      if (!seen.emplace(image[i], text[i]).second) continue;
      images[static_cast<std::size_t>(image[i])].others.push_back(text[i]);
      texts[static_cast<std::size_t>(text[i])].others.push_back(image[i]);
    }
  }
  /// Number of pairs that have one of the texts of image `v`: the positives of that image.
  [[nodiscard]] std::size_t captions_of(const Node& v) const {
    std::size_t sum = 0;
    for (const std::int32_t u : v.others) sum += texts[static_cast<std::size_t>(u)].pairs;
    return sum;
  }

 private:
  static std::vector<std::int32_t> nodes(const std::vector<std::int32_t>& first, std::size_t n,
                                         std::vector<Node>& out) {
    bool right = first.size() == n;
    std::vector<std::int32_t> of(n);
    for (std::size_t i = 0; right && i < n; ++i) {
      const auto j = static_cast<std::size_t>(first[i]);
      right = first[i] >= 0 && j <= i && static_cast<std::size_t>(first[j]) == j;
      if (!right) break;
      if (j == i) {
        of[i] = static_cast<std::int32_t>(out.size());
        out.push_back({i, 0, {}});
      }
      of[i] = of[j];
      ++out[static_cast<std::size_t>(of[i])].pairs;
    }
    if (!right)
      throw UsageError(Complaint{"EqualPairs", "", "for each of " + std::to_string(n) + " pairs the first equal pair",
                                 "another list", "make it with first_equal()"}
                           .text());
    return of;
  }
};

/// The sum in an order of its own, so that it has the same bits for any order of the terms.
inline double sorted_sum(std::vector<double>& terms) {
  std::sort(terms.begin(), terms.end());
  double sum = 0.0;
  for (const double term : terms) sum += term;
  return sum;
}

/// The nine recalls of two lists of three sums, each over `images` or `texts` queries.
inline RetrievalScores percent(const std::array<double, 3>& to_text, std::size_t images,
                               const std::array<double, 3>& to_image, std::size_t texts) {
  const auto share = [](double sum, std::size_t n) { return n == 0 ? 0.0 : 100.0 * sum / static_cast<double>(n); };
  RetrievalScores s;
  s.txt_r1 = share(to_text[0], images), s.txt_r5 = share(to_text[1], images), s.txt_r10 = share(to_text[2], images);
  s.img_r1 = share(to_image[0], texts), s.img_r5 = share(to_image[1], texts), s.img_r10 = share(to_image[2], texts);
  s.txt_r_mean = (s.txt_r1 + s.txt_r5 + s.txt_r10) / 3.0;
  s.img_r_mean = (s.img_r1 + s.img_r5 + s.img_r10) / 3.0;
  s.r_mean = (s.txt_r_mean + s.img_r_mean) / 2.0;
  return s;
}

}  // namespace detail

/// @brief The expected recalls of a random ranking of `pairs` pairs that share no image and no text: min(k, n) / n.
inline RetrievalScores chance_of_recall(std::size_t pairs) {
  std::array<double, 3> sum{};
  for (std::size_t k = 0; k < 3; ++k) sum[k] = static_cast<double>(std::min(detail::recall_cuts[k], pairs));
  return detail::percent(sum, pairs, sum, pairs);
}

/// @brief The expected recalls of a random ranking, by the definition of retrieval() with EqualPairs.
/// **Errors.** UsageError for a list that first_equal() does not make.
inline RetrievalScores chance_of_recall(const EqualPairs& equal) {
  const std::size_t n = equal.image.size();
  const detail::PairGraph graph(equal, n);
  std::array<double, 3> to_text{}, to_image{};
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> of_images, of_texts;
    for (const auto& v : graph.images) {
      const std::size_t positives = graph.captions_of(v);
      of_images.push_back(detail::hit_probability(0, n - positives, positives, detail::recall_cuts[k]));
    }
    for (const auto& u : graph.texts) {
      const std::size_t positives = u.others.size(), others = graph.images.size() - positives;
      of_texts.push_back(static_cast<double>(u.pairs) *
                         detail::hit_probability(0, others, positives, detail::recall_cuts[k]));
    }
    to_text[k] = detail::sorted_sum(of_images);
    to_image[k] = detail::sorted_sum(of_texts);
  }
  return detail::percent(to_text, graph.images.size(), to_image, n);
}

}  // namespace ctp::eval
