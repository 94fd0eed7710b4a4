#include <ctp/eval/retrieval.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <ctp/core/philox.hpp>

#include <support/simulated_cuda.hpp>
#include <support/test_backend.hpp>

#include "eval_records.hpp"

using ctp::eval::retrieval;
using ctp::eval::RetrievalScores;
using Host = ctp::backend::generic::Ranking<float>;
using HostDouble = ctp::backend::generic::Ranking<double>;
using Simulated = ctp::test::SimulatedCuda<float>;
using SimulatedDouble = ctp::test::SimulatedCuda<double>;

namespace {

std::vector<double> listed(const RetrievalScores& s) {
  return {s.txt_r1, s.txt_r5, s.txt_r10, s.txt_r_mean, s.img_r1, s.img_r5, s.img_r10, s.img_r_mean, s.r_mean};
}

bool close(const std::vector<double>& a, const std::vector<double>& b, double limit) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [=](double x, double y) { return std::abs(x - y) <= limit; });
}

// Recall by sorting all candidates of every row: slow, and independent of the library's counting of ranks.
std::vector<double> by_sorting(const std::vector<double>& image, const std::vector<double>& text, std::size_t n,
                               std::size_t e) {
  std::vector<double> out;
  for (const bool swap : {false, true}) {
    const auto& query = swap ? text : image;
    const auto& target = swap ? image : text;
    double sum = 0.0;
    for (const std::size_t k : {1U, 5U, 10U}) {
      int hits = 0;
      for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> s(n, 0.0);
        for (std::size_t j = 0; j < n; ++j) {
          for (std::size_t d = 0; d < e; ++d) s[j] += query[i * e + d] * target[j * e + d];
        }
        std::vector<std::size_t> order(n);
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return s[a] != s[b] ? s[a] > s[b] : a < b; });
        const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(k, n));
        hits += std::find(order.begin(), end, i) != end ? 1 : 0;
      }
      out.push_back(100.0 * hits / static_cast<double>(n));
      sum += out.back();
    }
    out.push_back(sum / 3.0);
  }
  out.push_back((out[3] + out[7]) / 2.0);
  return out;
}

}  // namespace

TEST_CASE_TEMPLATE("retrieval: agrees with the PyTorch specification, ties included, in float and double", B, Host,
                   HostDouble, Simulated, SimulatedDouble) {
  std::ifstream in = ctp_test::open_eval_golden();
  std::string kind;
  std::size_t cases = 0;
  while (in >> kind && kind == "retrieval") {
    std::size_t n = 0, e = 0;
    in >> n >> e;
    const auto image = ctp_test::numbers(in, n * e, 1.0 / 16), text = ctp_test::numbers(in, n * e, 1.0 / 16);
    const auto expected = ctp_test::numbers(in, 9);
    CAPTURE(cases);
    CHECK(close(listed(retrieval<B>(image, text, n, e)), expected, 1e-5));
    CHECK(close(listed(retrieval<B>(ctp_test::as_floats(image), ctp_test::as_floats(text), n, e)), expected, 1e-5));
    ++cases;
  }
  CHECK(cases == 60);
}

TEST_CASE_TEMPLATE("retrieval: small random cases equal sorting every row", B, Host, Simulated) {
  constexpr std::uint32_t cases = std::is_same_v<B, Host> ? 5000 : 500;
  std::size_t wrong = 0;
  for (std::uint32_t i = 0; i < cases; ++i) {
    ctp::RandomSubstream random({11, "retrieval"}, {.sample = i});
    const std::size_t n = 1 + random.below(20), e = 1 + random.below(4);
    std::vector<double> image(n * e), text(n * e);
    for (double& v : image) v = static_cast<double>(random.below(5)) - 2.0;  // few values: many ties
    for (double& v : text) v = static_cast<double>(random.below(5)) - 2.0;
    wrong += close(listed(retrieval<B>(image, text, n, e)), by_sorting(image, text, n, e), 1e-9) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

namespace {

/// Share of the orders of equal scores in which a positive is among the k best: looks at every set of the candidates
/// of the score at place k that could fill the places up to k.
double share_of_orders(const std::vector<double>& score, const std::vector<bool>& positive, std::size_t k) {
  std::vector<double> falling = score;
  std::sort(falling.rbegin(), falling.rend());
  if (k >= score.size()) return 1.0;
  std::vector<bool> tied;  // the candidates of the score at place k: is each a positive?
  std::size_t ahead = 0;
  for (std::size_t j = 0; j < score.size(); ++j) {
    if (score[j] > falling[k - 1] && positive[j]) return 1.0;
    ahead += score[j] > falling[k - 1] ? 1U : 0U;
    if (score[j] == falling[k - 1]) tied.push_back(positive[j]);
  }
  std::size_t sets = 0, hits = 0;
  for (std::size_t set = 0; set < std::size_t{1} << tied.size(); ++set) {
    std::size_t size = 0;
    bool hit = false;
    for (std::size_t j = 0; j < tied.size(); ++j)
      if ((set >> j & 1U) != 0) {
        ++size;
        hit = hit || tied[j];
      }
    if (size != k - ahead) continue;
    ++sets;
    hits += hit ? 1U : 0U;
  }
  return static_cast<double>(hits) / static_cast<double>(sets);
}

struct Pairs {
  std::size_t n = 0, e = 0;
  std::vector<std::uint32_t> image_name, text_name;
  std::vector<double> image, text;
  std::vector<std::size_t> order;  ///< of the pairs in the list that is measured

  explicit Pairs(ctp::RandomSubstream& random) : n(1 + random.below(14)), e(1 + random.below(3)), order(n) {
    const std::uint32_t images = 1 + random.below(2 * static_cast<std::uint32_t>(n)),
                        texts = 1 + random.below(2 * static_cast<std::uint32_t>(n));
    for (std::size_t i = 0; i < n; ++i) {
      image_name.push_back(random.below(images));
      text_name.push_back(random.below(texts));
    }
    const std::vector<double> of_image = values(random, images), of_text = values(random, texts);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t d = 0; d < e; ++d) {
        image.push_back(of_image[image_name[i] * e + d]);
        text.push_back(of_text[text_name[i] * e + d]);
      }
    std::iota(order.begin(), order.end(), std::size_t{0});
  }
  void shuffle(ctp::RandomSubstream& random) {
    for (std::size_t i = n; i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
  [[nodiscard]] ctp::eval::EqualPairs equal() const {
    return {ctp::eval::first_equal(n, [&](std::size_t i) { return image_name[order[i]]; }),
            ctp::eval::first_equal(n, [&](std::size_t i) { return text_name[order[i]]; })};
  }
  template <class B>
  [[nodiscard]] std::vector<double> measured() const {
    std::vector<double> a, b;
    for (const std::size_t i : order)
      for (std::size_t d = 0; d < e; ++d) {
        a.push_back(image[i * e + d]);
        b.push_back(text[i * e + d]);
      }
    return listed(retrieval<B>(a, b, n, e, equal()));
  }
  /// By the definition, query by query. `blind`: all scores are equal.
  [[nodiscard]] std::vector<double> by_definition(bool blind = false) const {
    std::vector<double> out;
    std::vector<std::size_t> distinct;
    for (std::size_t i = 0; i < n; ++i)
      if (std::find(image_name.begin(), image_name.begin() + static_cast<std::ptrdiff_t>(i), image_name[i]) ==
          image_name.begin() + static_cast<std::ptrdiff_t>(i))
        distinct.push_back(i);
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto belongs = [&](std::size_t of_image, std::size_t of_text) {
      for (std::size_t p = 0; p < n; ++p)
        if (image_name[p] == image_name[of_image] && text_name[p] == text_name[of_text]) return true;
      return false;
    };
    for (const bool to_image : {false, true}) {
      for (const std::size_t k : {1U, 5U, 10U}) {
        double sum = 0.0;
        for (const std::size_t query : to_image ? all : distinct) {
          std::vector<double> score;
          std::vector<bool> positive;
          for (const std::size_t c : to_image ? distinct : all) {
            const std::size_t i = to_image ? c : query, t = to_image ? query : c;
            score.push_back(0.0);
            for (std::size_t d = 0; d < e && !blind; ++d) score.back() += image[i * e + d] * text[t * e + d];
            positive.push_back(belongs(i, t));
          }
          sum += share_of_orders(score, positive, k);
        }
        out.push_back(100.0 * sum / static_cast<double>(to_image ? n : distinct.size()));
      }
      out.push_back((out[out.size() - 3] + out[out.size() - 2] + out[out.size() - 1]) / 3.0);
    }
    out.push_back((out[3] + out[7]) / 2.0);
    return out;
  }

 private:
  std::vector<double> values(ctp::RandomSubstream& random, std::uint32_t rows) const {
    std::vector<double> x(rows * e);
    for (double& v : x) v = static_cast<double>(random.below(5)) - 2.0;
    return x;
  }
};

}  // namespace

TEST_CASE_TEMPLATE("retrieval: random cases with repeats and ties equal the definition, in any order of the pairs", B,
                   Host, Simulated) {
  constexpr std::uint32_t cases = std::is_same_v<B, Host> ? 10000 : 300;
  std::size_t wrong = 0, other_bits = 0;
  for (std::uint32_t i = 0; i < cases; ++i) {
    ctp::RandomSubstream random({12, "repeats"}, {.sample = i});
    Pairs pairs(random);
    const std::vector<double> first = pairs.measured<B>();
    pairs.shuffle(random);
    other_bits += pairs.measured<B>() == first ? 0U : 1U;
    wrong += close(first, pairs.by_definition(), 1e-9) ? 0U : 1U;
    wrong += close(listed(ctp::eval::chance_of_recall(pairs.equal())), pairs.by_definition(true), 1e-9) ? 0U : 1U;
  }
  CHECK(wrong == 0);
  CHECK(other_bits == 0);
}

TEST_CASE_TEMPLATE("retrieval: without repeats and ties both definitions give the same bits", B, Host, Simulated) {
  ctp::RandomSubstream random({14, "distinct"}, {});
  std::vector<double> image(200 * 8), text(200 * 8);
  for (std::size_t i = 0; i < image.size(); ++i) {
    image[i] = random.normal();
    text[i] = image[i] + 2.0 * random.normal();
  }
  std::vector<std::int32_t> own(200);
  std::iota(own.begin(), own.end(), 0);
  const auto published = listed(retrieval<B>(image, text, 200, 8));
  CHECK(listed(retrieval<B>(image, text, 200, 8, {own, own})) == published);
  CHECK(published[0] > 5);
  CHECK(published[2] < 95);
}

TEST_CASE_TEMPLATE("retrieval: several captions for a picture count as in COCO", B, Host, Simulated) {
  // Two pictures with two captions each. Scores of picture 0: 1 4 | 3 2, of picture 1: 5 6 | 0 2.
  const std::vector<double> image{1, 0, 1, 0, 0, 1, 0, 1}, text{1, 5, 4, 6, 3, 0, 2, 2};
  const RetrievalScores s = retrieval<B>(image, text, 4, 2, {{0, 0, 2, 2}, {0, 1, 2, 3}});
  CHECK(s.txt_r1 == 50.0);  // picture 0 finds its second caption; picture 1 finds captions of picture 0 first
  CHECK(s.txt_r5 == 100.0);
  CHECK(s.img_r1 == doctest::Approx(100.0 * (0 + 0 + 0 + 0.5) / 4));  // the last caption scores both pictures alike
  CHECK(s.img_r5 == 100.0);
}

TEST_CASE_TEMPLATE("retrieval: a model that gives the same features to all has the recalls of chance", B, Host,
                   Simulated) {
  const std::vector<float> same(40, 1.0F);
  std::vector<std::int32_t> own(40);
  std::iota(own.begin(), own.end(), 0);
  const auto found = listed(retrieval<B>(same, same, 40, 1, {own, own}));
  CHECK(close(found, listed(ctp::eval::chance_of_recall(40)), 1e-9));
  CHECK(found[0] == doctest::Approx(2.5));
  CHECK(found[8] == doctest::Approx(100.0 * 16 / 40 / 3));
}

TEST_CASE_TEMPLATE("retrieval: scores that are not finite are errors with equal pairs, too", B, Host, Simulated) {
  std::vector<float> bad(40, 1.0F);
  bad[39] = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::int32_t> own(20);
  std::iota(own.begin(), own.end(), 0);
  CHECK_THROWS_AS(retrieval<B>(bad, bad, 20, 2, {own, own}), ctp::NumericError);
  CHECK_THROWS_AS(retrieval<B>(bad, bad, 20, 2, {own, {}}), ctp::UsageError);
  own[3] = 7;
  CHECK_THROWS_AS(retrieval<B>(bad, bad, 20, 2, {own, own}), ctp::UsageError);
}

TEST_CASE_TEMPLATE("retrieval: of equal scores the lower index comes first", B, Host, Simulated) {
  const std::vector<float> same(12, 1.0F);  // all scores are equal

  const RetrievalScores s = retrieval<B>(same, same, 12, 1);

  CHECK(s.txt_r1 == doctest::Approx(100.0 / 12));
  CHECK(s.txt_r5 == doctest::Approx(500.0 / 12));
  CHECK(s.img_r10 == doctest::Approx(1000.0 / 12));
  CHECK(s.r_mean == doctest::Approx(1600.0 / 36));
}

TEST_CASE_TEMPLATE("retrieval: copies of one long row tie although their scores are rounded", B, Host, Simulated,
                   SimulatedDouble) {
  ctp::RandomSubstream random({5, "row"}, {});
  std::vector<float> row(301), rows;
  for (float& v : row) v = static_cast<float>(random.normal());
  for (int i = 0; i < 70; ++i) rows.insert(rows.end(), row.begin(), row.end());

  CHECK(retrieval<B>(rows, rows, 70, 301).txt_r10 == doctest::Approx(1000.0 / 70));
}

TEST_CASE_TEMPLATE("retrieval: a single pair has full recall", B, Host, Simulated) {
  const std::vector<float> x{1.0F, 2.0F};
  CHECK(retrieval<B>(x, x, 1, 2).r_mean == 100.0);
}

TEST_CASE_TEMPLATE("retrieval: no pairs, wrong sizes and scores that are not finite are errors", B, Host, Simulated) {
  const std::vector<float> none, x{1.0F, 2.0F};
  CHECK_THROWS_WITH_AS(
      retrieval<B>(none, none, 0, 4),
      "retrieval: expected at least one image-text pair, found none; check that the test split names the "
      "tasks that were trained",
      ctp::DataError);
  CHECK_THROWS_AS(retrieval<B>(x, x, 2, 2), ctp::ShapeError);
  for (const float odd : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 3e38F}) {
    std::vector<float> bad(40, 1.0F);
    bad[38] = bad[39] = odd;  // 3e38: the features are finite, their product is not
    CHECK_THROWS_AS(retrieval<B>(bad, bad, 20, 2), ctp::NumericError);
  }
}

TEST_CASE("retrieval: every host backend ranks rows") {
  static_assert(ctp::backend::RanksRows<ctp::test::TestBackend<float>>);
  const std::vector<float> image{1.0F, 0.0F, 0.0F, 1.0F}, text{0.9F, 0.1F, 0.8F, 0.2F};
  CHECK(retrieval<ctp::test::TestBackend<float>>(image, text, 2, 2).txt_r1 == 100.0);
  CHECK(retrieval<ctp::test::TestBackend<float>>(image, text, 2, 2).img_r1 == 50.0);
}
